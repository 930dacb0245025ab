"""From matches to average precision, COCO's way, and to precision-recall curves.

Symbols: ``t`` IoU thresholds, ``d`` detections of a class, best first, ``r`` recalls.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64

from yolact_cli.scoring.figures import json_number
from yolact_cli.scoring.matching import IOU_THRESHOLDS, Matches

RECALLS = np.linspace(0.0, 1.0, 101)
"""At which COCO reads precision."""

IOU_50 = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrecisionRecall:
    """A precision-recall curve, as COCO's AP is the mean of.

    Attributes:
        precision: The best precision at this recall or a higher one, at each of :data:`RECALLS`;
            0 where that recall is never reached.
        score: Of the detection at which the recall is reached; NaN where it is not.
    """

    precision: Float64[np.ndarray, " r"]
    score: Float64[np.ndarray, " r"]

    @property
    def ap(self) -> float:
        """Area under the curve."""
        return float(self.precision.mean())

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "precision": [json_number(value) for value in self.precision],
            "score": [json_number(value) for value in self.score],
        }


def precision_at_recalls(
    is_hit: Bool[np.ndarray, " d"], counts: Bool[np.ndarray, " d"], objects: float
) -> Float64[np.ndarray, " r"]:
    """Precision at each of :data:`RECALLS`; zeros for no detections.

    Args:
        is_hit: Of the detections of one class, best first.
        counts: Those that are neither are as if they were not there.
        objects: To be found; more than 0.

    Source: pycocotools 2.0.11, ``cocoeval.py``: ``accumulate`` (BSD).
    """
    return _curve(is_hit[counts], objects)[0]


def _curve(is_hit: np.ndarray, objects: float) -> tuple[np.ndarray, np.ndarray]:
    """Precision at each recall, and the place where that recall is reached."""
    hits = np.cumsum(is_hit, dtype=np.float64)
    precision = hits / (np.arange(1, len(is_hit) + 1) + np.spacing(1))
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    reached = np.searchsorted(hits / objects, RECALLS, side="left")
    # One zero at the end answers for recalls that are never reached.
    return np.append(envelope, 0.0)[reached], reached


def precision_recall(matches: Matches, class_place: int, *, iou: int = IOU_50) -> PrecisionRecall:
    """The curve of one class at one of the IoU thresholds, by its place among them.

    All precisions are NaN where truth has no object of the class.
    """
    objects = int(matches.objects_by_class[class_place])
    if not objects:
        nothing = np.full(len(RECALLS), np.nan)
        return PrecisionRecall(precision=nothing, score=nothing)
    ranked = matches.ranking[class_place]
    ranked = ranked[matches.counts[iou, ranked]]
    precision, reached = _curve(matches.is_hit[iou, ranked], objects)
    scores = np.append(matches.scores[ranked], np.nan)
    return PrecisionRecall(precision=precision, score=scores[reached])


def average_precisions(matches: Matches) -> Float64[np.ndarray, "c t"]:
    """AP of every class at every IoU threshold; NaN for classes without objects."""
    figures = np.full((len(matches.category_ids), len(IOU_THRESHOLDS)), np.nan)
    for place in np.flatnonzero(matches.objects_by_class).tolist():
        ranked, objects = matches.ranking[place], int(matches.objects_by_class[place])
        for iou in range(len(IOU_THRESHOLDS)):
            is_hit, counts = matches.is_hit[iou, ranked], matches.counts[iou, ranked]
            figures[place, iou] = precision_at_recalls(is_hit, counts, objects).mean()
    return figures
