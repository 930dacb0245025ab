"""A picture as an array in, masks out.

Usage: python 04_use_as_a_library.py [PICTURE]
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from yolact_cli import Annotator

path = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "images" / "chelsea.jpg"
picture = np.asarray(Image.open(path).convert("RGB"))

annotator = Annotator.from_model("yolact_lite0")
detections = annotator(picture)

for instance in detections.instances:
    mask = annotator.mask(instance, detections)
    print(annotator.class_name(instance), instance.score, mask.shape, mask.sum())
