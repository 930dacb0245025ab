"""Polygons of masks in the two conventions that label tools read.

``edge`` polygons run along pixel edges: (0, 0) is the top left corner of the first pixel, and
pycocotools' rasteriser gives the mask back to the pixel. ``centre`` polygons run through the
centres of the outermost pixels, whole numbers: (0, 0) is the first pixel's centre, and
``cv2.fillPoly`` and Pillow, which paint the line as well, give the mask back. Either read by the
other's rule is a pixel too large or too small all round.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float64

from yolact_cli.geometry import rle
from yolact_cli.geometry.outlines import (
    CrackRing,
    border_pixels,
    crack_middles,
    crack_rings,
    pixel_ring,
    without_repeats,
    without_straights,
)
from yolact_cli.geometry.simplify import fitted_corners, fitted_whole_corners

Convention = Literal["edge", "centre"]
Polygon = Float64[np.ndarray, "_ 2"]
Point = Float64[np.ndarray, "2"]

SMALL_AREA_PX = 32 * 32
"""Objects up to this area keep every corner; it is COCO's bound of small ones."""
_TOLERANCES_PX: dict[Convention, float] = {"edge": 0.5, "centre": 0.45}
_MORE_A_SIDE = 1 / 600  # so that the share of wrong pixels is alike for objects of all sizes
_DECIMALS = 2
_FEW_CORNERS = 8  # a ring of so few is left alone
_MANY_PARTS, _MANY_CORNERS = 64, 20_000  # shortest links would take too long to find


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolygonPart:
    """One connected part of an object.

    Attributes:
        outer: x and y in px, clockwise on the screen, not closed; three points at least.
        holes: Counter-clockwise; may be empty.
    """

    outer: Polygon
    holes: tuple[Polygon, ...] = ()

    @property
    def vertices(self) -> int:
        """The number of corners of all rings."""
        return len(self.outer) + sum(map(len, self.holes))


def polygon_parts(
    mask: Bool[np.ndarray, "h w"],
    convention: Convention,
    *,
    offset_xy: tuple[int, int] = (0, 0),
    is_exact: bool = False,
) -> tuple[PolygonPart, ...]:
    """The mask's connected parts as polygons; none for an empty mask.

    Args:
        mask: The object, or the part of a picture that holds all of it.
        convention: See the module's head.
        offset_xy: Added to all points: the place of ``mask`` in the picture.
        is_exact: Keep every corner; otherwise only objects up to :data:`SMALL_AREA_PX` keep them.
    """
    area = int(mask.sum())
    is_exact = is_exact or area <= SMALL_AREA_PX
    tolerance_px = _TOLERANCES_PX[convention] + _MORE_A_SIDE * math.sqrt(area)
    height, width = mask.shape
    last_xy = (width, height) if convention == "edge" else (width - 1, height - 1)
    outers: dict[int, Polygon] = {}
    holes: dict[int, list[Polygon]] = {}
    for ring in crack_rings(mask):
        points = _exact(ring, mask, convention)
        if not is_exact:
            points = _simple(
                ring, convention, exact=points, last_xy=last_xy, tolerance_px=tolerance_px
            )
        points = _as_polygon(points, offset_xy)
        if ring.is_hole:
            holes[ring.part].append(points)
        else:
            outers[ring.part], holes[ring.part] = points, []
    return tuple(
        PolygonPart(outer=outer, holes=tuple(holes[part])) for part, outer in outers.items()
    )


def object_parts(
    rle_counts: str,
    size_hw: tuple[int, int],
    *,
    bbox_xywh_px: tuple[int, int, int, int],
    convention: Convention,
    is_exact: bool = False,
) -> tuple[PolygonPart, ...]:
    """:func:`polygon_parts` of run lengths, in the picture's coordinates.

    Args:
        rle_counts: Compressed COCO RLE counts.
        size_hw: Of the picture.
        bbox_xywh_px: A box that holds the whole object.
        convention: See the module's head.
        is_exact: Keep every corner.

    Raises:
        ValueError: ``rle_counts`` are not run lengths of a picture of this size.
    """
    crop = rle.decode_crop(rle_counts, size_hw, bbox_xywh=bbox_xywh_px)
    x, y = bbox_xywh_px[:2]
    return polygon_parts(crop, convention, offset_xy=(x, y), is_exact=is_exact)


def part_ring(part: PolygonPart) -> Polygon:
    """One ring for a part with its holes: each is reached by a slit along a row, and left by it.

    The slit has no width, so painting by the even-odd or the non-zero rule leaves holes open. In
    exact ``centre`` polygons it lies on pixels of the object.
    """
    ring = part.outer
    # A slit to the left ends at a ring that begins further left, so at one that has been joined.
    for hole in sorted(part.holes, key=lambda one: (one[:, 0].min(), one[0, 1])):
        start = int(hole[:, 0].argmin())
        place, point = _reached(ring, hole[start])
        ring = _spliced(ring, hole, start=start, place=place, via=point)
    return ring


def single_ring(parts: Sequence[PolygonPart]) -> Polygon:
    """One ring for the whole object, for formats that hold no more; empty for no parts.

    Parts are joined by lines between corners next to each other, walked there and back: ``edge``
    polygons stay exact, while painting ``centre`` ones adds the pixels on those lines.
    """
    rings = [part_ring(part) for part in parts]
    if not rings:
        return np.zeros((0, 2))
    joined, *waiting = rings
    if len(rings) > _MANY_PARTS or sum(map(len, rings)) > _MANY_CORNERS:
        for ring in waiting:
            joined = _spliced(joined, ring, start=0, place=len(joined) - 1, via=joined[-1])
        return joined
    return _joined_by_shortest(joined, waiting)


def _exact(ring: CrackRing, mask: Bool[np.ndarray, "h w"], convention: Convention) -> Polygon:
    if convention == "edge":
        return ring.corners_xy.astype(np.float64)
    return without_straights(pixel_ring(ring, mask)).astype(np.float64)


def _simple(
    ring: CrackRing,
    convention: Convention,
    *,
    exact: Polygon,
    last_xy: tuple[int, int],
    tolerance_px: float,
) -> Polygon:
    """A ring with fewer corners, or ``exact`` where there is none; nothing beyond ``last_xy``."""
    if len(exact) <= _FEW_CORNERS:
        return exact
    if convention == "edge":
        corners = fitted_corners(crack_middles(ring), tolerance_px=tolerance_px)
    else:
        corners = fitted_whole_corners(border_pixels(ring), tolerance_px=tolerance_px)
    corners = np.round(corners.clip(0, last_xy), _DECIMALS)
    corners = without_straights(without_repeats(corners))
    return corners if 3 <= len(corners) < len(exact) else exact


def _as_polygon(points: Polygon, offset_xy: tuple[int, int]) -> Polygon:
    """At its place in the picture; a pixel or a line of pixels gets the third point it lacks."""
    missing = max(3 - len(points), 0)
    return np.concatenate((points, np.repeat(points[-1:], missing, axis=0))) + offset_xy


def _reached(ring: Polygon, point: Point) -> tuple[int, Point]:
    """What is first met from a point to the left: the side of the ring, and where on it."""
    begin, end = ring, np.roll(ring, -1, axis=0)
    x, y = point
    low, high = np.minimum(begin[:, 1], end[:, 1]), np.maximum(begin[:, 1], end[:, 1])
    heights = np.where(high > low, end[:, 1] - begin[:, 1], 1.0)
    crossings = begin[:, 0] + (y - begin[:, 1]) / heights * (end[:, 0] - begin[:, 0])
    is_met = (low <= y) & (y <= high) & (high > low) & (crossings <= x)
    if not is_met.any():  # simplified rings may lie across each other
        place = int(((ring - point) ** 2).sum(axis=1).argmin())
        return place, ring[place]
    place = int(np.where(is_met, crossings, -np.inf).argmax())
    return place, np.array([np.round(crossings[place], _DECIMALS), y])


def _spliced(ring: Polygon, other: Polygon, *, start: int, place: int, via: Point) -> Polygon:
    """``ring`` with a way, after its point ``place``, by ``via`` once around ``other`` and back."""
    around = np.roll(other, -start, axis=0)
    return np.concatenate(
        (ring[: place + 1], via[None], around, around[:1], via[None], ring[place + 1 :])
    )


def _joined_by_shortest(joined: Polygon, waiting: list[Polygon]) -> Polygon:
    """Rings in one, each linked where it comes closest to those before it."""
    corners = np.concatenate([joined[:0], *waiting])
    owner = np.repeat(np.arange(len(waiting)), [len(ring) for ring in waiting])
    first = np.cumsum([0, *map(len, waiting)])
    nearest, distance = np.zeros_like(corners), np.full(len(corners), np.inf)
    newest = joined
    for _ in waiting:
        for corner in newest:
            now = ((corners - corner) ** 2).sum(axis=1)
            is_nearer = now < distance
            distance[is_nearer], nearest[is_nearer] = now[is_nearer], corner
        chosen = int(distance.argmin())
        part, via = int(owner[chosen]), nearest[chosen].copy()
        place = int(np.flatnonzero((joined == via).all(axis=1))[0])
        newest = waiting[part]
        joined = _spliced(joined, newest, start=chosen - int(first[part]), place=place, via=via)
        corners[owner == part] = np.inf
        distance[owner == part] = np.inf
    return joined
