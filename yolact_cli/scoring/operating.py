"""Precision, recall and F1 where only scores above a threshold are kept, at IoU 0.50.

Symbols: ``n`` thresholds, ``d`` detections.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int

from yolact_cli.scoring.figures import json_fields, json_numbers
from yolact_cli.scoring.matching import Matches
from yolact_cli.scoring.precision import IOU_50

_HALF_A_DIGIT = 5e-5  # of scores as they are written

GRID = np.round(np.arange(0, 100) / 100, 2)
"""Thresholds at which curves are drawn: 0.00, 0.01, … 0.99."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatingPoint:
    """What is left, and what of it is right, above one threshold.

    Attributes:
        threshold: Scores strictly above it are kept, as ``yolact annotate`` does.
        predictions: Kept, those in regions to be ignored not counted.
        hits: Kept that matched an object.
        objects: To be found.
    """

    threshold: float
    predictions: int
    hits: int
    objects: int

    @property
    def precision(self) -> float:
        """Hits of the predictions, [0, 1]; NaN for none."""
        return self.hits / self.predictions if self.predictions else math.nan

    @property
    def recall(self) -> float:
        """Hits of the objects, [0, 1]; NaN for none."""
        return self.hits / self.objects if self.objects else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of both, [0, 1]; NaN where there is neither prediction nor object."""
        both = self.predictions + self.objects
        return 2 * self.hits / both if both else math.nan

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        rates = {"precision": self.precision, "recall": self.recall, "f1": self.f1}
        return {**json_fields(self), **json_numbers(rates)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThresholdCurve:
    """Operating points over :data:`GRID`.

    Attributes:
        thresholds: Rising.
        predictions: Kept above each.
        hits: Of these.
        objects: To be found, whatever the threshold.
    """

    thresholds: Float64[np.ndarray, " n"]
    predictions: Int[np.ndarray, " n"]
    hits: Int[np.ndarray, " n"]
    objects: int

    @property
    def precision(self) -> Float64[np.ndarray, " n"]:
        """NaN where nothing is kept."""
        return _ratio(self.hits, self.predictions)

    @property
    def recall(self) -> Float64[np.ndarray, " n"]:
        """NaN where there is no object."""
        return _ratio(self.hits, np.full(len(self.hits), self.objects))

    @property
    def f1(self) -> Float64[np.ndarray, " n"]:
        """NaN where there is neither prediction nor object."""
        return _ratio(2 * self.hits, self.predictions + self.objects)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "thresholds": self.thresholds.tolist(),
            "predictions": self.predictions.tolist(),
            "hits": self.hits.tolist(),
            "objects": self.objects,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """Detections that count, best first, and how many objects they could have found.

    Attributes:
        scores: Falling.
        is_hit: At IoU 0.50.
        objects: To be found.
    """

    scores: Float64[np.ndarray, " d"]
    is_hit: Bool[np.ndarray, " d"]
    objects: int

    def above(self, threshold: float) -> OperatingPoint:
        """The operating point of a threshold."""
        kept = int(np.searchsorted(-self.scores, -threshold, side="left"))
        return self.first(kept, threshold)

    def first(self, kept: int, threshold: float) -> OperatingPoint:
        """The operating point of the ``kept`` best, whatever the threshold is that keeps them."""
        hits = int(np.count_nonzero(self.is_hit[:kept]))
        return OperatingPoint(
            threshold=threshold, predictions=kept, hits=hits, objects=self.objects
        )

    def curve(self) -> ThresholdCurve:
        """The operating points over the grid."""
        kept = np.searchsorted(-self.scores, -GRID, side="left")
        hits = np.append(0, np.cumsum(self.is_hit))[kept]
        return ThresholdCurve(thresholds=GRID, predictions=kept, hits=hits, objects=self.objects)

    def cuts(self) -> Int[np.ndarray, " n"]:
        """How many can be kept by some threshold, rising: equal scores stay together."""
        if not len(self.scores):
            return np.zeros(0, np.int64)
        return np.flatnonzero(np.append(np.diff(self.scores) < 0, True)) + 1

    def threshold_of(self, kept: int) -> float:
        """A threshold that keeps just so many, half-way between two scores; one of the cuts.

        Half-way, so that a score's last digit, which another batch size may change, does not
        decide. What keeps all lies just below the lowest score: nobody has seen what is below it.
        """
        if not len(self.scores):
            return 0.0
        if kept >= len(self.scores):
            return round(float(self.scores[-1]) - _HALF_A_DIGIT, 6)
        upper = float(self.scores[kept - 1]) if kept else float(np.nextafter(self.scores[0], 2))
        lower = float(self.scores[kept])
        middle = round((upper + lower) / 2, 6)
        return middle if lower <= middle < upper else lower

    def best_f1(self) -> OperatingPoint:
        """The point of the highest F1; of equal ones that with the highest threshold."""
        cuts = self.cuts()
        if not len(cuts) or not self.objects:
            return self.above(0.0)
        hits = np.cumsum(self.is_hit)[cuts - 1]
        kept = int(cuts[np.argmax(2 * hits / (cuts + self.objects))])
        return self.first(kept, self.threshold_of(kept))


def ranked_class(matches: Matches, class_place: int) -> Ranked:
    """The detections of one class."""
    return _ranked(matches, matches.ranking[class_place], class_place)


def ranked_all(matches: Matches) -> Ranked:
    """The detections of all classes together."""
    return _ranked(matches, np.argsort(-matches.scores, kind="stable"), None)


def _ranked(matches: Matches, order: np.ndarray, class_place: int | None) -> Ranked:
    order = order[matches.counts[IOU_50, order]]
    by_class = matches.objects_by_class
    return Ranked(
        scores=matches.scores[order],
        is_hit=matches.is_hit[IOU_50, order],
        objects=int(by_class.sum() if class_place is None else by_class[class_place]),
    )


def kept_points(
    matches: Matches, thresholds: Mapping[str, float], default: float
) -> dict[str, OperatingPoint]:
    """The operating point of every class at its own threshold, or at the default."""
    return {
        name: ranked_class(matches, place).above(thresholds.get(name, default))
        for place, name in enumerate(matches.class_names)
    }


def together(points: Mapping[str, OperatingPoint]) -> OperatingPoint:
    """Several classes as one; the threshold is NaN where they differ."""
    thresholds = {point.threshold for point in points.values()}
    return OperatingPoint(
        threshold=thresholds.pop() if len(thresholds) == 1 else math.nan,
        predictions=sum(point.predictions for point in points.values()),
        hits=sum(point.hits for point in points.values()),
        objects=sum(point.objects for point in points.values()),
    )


def _ratio(part: np.ndarray, whole: np.ndarray) -> Float64[np.ndarray, " n"]:
    ratios = np.full(len(part), np.nan)
    np.divide(part, whole, out=ratios, where=whole > 0)
    return ratios
