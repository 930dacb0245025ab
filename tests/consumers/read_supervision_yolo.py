"""Supervision reads a data set in YOLO's form: ``read_supervision_yolo.py FOLDER``."""

import sys
from pathlib import Path

import supervision
from rows import give, row

root = Path(sys.argv[1])
dataset = supervision.DetectionDataset.from_yolo(
    images_directory_path=str(root / "images"),
    annotations_directory_path=str(root / "labels"),
    data_yaml_path=str(root / "data.yaml"),
    force_masks=True,
)
rows = []
for path, _, detections in dataset:
    for place in range(len(detections)):
        category = dataset.classes[detections.class_id[place]]
        rows.append(row(Path(path).stem, category, detections.mask[place]))
give(rows, images=len(dataset))
