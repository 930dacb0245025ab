"""Rasters painted from light detections, one object's crop at a time.

Where objects overlap, the pixel belongs to the one with the higher score: painting goes from the
last instance to the first. Memory is one raster and one crop, whatever the number of objects.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, UInt16

from yolact_cli.geometry import rle
from yolact_cli.structures import Detections, Instance


def crop_of(instance: Instance, size_hw: tuple[int, int]) -> Bool[np.ndarray, "ch cw"]:
    """The instance's pixels inside its tight box."""
    return rle.decode_crop(instance.rle_counts, size_hw, bbox_xywh=instance.bbox_xywh_px)


def paint(detections: Detections, values: Sequence[int]) -> UInt16[np.ndarray, "h w"]:
    """The picture with each instance's pixels set to its value, 0 where there is none.

    Args:
        detections: Instances by score, highest first.
        values: One for each instance, in [1, 65535].

    Raises:
        ValueError: Another number of values than of instances, or one out of range.
    """
    if any(not 0 < value <= np.iinfo(np.uint16).max for value in values):
        raise ValueError("a 16-bit raster holds the values 1 to 65535")
    canvas = np.zeros(detections.size_hw, np.uint16)
    pairs = list(zip(detections.instances, values, strict=True))
    for instance, value in reversed(pairs):
        x, y, width, height = instance.bbox_xywh_px
        window = canvas[y : y + height, x : x + width]
        np.copyto(window, np.uint16(value), where=crop_of(instance, detections.size_hw))
    return canvas


def paint_instances(detections: Detections) -> UInt16[np.ndarray, "h w"]:
    """Instance ids: 1 for the instance of the highest score, 2 for the next, 0 for background.

    The id less one is the instance's place in ``detections.instances``. An instance wholly under
    better ones has no pixel here, though it keeps its id.
    """
    return paint(detections, range(1, len(detections.instances) + 1))
