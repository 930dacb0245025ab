"""Outlines with few corners: straight lines fitted to the border, meeting where it turns.

First the border is cut greedily into the longest pieces that one straight line can follow within
a tolerance; then each piece gets its line of least squares, and neighbouring lines are cut with
each other. Lines have no bias to either side, so the area stays, and the corners of straight-edged
things come back as corners.
"""

import numpy as np
from jaxtyping import Float64, Int64, Shaped

Points = Float64[np.ndarray, "_ 2"]
_XY = tuple[float, float]

_FARTHEST_PX = 1.0  # a cut of two lines further than this from the border is not taken
_LEAST_SINE = 0.05  # of the angle between two lines that may be cut with each other
_NEAR = 0.02  # weight of a whole-numbered corner's way from where it should be


def fitted_corners(border: Shaped[np.ndarray, "_ 2"], *, tolerance_px: float) -> Points:
    """Corners of lines along a closed border; fewer than three where it is too small for that.

    Args:
        border: Points along it, about a pixel from one to the next.
        tolerance_px: How far a line may be from the points, along the shorter of the two axes.
    """
    points, cuts = _pieces(border.astype(np.float64), tolerance_px)
    if len(cuts) < 3:
        return np.asarray(points[cuts])
    return _fit(points, cuts)


def fitted_whole_corners(border: Shaped[np.ndarray, "_ 2"], *, tolerance_px: float) -> Points:
    """Like :func:`fitted_corners`, on the whole numbers that move the lines least."""
    points, cuts = _pieces(border.astype(np.float64), tolerance_px)
    if len(cuts) < 3:
        return np.asarray(points[cuts])
    corners = _fit(points, cuts)
    ways = np.roll(corners, -1, axis=0) - corners
    lengths = np.hypot(ways[:, 0], ways[:, 1])
    normals = np.column_stack((-ways[:, 1], ways[:, 0])) / np.maximum(lengths, 1e-9)[:, None]
    offsets = (normals * corners).sum(axis=1)
    steps = np.array([(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)])
    choices = np.round(corners)[:, None] + steps
    weights = _lengths(cuts, len(points))
    costs = _NEAR * ((choices - corners[:, None]) ** 2).sum(axis=2)
    for turn in (0, 1):  # the line that leaves a corner, and the one that arrives
        normal, offset, weight = (np.roll(one, turn, axis=0) for one in (normals, offsets, weights))
        distances = (choices * normal[:, None]).sum(axis=2) - offset[:, None]
        costs += weight[:, None] * distances**2
    return np.asarray(choices[np.arange(len(corners)), costs.argmin(axis=1)])


def _pieces(border: Points, tolerance_px: float) -> tuple[Points, Int64[np.ndarray, " _"]]:
    """The border from its point farthest out, and the places where it is cut."""
    if len(border) < 4:
        return border, np.arange(len(border))
    farthest = int(((border - border.mean(axis=0)) ** 2).sum(axis=1).argmax())
    turned = np.roll(border, -farthest, axis=0)
    way = turned.tolist()
    way.append(way[0])
    cuts = [0]
    while cuts[-1] < len(border):
        cuts.append(_reach(way, cuts[-1], tolerance_px))
    return turned, np.array(cuts[:-1])


def _reach(way: list[list[float]], start: int, tolerance: float) -> int:
    """The last place to which a straight line from ``start`` passes near all points between.

    A line is near a point if it meets the diamond of that radius around it; ``low`` and ``high``
    are the outermost directions that meet all diamonds so far.
    """
    x0, y0 = way[start]
    reached = start + 1
    low: _XY | None = None
    high: _XY = (0.0, 0.0)
    for place in range(start + 1, len(way)):
        dx, dy = way[place][0] - x0, way[place][1] - y0
        if low is None or (_turn(low, (dx, dy)) >= -1e-9 and _turn((dx, dy), high) >= -1e-9):
            reached = place
        if abs(dx) + abs(dy) <= tolerance:
            continue
        right, left = _sight(dx, dy, tolerance)
        if low is None:
            low, high = right, left
            continue
        low = right if _turn(low, right) > 0 else low
        high = left if _turn(high, left) < 0 else high
        if _turn(low, high) < 0:
            break
    return reached


def _sight(dx: float, dy: float, radius: float) -> tuple[_XY, _XY]:
    """The directions past a diamond's outermost points, seen from the origin outside it."""
    # From a point in the sector of one axis, the corners on the other axis are outermost.
    if abs(dx) > abs(dy):
        sign = radius if dx > 0 else -radius
        return (dx, dy - sign), (dx, dy + sign)
    sign = radius if dy > 0 else -radius
    return (dx + sign, dy), (dx - sign, dy)


def _turn(first: _XY, second: _XY) -> float:
    return first[0] * second[1] - first[1] * second[0]


def _lengths(cuts: Int64[np.ndarray, " _"], total: int) -> Int64[np.ndarray, " _"]:
    return np.diff(cuts, append=cuts[0] + total)


def _fit(points: Points, cuts: Int64[np.ndarray, " _"]) -> Points:
    """Where each piece's line of least squares cuts the one before it."""
    origin = points[0]
    x, y = np.concatenate((points, points)).T - origin[:, None]
    moments = np.column_stack((x, y, x * x, y * y, x * y))
    sums = np.concatenate((np.zeros((1, 5)), np.cumsum(moments, axis=0)))
    counts = _lengths(cuts, len(points)) + 1  # both ends belong to a piece
    means = (sums[cuts + counts] - sums[cuts]) / counts[:, None]
    centres = means[:, :2]
    angles = 0.5 * np.arctan2(
        2 * (means[:, 4] - centres.prod(axis=1)),
        means[:, 2] - centres[:, 0] ** 2 - means[:, 3] + centres[:, 1] ** 2,
    )
    directions = np.column_stack((np.cos(angles), np.sin(angles)))
    before, to_before = np.roll(centres, 1, axis=0), np.roll(directions, 1, axis=0)
    at = np.column_stack((x[cuts], y[cuts]))
    feet = (_foot(at, centres, directions) + _foot(at, before, to_before)) / 2
    sines = to_before[:, 0] * directions[:, 1] - to_before[:, 1] * directions[:, 0]
    apart = centres - before
    ahead = apart[:, 0] * directions[:, 1] - apart[:, 1] * directions[:, 0]
    safe = np.where(np.abs(sines) > _LEAST_SINE, sines, np.inf)
    crossings = before + (ahead / safe)[:, None] * to_before
    is_near = np.hypot(*(crossings - at).T) <= _FARTHEST_PX
    takes = is_near & np.isfinite(safe)
    return np.asarray(np.where(takes[:, None], crossings, feet) + origin)


def _foot(points: Points, through: Points, directions: Points) -> Points:
    """The nearest points on lines."""
    along = ((points - through) * directions).sum(axis=1)
    return np.asarray(through + along[:, None] * directions)
