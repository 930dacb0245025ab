"""How much shifted masks share, counted exactly on their runs, without a raster.

A mask is a set of vertical runs. Put on one axis, column after column with much room between two
columns, a shift of the mask is one addition, and no run ever slips into the next column. What two
masks share is then read off the second's running area at the first's edges. Time goes with the
number of runs, a few hundred, whatever the picture's size.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64, Int64

from yolact_cli.geometry import rle
from yolact_cli.structures import Instance

# Room for a column on the axis. Masks may be shifted out of the picture by up to half of it;
# places stay far below 2**53, where floats stop to be exact.
_COLUMN = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shape:
    """A mask as runs on one axis.

    Attributes:
        edges: Start and end of each run in turn, as x * 2**20 + y, strictly increasing.
        area_before: The mask's pixels before each edge.
        box_xyxy_px: Tight, half-open.
        area_px: All its pixels; may be 0.
    """

    edges: Int64[np.ndarray, " edges"]
    area_before: Int64[np.ndarray, " edges"]
    box_xyxy_px: tuple[int, int, int, int]
    area_px: int


def shape_of(instance: Instance, size_hw: tuple[int, int]) -> Shape:
    """The shape of an instance's mask.

    Raises:
        ValueError: The instance's counts are damaged.
    """
    x, y, width, height = instance.bbox_xywh_px
    edges = np.cumsum(rle.decode_runs(instance.rle_counts))
    ends = edges[1::2]
    starts = edges[: 2 * len(ends) : 2]
    return _shape(starts, ends, size_hw[0], (x, y, x + width, y + height))


def picture_shape(size_hw: tuple[int, int]) -> Shape:
    """The whole picture as a shape; what it shares with a shifted one is what can be seen of it."""
    height, width = size_hw
    starts = np.arange(width) * height
    return _shape(starts, starts + height, height, (0, 0, width, height))


def shared_px(shape: Shape, other: Shape, *, shift_xy: tuple[int, int] = (0, 0)) -> int:
    """Pixels common to a shape moved by so much and another one; 0 where either is empty."""
    if shape.area_px == 0 or other.area_px == 0:
        return 0
    places = shape.edges + (shift_xy[0] * _COLUMN + shift_xy[1])
    # The running area is linear from edge to edge: slope 1 inside a run, 0 outside.
    before: Float64[np.ndarray, " edges"] = np.interp(places, other.edges, other.area_before)
    return int((before[1::2] - before[::2]).sum())


def moved_box(shape: Shape, shift_xy: tuple[int, int]) -> tuple[int, int, int, int]:
    """The tight box of a shape moved by so much."""
    left, top, right, bottom = shape.box_xyxy_px
    return left + shift_xy[0], top + shift_xy[1], right + shift_xy[0], bottom + shift_xy[1]


def _shape(
    starts: Int64[np.ndarray, " runs"],
    ends: Int64[np.ndarray, " runs"],
    height: int,
    box_xyxy_px: tuple[int, int, int, int],
) -> Shape:
    """From runs in column-major order; they may be empty or go on in the next column."""
    columns = starts // height
    more = np.maximum((ends - 1) // height - columns, 0)
    if more.any():
        starts, ends, columns = _cut_at_columns(starts, ends, columns, more, height)
    filled = starts < ends
    axis = columns[filled] * (_COLUMN - height)
    edges = np.stack((starts[filled] + axis, ends[filled] + axis), axis=1).ravel()
    area_before = np.zeros(len(edges), np.int64)
    np.cumsum(edges[1::2] - edges[::2], out=area_before[1::2])
    area_before[2::2] = area_before[1:-1:2]
    area_px = int(area_before[-1]) if len(edges) else 0
    return Shape(edges=edges, area_before=area_before, box_xyxy_px=box_xyxy_px, area_px=area_px)


def _cut_at_columns(
    starts: Int64[np.ndarray, " runs"],
    ends: Int64[np.ndarray, " runs"],
    columns: Int64[np.ndarray, " runs"],
    more: Int64[np.ndarray, " runs"],
    height: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Runs with ``more`` columns after their first one, as pieces within one column each."""
    pieces = more + 1
    place = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    columns = np.repeat(columns, pieces) + place
    starts = np.maximum(np.repeat(starts, pieces), columns * height)
    ends = np.minimum(np.repeat(ends, pieces), (columns + 1) * height)
    return starts, ends, columns
