"""COCO's ways to write a mask: checked, normalised, measured, decoded.

A segmentation is a list of polygons, an RLE whose ``counts`` are a list of runs, or an RLE whose
``counts`` are compressed to text. The mask library reads past its buffer or makes up pixels when
runs do not add up, so nothing unchecked is given to it.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float64, Int64
from pycocotools import mask as coco_mask

from yolact_cli.datasets.fields import BadFieldError, shown
from yolact_cli.structures import PolygonsPx

Segmentation = PolygonsPx | Mapping[str, Any]

LONGEST_RUN_CHARACTERS = 7  # 5 bits each: beyond 2**32 px no picture goes


def run_lengths(counts: str) -> Int64[np.ndarray, " runs"]:
    """The runs that compressed ``counts`` stand for, background first.

    Raises:
        BadFieldError: The text is not in COCO's alphabet, or is cut off.

    Source: cocoapi common/maskApi.c, rleFrString.
    """
    if not counts:
        return np.zeros(0, np.int64)
    codes = np.frombuffer(counts.encode("utf-8", "replace"), np.uint8).astype(np.int64) - 48
    if codes.min() < 0 or codes.max() > 63:
        raise BadFieldError("its RLE has characters that no RLE has")
    ends = np.flatnonzero((codes & 0x20) == 0)
    if ends.size == 0 or ends[-1] != codes.size - 1:
        raise BadFieldError("its RLE is cut off in the middle of a run")
    starts = np.concatenate(([0], ends[:-1] + 1))
    lengths = ends - starts + 1
    if lengths.max() > LONGEST_RUN_CHARACTERS:
        raise BadFieldError("its RLE has a run longer than any picture")
    shifts = 5 * (np.arange(codes.size) - np.repeat(starts, lengths))
    runs = np.add.reduceat((codes & 0x1F) << shifts, starts)
    runs -= np.where(codes[ends] & 0x10, np.int64(1) << (5 * lengths), 0)
    # From the fourth on, a run is written as the difference from the one before the last.
    runs[1::2] = np.cumsum(runs[1::2])
    runs[2::2] = np.cumsum(runs[2::2])
    return runs


def check_segmentation(value: Any, size_hw: tuple[int, int]) -> Segmentation | None:
    """A segmentation in one of the two forms of the records; None where only a box is known.

    Missing, null, ``[]`` and ``[[]]`` all mean that. A single polygon need not be nested.

    Raises:
        BadFieldError: Anything that the mask library could not turn into the mask that was meant.
    """
    if value is None or value in ([], [[]], {}):
        return None
    if isinstance(value, dict):
        return _check_rle(value, size_hw)
    if not isinstance(value, list):
        raise BadFieldError(f"'segmentation' is {shown(value)}, neither polygons nor an RLE")
    is_flat = not isinstance(value[0], list)
    return tuple(_check_polygon(polygon) for polygon in ([value] if is_flat else value))


def mask_area_px(segmentation: Segmentation, size_hw: tuple[int, int]) -> float:
    """Pixels of a checked segmentation."""
    return float(coco_mask.area(_compressed(segmentation, size_hw)))


def mask_bbox_xywh_px(
    segmentation: Segmentation, size_hw: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The tight box of a checked segmentation: of the pixels of an RLE, of the corners of polygons.

    Polygons often reach half a pixel past the picture; their box is clipped to it.
    """
    if isinstance(segmentation, Mapping):
        x, y, width, height = map(float, coco_mask.toBbox(_compressed(segmentation, size_hw)))
        return x, y, width, height
    corners = np.concatenate([polygon.reshape(-1, 2) for polygon in segmentation])
    corners = corners.clip(0, (size_hw[1], size_hw[0]))
    left, top = corners.min(axis=0).tolist()
    right, bottom = corners.max(axis=0).tolist()
    return left, top, right - left, bottom - top


def decode_mask(segmentation: Segmentation, size_hw: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The pixels of a checked segmentation, polygons rasterised as COCO does it."""
    # Not the mask library's decode: it warns under numpy 2, and is no faster.
    runs = _runs(_compressed(segmentation, size_hw)["counts"])
    is_object = np.arange(runs.size) % 2 == 1
    return np.repeat(is_object, runs).reshape(size_hw, order="F")


def segmentation_json(segmentation: Segmentation) -> list[list[float]] | dict[str, Any]:
    """A checked segmentation as it stands in a COCO file."""
    if isinstance(segmentation, Mapping):
        return dict(segmentation)
    return [polygon.tolist() for polygon in segmentation]


def _compressed(segmentation: Segmentation, size_hw: tuple[int, int]) -> dict[str, Any]:
    height, width = size_hw
    if isinstance(segmentation, Mapping):
        if isinstance(segmentation["counts"], str | bytes):
            return dict(segmentation)
        return cast("dict[str, Any]", coco_mask.frPyObjects(dict(segmentation), height, width))
    polygons: Sequence[list[float]] = [polygon.tolist() for polygon in segmentation]
    return cast("dict[str, Any]", coco_mask.merge(coco_mask.frPyObjects(polygons, height, width)))


def _check_polygon(value: Any) -> Float64[np.ndarray, " coordinates"]:
    if not isinstance(value, list):
        raise BadFieldError(f"'segmentation' has {shown(value)} where a polygon should be")
    try:
        polygon = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise BadFieldError("a polygon has something that is not a number") from None
    if polygon.ndim != 1:
        raise BadFieldError("a polygon is not a flat list x0, y0, x1, y1, …")
    if polygon.size % 2:
        raise BadFieldError(f"a polygon has an odd count of coordinates ({polygon.size})")
    if polygon.size < 6:
        raise BadFieldError(f"a polygon has {polygon.size // 2} points, and needs 3")
    if not np.isfinite(polygon).all():
        raise BadFieldError("a polygon has NaN or infinite coordinates")
    return polygon


def _check_rle(rle: Mapping[str, Any], size_hw: tuple[int, int]) -> dict[str, Any]:
    if "size" not in rle or "counts" not in rle:
        raise BadFieldError("its RLE lacks 'size' or 'counts'")
    height, width = size_hw
    if rle["size"] != [height, width]:
        swapped = " (height comes first)" if rle["size"] == [width, height] else ""
        given = shown(rle["size"])
        raise BadFieldError(
            f"its RLE has size {given}, the picture is [{height}, {width}]{swapped}"
        )
    runs = _runs(rle["counts"])
    if (runs < 0).any():
        raise BadFieldError("its RLE has a negative run")
    if runs.sum() != height * width:
        raise BadFieldError(
            f"its RLE covers {runs.sum()} px, the picture has {height * width} ({width}x{height})"
        )
    if not runs[1::2].any():
        raise BadFieldError("its RLE has not one pixel of object")
    return {"size": [height, width], "counts": rle["counts"]}


def _runs(counts: Any) -> Int64[np.ndarray, " runs"]:
    if isinstance(counts, str | bytes):
        return run_lengths(counts if isinstance(counts, str) else counts.decode("ascii"))
    is_list = isinstance(counts, list)
    if not is_list or not all(type(run) is int and abs(run) < 2**40 for run in counts):
        raise BadFieldError("the counts of its RLE are neither a text nor a list of whole numbers")
    return np.array(counts, np.int64)
