"""Masks of single objects straight to run lengths, without a raster of the picture's size.

A mask at prototype resolution is interpolated to the picture's columns only. Between two of its
rows the interpolation is linear, so each column crosses the threshold there at most once, and
where can be computed: those places are the run lengths' edges. Cost goes with the box's width in
picture pixels times its height in prototype pixels.

Symbols: ``r`` rows and ``c`` columns of a crop of the prototypes, ``x`` picture columns and ``y``
picture rows of the window that the crop can reach.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, Int64

from yolact_cli.geometry.rle import encode_runs

Span = tuple[int, int]
"""First pixel, and the one after the last."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Axis:
    """How one axis of a picture samples the prototypes: bilinear, align_corners False."""

    length_px: int
    cells: int
    """Prototypes along the axis."""
    cell: Int64[np.ndarray, " length"]
    """For each pixel, the prototype at or before it."""
    weight: Float32[np.ndarray, " length"]
    """For each pixel, the weight of the next prototype, [0, 1)."""
    position: Float64[np.ndarray, " length"]
    """The two together: where each pixel lies among the prototypes."""

    @classmethod
    def make(cls, length_px: int, cells: int) -> "Axis":
        """The axis of a picture of ``length_px`` pixels over ``cells`` prototypes."""
        # float32 as in torch: its rounding decides pixels that lie on the threshold
        scale = np.float32(cells) / np.float32(length_px)
        centres = np.arange(length_px, dtype=np.float32) + np.float32(0.5)
        position = np.clip(scale * centres - np.float32(0.5), 0, cells - 1)
        cell = position.astype(np.int64)
        weight = position - cell.astype(np.float32)
        return cls(
            length_px=length_px,
            cells=cells,
            cell=cell,
            weight=weight,
            position=cell + weight.astype(np.float64),
        )

    def pixels_reaching(self, cells: Span) -> Span:
        """The pixels whose interpolation looks at any of these prototypes."""
        start = np.searchsorted(self.cell, cells[0] - 1) if cells[0] else 0
        return int(start), int(np.searchsorted(self.cell, cells[1]))

    def cells_under(self, pixels: Span) -> Span:
        """The prototypes that the interpolation of these pixels looks at."""
        if pixels[0] >= pixels[1]:
            return 0, 0
        return int(self.cell[pixels[0]]), min(int(self.cell[pixels[1] - 1]) + 2, self.cells)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedMask:
    """A mask as compressed run lengths, with what they say of it."""

    counts: str
    area_px: int
    bbox_xywh_px: tuple[int, int, int, int]


def upsampled_edges(
    margins: Float32[np.ndarray, "r c"],
    *,
    corner_yx: tuple[int, int],
    window_yx: tuple[Span, Span],
    axes_yx: tuple[Axis, Axis],
) -> Int64[np.ndarray, " edges"] | None:
    """Where the mask of ``margins`` above zero, interpolated to the picture, begins and ends.

    Places in the picture's column-major order, beginnings and ends in turn; None for a mask without
    a pixel.

    Args:
        margins: A crop of the prototypes' grid, positive inside the object; it covers all that
            the window looks at.
        corner_yx: The crop's first row and column in the prototypes' grid.
        window_yx: Rows and columns of the picture outside which the mask is empty.
        axes_yx: The picture's two axes.
    """
    (top, bottom), (left, right) = window_yx
    if top >= bottom or left >= right:
        return None
    axis_y, axis_x = axes_yx
    columns = _interpolate_columns(margins, axis_x, first_cell=corner_yx[1], pixels=(left, right))
    column, y = _crossings(columns, axis_y, first_cell=corner_yx[0], pixels=(top, bottom))
    edges = _without_pairs((column + left) * axis_y.length_px + y)
    return edges if len(edges) else None


def _interpolate_columns(
    margins: Float32[np.ndarray, "r c"], axis: Axis, *, first_cell: int, pixels: Span
) -> Float32[np.ndarray, "x r"]:
    before = axis.cell[slice(*pixels)] - first_cell
    after = np.minimum(before + 1, margins.shape[1] - 1)
    weight = axis.weight[slice(*pixels), None]
    columns = np.ascontiguousarray(margins.T)
    low = columns[before]
    interpolated: np.ndarray = low + (columns[after] - low) * weight
    return interpolated


def _crossings(
    columns: Float32[np.ndarray, "x r"], axis: Axis, *, first_cell: int, pixels: Span
) -> tuple[Int64[np.ndarray, " edges"], Int64[np.ndarray, " edges"]]:
    """Column and row of each pixel where the mask begins or ends, in column-major order."""
    count, rows = columns.shape
    inside = np.zeros((count, rows + 2), bool)
    np.greater(columns, 0, out=inside[:, 1:-1])
    # flat: NumPy finds places in one dimension quicker than in two
    changes = np.flatnonzero((inside[:, 1:] != inside[:, :-1]).ravel())
    column = changes // (rows + 1)
    step = changes - column * (rows + 1)
    y = np.where(step == 0, pixels[0], pixels[1])
    between = np.flatnonzero((step > 0) & (step < rows))
    step = step[between]
    below = column[between] * rows + step
    flat = columns.ravel()
    upper, lower = flat[below - 1], flat[below]
    at_cell = first_cell + step - 1 + upper.astype(np.float64) / (upper - lower)
    # zero itself is outside: a mask begins after the crossing and ends at it
    begins = lower > 0
    row = np.empty(len(at_cell), np.int64)
    row[begins] = np.searchsorted(axis.position, at_cell[begins], side="right")
    row[~begins] = np.searchsorted(axis.position, at_cell[~begins], side="left")
    y[between] = np.minimum(np.maximum(row, pixels[0]), pixels[1])
    return column, y


def _without_pairs(edges: Int64[np.ndarray, " edges"]) -> Int64[np.ndarray, " kept"]:
    """Sorted edges, those taken out that cancel: an end where the next run starts."""
    differs = edges[1:] != edges[:-1]
    if differs.all():
        return edges
    begins = np.concatenate(([0], np.flatnonzero(differs) + 1, [len(edges)]))
    is_odd = (begins[1:] - begins[:-1]) % 2 == 1
    kept: np.ndarray = edges[begins[:-1][is_odd]]
    return kept


def encode_edges(edges: Int64[np.ndarray, " edges"], size_hw: tuple[int, int]) -> EncodedMask:
    """The mask between edges, as :func:`upsampled_edges` gives them, of a picture of that size."""
    height, pixels = size_hw[0], size_hw[0] * size_hw[1]
    closing = [] if edges[-1] == pixels else [pixels]
    runs = np.diff(np.concatenate(([0], edges, closing)).astype(np.int64))
    starts, lasts = edges[::2], edges[1::2] - 1
    columns, last_columns = starts // height, lasts // height
    left, right = int(columns[0]), int(last_columns[-1]) + 1
    top, bottom = 0, height
    if (columns == last_columns).all():  # no run goes on into the next column
        above = columns * height
        top, bottom = int((starts - above).min()), int((lasts - above).max()) + 1
    return EncodedMask(
        counts=encode_runs(runs),
        area_px=int((lasts + 1 - starts).sum()),
        bbox_xywh_px=(left, top, right - left, bottom - top),
    )
