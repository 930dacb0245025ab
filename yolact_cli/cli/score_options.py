"""What only ``yolact score`` is told: ranges of areas, and what thresholds are to reach."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from yolact_cli.scoring.suggest import Goal

_AREA = re.compile(r"(?P<name>[A-Za-z][\w-]*)=(?P<low>[\d.]*):(?P<high>[\d.]*)")
_GOAL = re.compile(r"(?P<kind>precision|recall)=(?P<value>[\d.]+)")
_LARGEST_PX = 1e10
_TAKEN_NAMES = frozenset({"all", "50", "75"})


class Areas(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """Ranges of area in square pixels: ``small=0:1024,large=1024:``."""

    name = "areas"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """How ``--help`` shows the value."""
        return "NAME=MIN:MAX,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> Mapping[str, tuple[float, float]]:
        """The ranges by name, in order."""
        if isinstance(value, Mapping):
            return value
        areas: dict[str, tuple[float, float]] = {}
        for part in value.split(",") if isinstance(value, str) else value:
            found = _AREA.fullmatch(part.strip())
            if found is None:
                self.fail(f"{part!r} is no range; write small=0:1024, in square px.", param, ctx)
            low, high = _number(found["low"], 0.0), _number(found["high"], _LARGEST_PX)
            if low is None or high is None or low >= high:
                self.fail(f"{part!r} is no range from less to more.", param, ctx)
            if found["name"] in areas or found["name"] in _TAKEN_NAMES:
                self.fail(f"the name {found['name']!r} is taken.", param, ctx)
            areas[found["name"]] = (low, high)
        return areas


class GoalType(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """What thresholds are to reach: ``precision=0.9``, ``recall=0.8`` or ``f1``."""

    name = "goal"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """How ``--help`` shows the value."""
        return "precision=P|recall=R|f1"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> "Goal":
        """The goal."""
        from yolact_cli.scoring.suggest import Goal

        if value == "f1":
            return Goal(kind="f1")
        found = _GOAL.fullmatch(str(value).strip())
        share = _number(found["value"], -1.0) if found else None
        if found is None or share is None or not 0 < share < 1:
            self.fail(f"{value!r} is no goal; write precision=0.9, recall=0.8 or f1.", param, ctx)
        return Goal(kind="precision" if found["kind"] == "precision" else "recall", value=share)


def _number(text: str, empty: float) -> float | None:
    try:
        return float(text) if text else empty
    except ValueError:
        return None
