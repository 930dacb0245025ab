"""Supervision reads a COCO file: ``read_supervision.py PICTURES FILE``."""

import sys
from pathlib import Path

import supervision
from rows import give, row

dataset = supervision.DetectionDataset.from_coco(
    images_directory_path=sys.argv[1], annotations_path=sys.argv[2], force_masks=True
)
rows = []
for path, _, detections in dataset:
    for place in range(len(detections)):
        category = dataset.classes[detections.class_id[place]]
        rows.append(row(Path(path).stem, category, detections.mask[place]))
give(rows)
