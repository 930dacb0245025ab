"""Objects as outlines for formats that want points, and a count of what is lost on the way."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from yolact_cli.geometry import polygons
from yolact_cli.geometry.polygons import Convention, Polygon, part_ring, single_ring
from yolact_cli.labels import LabelledObject
from yolact_cli.settings import ExportSettings

SIMPLIFIED = "outlines were simplified"
SLIT = "holes were joined to the outline by a slit"
LINKED = "parts were joined to one outline by a line"
EMPTY = "objects without a pixel were left out"
RENAMED = "pictures whose names XML cannot hold were renamed"

Ring = list[tuple[float, float]]


class Losses:
    """Counts objects by what was lost of them."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, sentences: Iterable[str]) -> None:
        """Count one object under each of the sentences."""
        self.counts.update(sentences)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlined:
    """An object as outlines.

    Attributes:
        rings: One a part, or one for all; empty for an object without a pixel.
        losses: What they do not hold.
    """

    rings: list[Ring]
    losses: tuple[str, ...]


class Outliner:
    """Makes outlines in one convention.

    Args:
        convention: What the format's readers paint by.
        settings: Says whether outlines keep every corner.
    """

    def __init__(self, convention: Convention, settings: ExportSettings) -> None:
        self._convention: Convention = convention
        self._is_exact = settings.exact_polygons

    def rings(
        self, one: LabelledObject, size_hw: tuple[int, int], *, is_single: bool = False
    ) -> Outlined:
        """One ring a part, holes reached by slits.

        Args:
            one: The object.
            size_hw: Of its picture.
            is_single: Join the parts to one ring.
        """
        parts = polygons.object_parts(
            one.rle_counts,
            size_hw,
            bbox_xywh_px=one.bbox_xywh_px,
            convention=self._convention,
            is_exact=self._is_exact,
        )
        losses = []
        if not self._is_exact and one.area_px > polygons.SMALL_AREA_PX:
            losses.append(SIMPLIFIED)
        if any(part.holes for part in parts):
            losses.append(SLIT)
        rings = [part_ring(part) for part in parts]
        if is_single and len(parts) > 1:
            rings = [single_ring(parts)]
            losses.append(LINKED)
        return Outlined(rings=[_plain(ring) for ring in rings], losses=tuple(losses))


def _plain(ring: Polygon) -> Ring:
    """Whole numbers without a point and zeros, as most are."""
    return [(_number(x), _number(y)) for x, y in ring.tolist()]


def _number(value: float) -> float:
    return int(value) if value == int(value) else round(value, 2)
