"""How much each detection of a picture overlaps each of its objects, as COCO measures it.

Symbols: ``d`` detections and ``g`` objects of one picture.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from faster_coco_eval.core import mask as fast_mask
from jaxtyping import Float64
from pycocotools import mask as coco_mask

from yolact_cli.scoring.prepare import IouType

Overlaps = Float64[np.ndarray, "d g"]
Records = Sequence[dict[str, Any]]

BOUNDARY_RATIO = 0.02
"""Width of a boundary over the picture's diagonal.

Source: Cheng et al., "Boundary IoU" (arXiv 2103.16562), section 5.
"""


def overlaps(detections: Records, objects: Records, iou_type: IouType) -> Overlaps:
    """IoU of every detection with every object; with a crowd, the detection's part inside it.

    Args:
        detections: ``bbox`` and, but for boxes, ``segmentation`` as compressed RLE.
        objects: Likewise, with ``iscrowd``.
        iou_type: What is compared. The overlap of boundaries is at most that of masks.

    Returns:
        All of them in [0, 1]; an array without rows or columns where one side is empty.
    """
    if not detections or not objects:
        return np.zeros((len(detections), len(objects)))
    return _KINDS[iou_type](detections, objects, [int(one["iscrowd"]) for one in objects])


def _boxes(detections: Records, objects: Records, crowd: list[int]) -> Overlaps:
    sides = [np.array([one["bbox"] for one in side], np.float64) for side in (detections, objects)]
    ious: Overlaps = coco_mask.iou(*sides, crowd)
    return ious


def _masks(detections: Records, objects: Records, crowd: list[int]) -> Overlaps:
    sides = [[one["segmentation"] for one in side] for side in (detections, objects)]
    ious: Overlaps = coco_mask.iou(*sides, crowd)
    return ious


def _boundaries(detections: Records, objects: Records, crowd: list[int]) -> Overlaps:
    sides = [[_boundary(one) for one in side] for side in (detections, objects)]
    ious = _masks(detections, objects, crowd)
    near_edges: Overlaps = coco_mask.iou(*sides, crowd)
    # Regions to be ignored have no edge that means anything.
    return np.where(np.array(crowd, bool), ious, np.minimum(ious, near_edges))


def _boundary(record: dict[str, Any]) -> dict[str, Any]:
    rle = record["segmentation"]
    counts = rle["counts"]
    as_bytes = {**rle, "counts": counts.encode() if isinstance(counts, str) else counts}
    boundary: dict[str, Any] = fast_mask.rleToBoundary(as_bytes, BOUNDARY_RATIO)
    return boundary


_KINDS: dict[IouType, Callable[[Records, Records, list[int]], Overlaps]] = {
    "bbox": _boxes,
    "segm": _masks,
    "boundary": _boundaries,
}
