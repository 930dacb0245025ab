"""Which class is taken for which: a confusion matrix with background, at IoU 0.50.

Symbols: ``c`` classes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Int

from yolact_cli.scoring.matching import Matches
from yolact_cli.scoring.precision import IOU_50

FOREGROUND_IOU = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """One class taken for another."""

    actual: str
    predicted: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConfusionMatrix:
    """Objects by what they are and what they were taken for.

    Attributes:
        class_names: Of all rows and columns but the last, which is background.
        counts: Row: what it is; column: what it was taken for. The last row has false alarms, the
            last column objects that were not found; the last cell is 0.
    """

    class_names: tuple[str, ...]
    counts: Int[np.ndarray, "c+1 c+1"]

    def most_confused(self, most: int = 10) -> tuple[Confusion, ...]:
        """The most frequent confusions of two classes, by count, background left out."""
        among = self.counts[:-1, :-1] * (1 - np.eye(len(self.class_names), dtype=np.int64))
        places = np.argsort(-among, axis=None, kind="stable")[:most]
        pairs = zip(*np.unravel_index(places, among.shape), strict=True) if among.size else ()
        return tuple(
            Confusion(
                actual=self.class_names[row],
                predicted=self.class_names[column],
                count=int(among[row, column]),
            )
            for row, column in pairs
            if among[row, column]
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {"classes": [*self.class_names, "background"], "counts": self.counts.tolist()}


def confusion_matrix(
    matches: Matches, thresholds: Mapping[str, float], default: float
) -> ConfusionMatrix:
    """The matrix of detections with a score above their class's threshold.

    Hits are COCO's, so that the diagonal is that of the table of classes. What is left over on
    both sides is then paired across classes, the best score choosing first.

    Args:
        matches: The record.
        thresholds: By class name.
        default: For classes that have none of their own.
    """
    least = np.array([thresholds.get(name, default) for name in matches.class_names])
    is_kept = matches.counts[IOU_50] & (matches.scores > least[matches.detection_class])
    is_hit = is_kept & matches.is_hit[IOU_50]
    background = len(matches.class_names)
    taken_for = np.where(matches.is_ignored, -1, background)
    hits = np.flatnonzero(is_hit)
    taken_for[matches.found[IOU_50, hits]] = matches.detection_class[hits]
    is_alarm = is_kept & ~is_hit
    _pair_across_classes(matches, is_alarm, taken_for, background)
    wanted = taken_for >= 0
    counts = np.zeros((background + 1, background + 1), np.int64)
    np.add.at(counts, (matches.object_class[wanted], taken_for[wanted]), 1)
    np.add.at(counts[background], matches.detection_class[is_alarm], 1)
    return ConfusionMatrix(class_names=matches.class_names, counts=counts)


def _pair_across_classes(
    matches: Matches, is_alarm: np.ndarray, taken_for: np.ndarray, background: int
) -> None:
    """Give alarms to objects that nobody found; both arrays are written into."""
    near = np.flatnonzero(
        (matches.pair_iou >= FOREGROUND_IOU)
        & is_alarm[matches.pair_detection]
        & (taken_for[matches.pair_object] == background)
    )
    scores = matches.scores[matches.pair_detection[near]]
    for pair in near[np.lexsort((-matches.pair_iou[near], -scores))].tolist():
        detection, labelled = matches.pair_detection[pair], matches.pair_object[pair]
        is_new = matches.detection_class[detection] != matches.object_class[labelled]
        if is_new and is_alarm[detection] and taken_for[labelled] == background:
            taken_for[labelled] = matches.detection_class[detection]
            is_alarm[detection] = False
