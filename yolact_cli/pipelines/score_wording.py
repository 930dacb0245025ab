"""What figures, mistakes and verdicts of a score are called, in the terminal and on the page."""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yolact_cli.scoring.suggest import Suggestion

TITLES = MappingProxyType({"bbox": "boxes", "segm": "masks", "boundary": "boundaries"})
MEANINGS = MappingProxyType(
    {
        "class": "right place, wrong class",
        "localisation": "right class, overlaps too little",
        "both": "wrong class, overlaps too little",
        "duplicate": "an object found twice",
        "background": "nothing is there",
        "missed": "an object that nothing came near",
    }
)
VERDICTS = MappingProxyType(
    {
        "better": "B is better",
        "worse": "A is better",
        "same": "no difference",
        "undecided": "cannot be told",
        "too few pictures": "too few pictures to tell",
    }
)
_NAMED = MappingProxyType({"ap": "IoU 0.50:0.95", "ap50": "IoU 0.50", "ap75": "IoU 0.75"})
_NO_LIMIT_PX = 1e10


def figure_words(
    name: str, areas: Mapping[str, tuple[float, float]], *, each: str = "a picture"
) -> tuple[str, str]:
    """What one of COCO's figures is called, and what it is taken of.

    Args:
        name: As in :meth:`yolact_cli.scoring.figures.CocoFigures.named`.
        areas: The ranges in the names, in square px.
        each: Where so many predictions count.
    """
    if name in _NAMED:
        return name.upper(), _NAMED[name]
    if "_" not in name:
        return name.upper(), f"{name.removeprefix('ar')} {each}"
    kind, area = name.split("_", 1)
    return f"{kind.upper()} {area}", _area(*areas[area])


def shown(figure: float) -> str:
    """A figure in a table: three digits, or a dash where it is not defined."""
    return "-" if math.isnan(figure) else f"{figure:.3f}"


def signed(figure: float) -> str:
    """A difference in a table, with its sign."""
    return "-" if math.isnan(figure) else f"{figure:+.3f}"


def suggestion_rows(suggestion: "Suggestion") -> list[list[str]]:
    """A line for each class: threshold, kept, precision, recall, bound, and where it is from."""
    return [
        [
            name,
            f"{one.threshold:.4f}",
            f"{one.point.predictions:,}",
            shown(one.point.precision),
            shown(one.point.recall),
            shown(one.bound),
            one.source if one.source == "own" else f"{one.source}: {one.reason}",
        ]
        for name, one in suggestion.by_class.items()
    ]


def _area(low: float, high: float) -> str:
    if low == 0:
        return f"up to {_square(high)} px"
    return (
        f"from {_square(low)} px"
        if high >= _NO_LIMIT_PX
        else f"{_square(low)} to {_square(high)} px"
    )


def _square(area_px: float) -> str:
    side = math.sqrt(area_px)
    return f"{side:.0f}²" if side.is_integer() else f"{area_px:g}"
