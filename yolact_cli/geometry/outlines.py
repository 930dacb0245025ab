"""Exact outlines of masks, followed along the cracks between pixels.

A crack is a pixel's side with the object on one hand and background on the other. Cracks join to
rings that turn at corners; between two corners they run straight, along a row and along a column
in turn. The corners of a row, in order, pair up to horizontal runs, those of a column to vertical
ones; so rings are found without a step for every pixel.

Pixels that touch by a corner belong together (8-connected objects, 4-connected background), as
they do in OpenCV's ``findContours``. The object lies to the right of a ring's direction: outer
rings run clockwise on the screen, rings of holes the other way.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

Mask = Bool[np.ndarray, "h w"]
Corners = Int64[np.ndarray, "_ 2"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrackRing:
    """One closed outline of a mask.

    Attributes:
        corners_xy: On pixel edges, where it turns; the first side is horizontal.
        is_hole: Whether background lies inside.
        part: Counts the mask's connected parts from 0; a hole has the part that it is in.
    """

    corners_xy: Corners
    is_hole: bool
    part: int


def crack_rings(mask: Mask) -> list[CrackRing]:
    """All outlines of a mask in pixel-edge coordinates, (0, 0) the top left of the first pixel.

    Sorted by their top left corners, row by row, so that a part comes before its holes. Empty for
    an empty mask.
    """
    y, x, by_column = _sorted_corners(np.pad(mask, 1))
    if len(y) == 0:
        return []
    column_place = np.empty(len(by_column), np.int64)
    column_place[by_column] = np.arange(len(by_column))
    order, begins = _walk(by_column[column_place ^ 1].tolist())
    ring_of_corner = np.empty(len(order), np.int64)
    ring_of_corner[order] = np.repeat(np.arange(len(begins) - 1), np.diff(begins))
    upper = by_column[::2]
    corners = np.column_stack((x, y))
    reach = len(mask) + 1
    parts = _Parts(mask, keys=x[upper] * reach + y[upper], rings=ring_of_corner[upper])
    for begin in begins[:-1]:
        parts.add(corners[order[begin]])
    rings = np.split(corners[order], begins[1:-1])
    return [
        CrackRing(corners_xy=ring[::-1] if is_hole else ring, is_hole=is_hole, part=part)
        for ring, is_hole, part in zip(rings, parts.is_hole, parts.of_ring, strict=True)
    ]


def pixel_ring(ring: CrackRing, mask: Mask) -> Corners:
    """The same outline through the centres of the object's outermost pixels, whole numbers.

    Sides are horizontal or vertical, or lead from a pixel to the one that touches it by a corner.
    One pixel gives one point.

    Args:
        ring: Of this mask.
        mask: As :func:`crack_rings` took it.
    """
    corners, across, is_row = ring.corners_xy, _lines_inside(ring), _horizontal(ring)
    before = np.roll(across, 1)
    inner = np.where(is_row[:, None], _pairs(before, across), _pairs(across, before))
    signs = np.sign((np.roll(corners, -1, axis=0) - corners).sum(axis=1))
    arriving, leaving = np.roll(signs, 1) > 0, signs < 0
    x, y = corners[:, 0], corners[:, 1]
    ends = np.where(is_row[:, None], _pairs(before, y - arriving), _pairs(x - arriving, before))
    starts = np.where(is_row[:, None], _pairs(x - leaving, across), _pairs(across, y - leaving))
    # where two pixels touch by a corner, the pixel between them is background
    is_inside = mask[inner[:, 1], inner[:, 0]][:, None]
    doubled = np.stack((np.where(is_inside, inner, ends), np.where(is_inside, inner, starts)), 1)
    return without_repeats(doubled.reshape(-1, 2))


def crack_middles(ring: CrackRing) -> Float64[np.ndarray, "_ 2"]:
    """The middle of each unit-long crack, in pixel-edge coordinates, in the ring's order."""
    side, step, signs = _cracks(ring)
    along = signs[side] * (step + 0.5)
    is_row = _horizontal(ring)[side]
    return np.asarray(ring.corners_xy[side] + np.column_stack((along * is_row, along * ~is_row)))


def border_pixels(ring: CrackRing) -> Int64[np.ndarray, "_ 2"]:
    """The object's pixels along an outline, one after another, each next to the one before."""
    side, step, signs = _cracks(ring)
    is_row = _horizontal(ring)[side]
    begin = np.where(is_row, ring.corners_xy[side, 0], ring.corners_xy[side, 1])
    along = begin + signs[side] * step - (signs[side] < 0)
    across = _lines_inside(ring)[side]
    pixels = np.where(is_row[:, None], _pairs(along, across), _pairs(across, along))
    return without_repeats(pixels)


def without_repeats(points: Shaped[np.ndarray, "_ 2"]) -> Shaped[np.ndarray, "_ 2"]:
    """A closed ring without points that equal the one before; at least one point stays."""
    keep = np.any(points != np.roll(points, 1, axis=0), axis=1)
    return points[keep] if keep.any() else points[:1]


def without_straights(points: Shaped[np.ndarray, "_ 2"]) -> Shaped[np.ndarray, "_ 2"]:
    """A closed ring without points on the straight way between their neighbours."""
    if len(points) < 3:
        return points
    arriving = points - np.roll(points, 1, axis=0)
    leaving = np.roll(points, -1, axis=0) - points
    turns = arriving[:, 0] * leaving[:, 1] != arriving[:, 1] * leaving[:, 0]
    turns_back = (arriving * leaving).sum(axis=1) < 0
    return np.asarray(points[turns | turns_back])


class _Parts:
    """Tells outer rings from holes, and which part each belongs to, ring after ring."""

    def __init__(
        self, mask: Mask, *, keys: Int64[np.ndarray, " _"], rings: Int64[np.ndarray, " _"]
    ) -> None:
        self._mask, self._reach = mask, len(mask) + 1
        self._keys, self._rings = keys, rings  # of vertical runs, sorted by column and upper end
        self.is_hole: list[bool] = []
        self.of_ring: list[int] = []
        self._parts = 0

    def add(self, top_left_xy: Int64[np.ndarray, "2"]) -> None:
        x, y = map(int, top_left_xy)
        height, width = self._mask.shape
        is_hole = y == height or x == width or not self._mask[y, x]
        self.is_hole.append(is_hole)
        if not is_hole:
            self.of_ring.append(self._parts)
            self._parts += 1
            return
        # From the object's pixel above the hole go left: the first crack is of a ring that begins
        # further up, and of the same part.
        gaps = np.flatnonzero(~self._mask[y - 1, : x + 1])
        crack_x = int(gaps[-1]) + 1 if len(gaps) else 0
        key = crack_x * self._reach + y - 1
        ring = self._rings[int(np.searchsorted(self._keys, key, side="right")) - 1]
        self.of_ring.append(self.of_ring[int(ring)])


def _sorted_corners(
    padded: Mask,
) -> tuple[Int64[np.ndarray, " _"], Int64[np.ndarray, " _"], Int64[np.ndarray, " _"]]:
    """Row and column of all corners, row by row, and their order column by column.

    A corner where two pixels touch counts twice: first the visit of the run from the left. The
    order by columns says which run, from above or from below, is joined to it there.
    """
    above, below = padded[:-1], padded[1:]
    falls = above[:, :-1] & below[:, 1:] & ~above[:, 1:] & ~below[:, :-1]
    rises = above[:, 1:] & below[:, :-1] & ~above[:, :-1] & ~below[:, 1:]
    is_odd = above[:, :-1] ^ above[:, 1:] ^ below[:, :-1] ^ below[:, 1:]
    visits = is_odd.astype(np.int8) + 2 * (falls | rises)
    places = np.flatnonzero(visits)
    times = visits.ravel()[places]
    repeated = np.repeat(places, times)
    y, x = np.divmod(repeated, visits.shape[1])
    is_double = np.repeat(times == 2, times)
    is_second = np.zeros(len(repeated), bool)
    is_second[np.cumsum(times)[times == 2] - 1] = True
    is_lower = is_double & (falls.ravel()[repeated] ^ is_second)
    by_column = np.argsort((x * len(visits) + y) * 2 + is_lower, kind="stable")
    return y, x, by_column


def _walk(vertical_partner: list[int]) -> tuple[list[int], list[int]]:
    """Corners ring by ring, and where in that list each ring begins (and the last one ends)."""
    order: list[int] = []
    begins = [0]
    is_seen = bytearray(len(vertical_partner))
    for start in range(0, len(vertical_partner), 2):
        corner = start
        while not is_seen[corner]:
            across = corner ^ 1  # the other end of the horizontal run
            is_seen[corner] = is_seen[across] = 1
            order += (corner, across)
            corner = vertical_partner[across]
        if len(order) > begins[-1]:
            begins.append(len(order))
    return order, begins


def _horizontal(ring: CrackRing) -> Bool[np.ndarray, " _"]:
    return np.asarray(np.arange(len(ring.corners_xy)) % 2 == 0)


def _lines_inside(ring: CrackRing) -> Int64[np.ndarray, " _"]:
    """For each side the row, or the column, of the object's pixels along it."""
    corners = ring.corners_xy
    ways = np.roll(corners, -1, axis=0) - corners
    rows = corners[:, 1] - (ways[:, 0] < 0)
    columns = corners[:, 0] - (ways[:, 1] > 0)
    return np.asarray(np.where(_horizontal(ring), rows, columns))


def _cracks(
    ring: CrackRing,
) -> tuple[Int64[np.ndarray, " _"], Int64[np.ndarray, " _"], Int64[np.ndarray, " _"]]:
    """For each crack its side and its place on it, and for each side its direction, 1 or -1."""
    ways = (np.roll(ring.corners_xy, -1, axis=0) - ring.corners_xy).sum(axis=1)
    lengths = np.abs(ways)
    side = np.repeat(np.arange(len(ways)), lengths)
    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return side, step, np.sign(ways)


def _pairs(
    first: Int64[np.ndarray, " _"], second: Int64[np.ndarray, " _"]
) -> Int64[np.ndarray, "_ 2"]:
    return np.column_stack((first, second))
