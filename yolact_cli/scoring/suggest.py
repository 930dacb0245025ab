"""At which score to cut each class, so that what is kept meets a target on other pictures too.

A share that was counted is not the share to be expected: of few predictions it says little. So the
lower end of its confidence interval is what must meet the target. A class with too few predictions
to tell takes the threshold of all classes pooled.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from jaxtyping import Float64, Int

from yolact_cli.scoring.figures import json_number
from yolact_cli.scoring.matching import Matches
from yolact_cli.scoring.operating import OperatingPoint, Ranked, ranked_all, ranked_class

GoalKind = Literal["precision", "recall", "f1"]
Source = Literal["own", "pooled", "all", "none"]

FEWEST_PREDICTIONS = 30
"""A class with fewer takes the pooled threshold."""

NORMAL_QUANTILE = 1.959963984540054
"""Of a two-sided interval of 95 %: its lower end is missed from below once in forty times."""

KEEPS_NONE, KEEPS_ALL = 1.0, 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the kept predictions are to reach.

    Attributes:
        kind: Of which figure.
        value: How much of it, (0, 1); None for the best F1.
    """

    kind: GoalKind
    value: float | None = None

    def __str__(self) -> str:
        return self.kind if self.value is None else f"{self.kind}={self.value:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestedThreshold:
    """Where to cut one class.

    Attributes:
        threshold: Keep scores above it; 1 keeps none.
        source: ``own``: chosen from the class's own predictions; ``pooled``: from all classes
            together; ``all`` and ``none``: every or no prediction is kept, as no threshold does.
        predictions: The class's, whatever their scores.
        point: What the threshold keeps of the pictures it was chosen on.
        bound: Lower confidence bound of the targeted figure there; NaN for F1.
        reason: Why it is not the class's own, as a part of a sentence; empty when it is.
    """

    threshold: float
    source: Source
    predictions: int
    point: OperatingPoint
    bound: float
    reason: str

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            **self.point.to_json(),
            "threshold": self.threshold,
            "source": self.source,
            "all_predictions": self.predictions,
            "lower_bound": json_number(self.bound),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A threshold for every class.

    Attributes:
        goal: What they are to reach.
        pooled: One threshold for all; None where none meets the goal.
        by_class: By class name, in the order of category ids.
        kept: What all of them together keep of the pictures they were chosen on.
    """

    goal: Goal
    pooled: SuggestedThreshold | None
    by_class: Mapping[str, SuggestedThreshold]
    kept: OperatingPoint

    @property
    def thresholds(self) -> dict[str, float]:
        """By class name."""
        return {name: one.threshold for name, one in self.by_class.items()}

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "goal": str(self.goal),
            "pooled": self.pooled and self.pooled.to_json(),
            "kept": self.kept.to_json(),
            "classes": {name: one.to_json() for name, one in self.by_class.items()},
        }


def suggest(matches: Matches, goal: Goal, *, names: Collection[str] | None = None) -> Suggestion:
    """Thresholds that meet a goal at IoU 0.50.

    Of the thresholds whose lower bound meets the target, that is taken which keeps most for a
    precision, and fewest for a recall. Where none does, a class is left out rather than break a
    promised precision, if its own predictions speak against the pooled threshold; for a recall
    everything is kept.

    Args:
        matches: The record.
        goal: What to reach.
        names: Only these classes, such as those that the model has.
    """
    everything = ranked_all(matches)
    found = _reaching(everything, goal)
    pooled = _suggested(everything, found, goal, source="own") if found else None
    by_class = {
        name: _of_class(ranked_class(matches, place), goal, pooled)
        for place, name in enumerate(matches.class_names)
        if names is None or name in names
    }
    kept = [one.point for one in by_class.values()]
    return Suggestion(
        goal=goal,
        pooled=pooled,
        by_class=by_class,
        kept=OperatingPoint(
            threshold=math.nan,
            predictions=sum(point.predictions for point in kept),
            hits=sum(point.hits for point in kept),
            objects=sum(point.objects for point in kept),
        ),
    )


def wilson_lower(
    hits: Int[np.ndarray, " n"] | int, tries: Int[np.ndarray, " n"] | int
) -> Float64[np.ndarray, " n"]:
    """Lower end of the 95 % interval of a share, [0, 1]; 0 for no tries.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    return _wilson(hits, tries, side=-1.0)


def wilson_upper(
    hits: Int[np.ndarray, " n"] | int, tries: Int[np.ndarray, " n"] | int
) -> Float64[np.ndarray, " n"]:
    """Upper end of the same interval; 1 for no tries."""
    return _wilson(hits, tries, side=1.0)


def _wilson(hits: Any, tries: Any, *, side: float) -> np.ndarray:
    hits, tries = np.asarray(hits, np.float64), np.asarray(tries, np.float64)
    squared = NORMAL_QUANTILE**2
    middle = hits + squared / 2
    spread = NORMAL_QUANTILE * np.sqrt(
        np.where(tries > 0, hits * (tries - hits) / np.maximum(tries, 1), 0.0) + squared / 4
    )
    ends: np.ndarray = np.clip((middle + side * spread) / (tries + squared), 0.0, 1.0)
    return ends


def _of_class(ranked: Ranked, goal: Goal, pooled: SuggestedThreshold | None) -> SuggestedThreshold:
    predictions = len(ranked.scores)
    if predictions >= FEWEST_PREDICTIONS:
        point = _reaching(ranked, goal)
        if point is not None:
            return _suggested(ranked, point, goal, source="own")
    few = f"only {predictions} prediction{'' if predictions == 1 else 's'}"
    reason = few if predictions < FEWEST_PREDICTIONS else "none of its own promises as much"
    if pooled is not None and _may_take(pooled, ranked, goal):
        point = ranked.above(pooled.threshold)
        return _suggested(ranked, point, goal, source="pooled", reason=reason)
    reason = "no threshold promises as much"
    if goal.kind == "precision":
        return _suggested(ranked, ranked.above(KEEPS_NONE), goal, source="none", reason=reason)
    return _suggested(ranked, ranked.above(KEEPS_ALL), goal, source="all", reason=reason)


def _may_take(pooled: SuggestedThreshold, ranked: Ranked, goal: Goal) -> bool:
    """Whether the class's own predictions leave it possible that the pooled threshold will do."""
    if goal.value is None or len(ranked.scores) < FEWEST_PREDICTIONS:
        return True
    if goal.kind == "recall":
        return False
    point = ranked.above(pooled.threshold)
    return bool(wilson_upper(point.hits, point.predictions) >= goal.value)


def _reaching(ranked: Ranked, goal: Goal) -> OperatingPoint | None:
    """The point of the class's own that meets the goal, None where there is none."""
    if goal.value is None:
        return ranked.best_f1() if len(ranked.scores) and ranked.objects else None
    cuts = ranked.cuts()
    hits = np.cumsum(ranked.is_hit)[cuts - 1] if len(cuts) else cuts
    tries = cuts if goal.kind == "precision" else np.full(len(cuts), ranked.objects)
    meeting = np.flatnonzero(wilson_lower(hits, tries) >= goal.value)
    if not len(meeting):
        return None
    kept = int(cuts[meeting[-1] if goal.kind == "precision" else meeting[0]])
    return ranked.above(max(ranked.threshold_of(kept), KEEPS_ALL))


def _suggested(
    ranked: Ranked, point: OperatingPoint, goal: Goal, *, source: Source, reason: str = ""
) -> SuggestedThreshold:
    tries = {"precision": point.predictions, "recall": point.objects}.get(goal.kind)
    return SuggestedThreshold(
        threshold=point.threshold,
        source=source,
        predictions=len(ranked.scores),
        point=point,
        bound=math.nan if tries is None else float(wilson_lower(point.hits, tries)),
        reason=reason,
    )
