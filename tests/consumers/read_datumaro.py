"""Datumaro reads a data set: ``read_datumaro.py FORMAT PATH``."""

import sys

import datumaro
import numpy as np
from datumaro.components.annotation import AnnotationType
from rows import give, polygon_mask, row

SIZE_HW = (48, 64)
dataset = datumaro.Dataset.import_from(sys.argv[2], sys.argv[1])
names = dataset.categories()[AnnotationType.label]
rows, attributes = [], []
for item in dataset:
    groups = {}
    for number, one in enumerate(item.annotations):
        if one.type not in (AnnotationType.mask, AnnotationType.polygon):
            continue
        is_mask = one.type == AnnotationType.mask
        mask = np.asarray(one.image) if is_mask else polygon_mask([one.points], SIZE_HW)
        key = (one.group or f"alone {number}", one.label)
        known = groups.setdefault(key, np.zeros(SIZE_HW, bool))
        known |= mask.astype(bool)
        kept = {name: one.attributes.get(name) for name in ("score", "uid")}
        attributes.append(kept)
    rows += [row(item.id, names[label].name, mask) for (_, label), mask in groups.items()]
give(rows, attributes=attributes, items=len(dataset))
