"""Masks as other programs write them, checked and brought to one form: compressed COCO counts.

Nothing unchecked reaches the mask library, which reads past its buffers where runs do not add up
and takes as much memory as the coordinates of a polygon ask for. Nothing here makes a raster.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64, Int64
from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle

_MOST_OUTLINE_PX = 4_000_000
_FEWEST_NUMBERS = 6


def canonical_counts(runs: Int64[np.ndarray, " runs"]) -> str:
    """Compressed counts of runs, those of no length joined with their neighbours."""
    ends = np.cumsum(runs)
    pixels = ends[-1]
    # an end that occurs twice switches there and back
    edges, times = np.unique(ends[:-1], return_counts=True)
    edges = edges[(times % 2 == 1) & (edges < pixels)]
    return rle.encode_runs(np.diff(edges, prepend=0, append=pixels))


def counts_of_rle(value: dict[str, Any], size_hw: tuple[int, int]) -> str:
    """The counts of a COCO RLE, compressed or not.

    Raises:
        ValueError: It is no RLE of a picture of this size; the message says why.
    """
    size, counts = value.get("size"), value.get("counts")
    if size != list(size_hw):
        raise ValueError(f"its RLE has size {_shown(size)}, the picture is {list(size_hw)}")
    pixels = math.prod(size_hw)
    if isinstance(counts, str):
        runs = rle.decode_runs(counts)
    elif _are_runs(counts, pixels):
        runs = np.array(counts, np.int64)
    else:
        raise ValueError("its RLE counts are neither a text nor runs of pixels of its picture")
    # each of them first: sums of absurd runs may come round to anything
    if runs.max() > pixels or int(runs.sum()) != pixels:
        height, width = size_hw
        raise ValueError(f"its RLE does not cover the {width}x{height} px of its picture")
    return canonical_counts(runs)


def counts_of_polygons(polygons: Iterable[Any], size_hw: tuple[int, int]) -> str:
    """Counts of the union of polygons, each a flat list x, y, x, y, … in pixel-edge coordinates.

    Painted as COCO does it. Polygons may reach beyond the picture.

    Raises:
        ValueError: One is no polygon, or too long to be one; the message says why.
    """
    height, width = size_hw
    found = [_checked_polygon(polygon, size_hw).tolist() for polygon in polygons]
    if not found:
        return rle.encode_runs(np.array([height * width]))
    merged = coco_mask.merge(coco_mask.frPyObjects(found, height, width))
    return canonical_counts(rle.decode_runs(merged["counts"].decode("ascii")))


def joined_counts(counts: Sequence[str], size_hw: tuple[int, int]) -> str:
    """Counts of the union of masks of one picture, at least one.

    Raises:
        ValueError: They are not run lengths of a picture of this size.
    """
    if len(counts) == 1:
        return counts[0]
    pixels = math.prod(size_hw)
    steps = []
    for one in counts:
        ends = np.cumsum(rle.decode_runs(one))
        if ends[-1] != pixels:
            raise ValueError("run lengths of pictures of several sizes")
        signs = np.where(np.arange(len(ends) - 1) % 2 == 0, 1, -1)
        steps.append(np.column_stack((ends[:-1], signs)))
    places, signs = np.concatenate(steps).T
    edges, of_edge = np.unique(places, return_inverse=True)
    depth = np.cumsum(np.bincount(of_edge, weights=signs, minlength=len(edges)))
    is_inside = depth > 0
    changes = edges[np.diff(is_inside, prepend=False)]
    return canonical_counts(np.diff(changes, prepend=0, append=pixels))


def _are_runs(value: Any, pixels: int) -> bool:
    is_list = isinstance(value, list) and len(value) > 0
    return is_list and all(type(run) is int and 0 <= run <= pixels for run in value)


def _checked_polygon(value: Any, size_hw: tuple[int, int]) -> Float64[np.ndarray, " numbers"]:
    if not isinstance(value, list):
        raise ValueError(f"has {_shown(value)} where a polygon should be")  # noqa: TRY004
    if len(value) < _FEWEST_NUMBERS or len(value) % 2:
        raise ValueError(f"has a polygon of {len(value)} numbers, and it takes 3 points")
    if not all(type(number) in (int, float) for number in value):
        raise ValueError("has a polygon with something that is not a number")
    points = np.array(value, np.float64).reshape(-1, 2)
    if not np.isfinite(points).all():
        raise ValueError("has a polygon with NaN or infinite coordinates")
    length = np.abs(np.diff(points, axis=0, append=points[:1])).max(axis=1).sum()
    if length > _MOST_OUTLINE_PX:
        raise ValueError(f"has a polygon of {length:.0f} px around, too long to be one")
    limit = 2 * max(size_hw)
    if np.abs(points).max() > limit:
        raise ValueError("has a polygon far outside the picture")
    return points.ravel()


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
