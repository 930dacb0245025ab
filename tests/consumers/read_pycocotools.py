"""The official COCO reader: ``read_pycocotools.py FILE``."""

import contextlib
import io
import sys

from pycocotools.coco import COCO
from rows import give, row

with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO(sys.argv[1])
give(
    row(
        coco.imgs[one["image_id"]]["file_name"].removesuffix(".png"),
        coco.cats[one["category_id"]]["name"],
        coco.annToMask(one),
    )
    for one in coco.anns.values()
)
