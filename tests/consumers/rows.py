"""What consumers' scripts print: objects as rows, the same as the tests expect them."""

import json

import numpy as np
from pycocotools import mask as coco_mask


def row(stem, category, mask):
    """An object: its picture's stem, its category, run lengths, area."""
    counts = coco_mask.encode(np.asfortranarray(mask, np.uint8))["counts"].decode()
    return [stem, category, counts, int(np.count_nonzero(mask))]


def polygon_mask(rings, size_hw):
    """Flat polygons painted as COCO does it, united."""
    found = coco_mask.merge(coco_mask.frPyObjects(rings, *map(int, size_hw)))
    return coco_mask.decode(found) > 0


def give(rows, **more):
    """Print rows, sorted, and more, as the last line."""
    print(json.dumps({"rows": sorted(rows), **more}))
