"""COCO's ways to write a mask: checked, brought to two forms, measured, decoded.

A file has a list of polygons, an RLE whose ``counts`` are a list of runs, or an RLE whose
``counts`` are compressed to text; the records have polygons or compressed RLE. The mask library
reads past its buffer or makes up pixels where runs do not add up, so nothing unchecked gets there.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64
from pycocotools import mask as coco_mask

from yolact_cli.datasets.fields import BadFieldError, shown
from yolact_cli.geometry import rle
from yolact_cli.structures import PolygonsPx

Segmentation = PolygonsPx | Mapping[str, Any]


def check_segmentation(
    value: Any, size_hw: tuple[int, int], *, allow_empty: bool = False
) -> Segmentation | None:
    """A segmentation in one of the two forms of the records; None where only a box is known.

    Missing, null, ``[]`` and ``[[]]`` all mean that. A single polygon need not be nested.

    Args:
        value: As in the file.
        size_hw: Of the picture.
        allow_empty: Accept an RLE without a pixel of object.

    Raises:
        BadFieldError: Anything that the mask library could not turn into the mask that was meant.
    """
    if value is None or value in ([], [[]], {}):
        return None
    if isinstance(value, dict):
        return _check_rle(value, size_hw, allow_empty=allow_empty)
    if not isinstance(value, list):
        raise BadFieldError(f"'segmentation' is {shown(value)}, neither polygons nor an RLE")
    is_flat = not isinstance(value[0], list)
    return tuple(_check_polygon(polygon) for polygon in ([value] if is_flat else value))


def mask_area_px(segmentation: Segmentation, size_hw: tuple[int, int]) -> int:
    """Pixels of a checked segmentation."""
    return rle.area_of(compressed_rle(segmentation, size_hw)["counts"])


def mask_bbox_xywh_px(
    segmentation: Segmentation, size_hw: tuple[int, int]
) -> tuple[float, float, float, float]:
    """The tight box of a checked segmentation: of the pixels of an RLE, of the corners of polygons.

    Polygons often reach half a pixel past the picture; their box is clipped to it.
    """
    if isinstance(segmentation, Mapping):
        x, y, width, height = rle.tight_bbox(segmentation["counts"], size_hw)
        return float(x), float(y), float(width), float(height)
    corners = np.concatenate([polygon.reshape(-1, 2) for polygon in segmentation])
    corners = corners.clip(0, (size_hw[1], size_hw[0]))
    left, top = corners.min(axis=0).tolist()
    right, bottom = corners.max(axis=0).tolist()
    return left, top, right - left, bottom - top


def decode_mask(segmentation: Segmentation, size_hw: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The pixels of a checked segmentation, polygons rasterised as COCO does it."""
    return rle.decode_mask(compressed_rle(segmentation, size_hw)["counts"], size_hw)


def compressed_rle(segmentation: Segmentation, size_hw: tuple[int, int]) -> dict[str, Any]:
    """A checked segmentation as one RLE with ``counts`` as text."""
    if isinstance(segmentation, Mapping):
        return dict(segmentation)
    polygons = segmentation_json(segmentation)
    merged = coco_mask.merge(coco_mask.frPyObjects(polygons, *size_hw))
    return {"size": list(size_hw), "counts": merged["counts"].decode("ascii")}


def segmentation_json(segmentation: Segmentation) -> list[list[float]] | dict[str, Any]:
    """A checked segmentation as it stands in a COCO file."""
    if isinstance(segmentation, Mapping):
        return dict(segmentation)
    return [polygon.tolist() for polygon in segmentation]


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


def _check_rle(
    value: Mapping[str, Any], size_hw: tuple[int, int], *, allow_empty: bool
) -> dict[str, Any]:
    if "size" not in value or "counts" not in value:
        raise BadFieldError("its RLE lacks 'size' or 'counts'")
    height, width = size_hw
    if value["size"] != [height, width]:
        swapped = " (height comes first)" if value["size"] == [width, height] else ""
        given = shown(value["size"])
        raise BadFieldError(
            f"its RLE has size {given}, the picture is [{height}, {width}]{swapped}"
        )
    counts = value["counts"]
    try:
        runs = rle.decode_runs(counts if isinstance(counts, str) else _counts_of_runs(counts))
    except ValueError as error:
        raise BadFieldError(f"its RLE is broken: {error}") from None
    if runs.sum() != height * width:
        pixels = f"{height * width} ({width}x{height})"
        raise BadFieldError(f"its RLE covers {runs.sum()} px, the picture has {pixels}")
    if not allow_empty and not runs[1::2].any():
        raise BadFieldError("its RLE has not one pixel of object")
    return {"size": [height, width], "counts": rle.encode_runs(runs)}


def _counts_of_runs(counts: Any) -> str:
    is_list = isinstance(counts, list)
    if not is_list or not all(type(run) is int and 0 <= run < 2**40 for run in counts):
        raise ValueError("its counts are neither a text nor a list of whole numbers from 0 on")
    return rle.encode_runs(np.array(counts, np.int64))
