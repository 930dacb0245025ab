"""Run lengths row by row, as CVAT and Label Studio have them, from and to COCO's columns.

Runs alternate background, object, background, …, starting with background. A transposed mask read
column by column is the mask read row by row, so COCO's own functions do the work.
"""

import numpy as np
from jaxtyping import Int64

from yolact_cli.geometry import rle

BoxXywh = tuple[int, int, int, int]


def box_row_runs(
    rle_counts: str, size_hw: tuple[int, int], *, bbox_xywh: BoxXywh
) -> Int64[np.ndarray, " runs"]:
    """Row runs of the part of a mask in a box.

    Raises:
        ValueError: ``rle_counts`` are not run lengths of a picture of this size.
    """
    crop = rle.decode_crop(rle_counts, size_hw, bbox_xywh=bbox_xywh)
    return rle.decode_runs(rle.encode_mask(crop.T))


def picture_row_runs(
    rle_counts: str, size_hw: tuple[int, int], *, bbox_xywh: BoxXywh
) -> Int64[np.ndarray, " runs"]:
    """Row runs of a whole mask; ``bbox_xywh`` holds the object, so that nothing else is made.

    Raises:
        ValueError: ``rle_counts`` are not run lengths of a picture of this size.
    """
    height, width = size_hw
    x, y = bbox_xywh[:2]
    crop = rle.decode_crop(rle_counts, size_hw, bbox_xywh=bbox_xywh)
    counts = rle.encode_crop(crop.T, offset_yx=(x, y), size_hw=(width, height))
    return rle.decode_runs(counts)


def counts_of_box_runs(
    runs: Int64[np.ndarray, " runs"], *, bbox_xywh: BoxXywh, size_hw: tuple[int, int]
) -> str:
    """COCO counts of row runs in a box of a picture.

    Raises:
        ValueError: The box leaves the picture, or the runs are not those of a box of its size.
    """
    x, y, width, height = bbox_xywh
    if width < 1 or height < 1 or x < 0 or y < 0 or x + width > size_hw[1]:
        raise ValueError("its box leaves the picture")
    if y + height > size_hw[0]:
        raise ValueError("its box leaves the picture")
    pixels = width * height
    # each of them first: sums of absurd runs may come round to anything
    if len(runs) == 0 or runs.min() < 0 or runs.max() > pixels or runs.sum() != pixels:
        raise ValueError(f"its runs do not cover its box of {width}x{height} px")
    crop = np.repeat(np.arange(len(runs)) % 2 == 1, runs).reshape(height, width)
    return rle.encode_crop(crop, offset_yx=(y, x), size_hw=size_hw)
