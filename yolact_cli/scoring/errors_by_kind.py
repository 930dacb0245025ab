"""Which kinds of mistakes cost how much: the six of TIDE.

Every detection that counts and hits nothing is one of five kinds, every object that nobody found
and that no such detection came near is missed. What a kind costs is by how much AP50 would rise if
an oracle mended that kind alone.

Source: Bolya et al., "TIDE: A General Toolbox for Identifying Object Detection Errors"
(arXiv 2008.08115), section 2.2 and figure 2 for the kinds, 2.3 for the oracles.

Symbols: ``d`` detections, ``g`` objects.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
from jaxtyping import Bool, Float64, Int

from yolact_cli.scoring.figures import json_number
from yolact_cli.scoring.matching import NOTHING, Matches
from yolact_cli.scoring.precision import IOU_50, precision_at_recalls

ErrorKind = Literal["class", "localisation", "both", "duplicate", "background", "missed"]
KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)

FOREGROUND_IOU, BACKGROUND_IOU = 0.5, 0.1
"""TIDE's thresholds; below the second there was nothing to be found."""

EXAMPLES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorExample:
    """One mistake, to be looked at.

    Attributes:
        image_id: The picture's id in truth.
        result_place: The detection's place in the list of results; None for a missed object.
        annotation_id: The object in question, as numbered in truth; None for background.
        score: Of the detection, None for a missed object.
        iou: How much the detection overlaps the object; NaN where one of them is lacking.
        predicted: The class of the detection; None for a missed object.
        actual: The class of the object; None for background.
    """

    image_id: int
    result_place: int | None
    annotation_id: int | None
    score: float | None
    iou: float
    predicted: str | None
    actual: str | None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN and None."""
        return {name: json_number(getattr(self, name)) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBucket:
    """All mistakes of one kind.

    Attributes:
        kind: Which.
        count: Detections; for ``missed``, objects.
        ap50_cost: How much AP50 would rise without them, [0, 1]; NaN where truth has no object.
        count_by_class: By the name of the detection's class; for ``missed``, the object's.
        examples: The worst, by score, highest first; missed objects, which have none, by area,
            largest first. At most :data:`EXAMPLES`.
    """

    kind: ErrorKind
    count: int
    ap50_cost: float
    count_by_class: Mapping[str, int]
    examples: tuple[ErrorExample, ...]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "count": self.count,
            "ap50_cost": json_number(self.ap50_cost),
            "count_by_class": dict(self.count_by_class),
            "examples": [example.to_json() for example in self.examples],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorBreakdown:
    """The kinds, and two summaries.

    Attributes:
        ap50: What the costs are to be added to.
        buckets: By kind, in TIDE's order.
        false_positive_cost: How much AP50 would rise without any detection that hits nothing.
        false_negative_cost: How much it would rise if nobody asked for what was not found.
    """

    ap50: float
    buckets: Mapping[ErrorKind, ErrorBucket]
    false_positive_cost: float
    false_negative_cost: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "ap50": json_number(self.ap50),
            "buckets": {kind: bucket.to_json() for kind, bucket in self.buckets.items()},
            "false_positive_cost": json_number(self.false_positive_cost),
            "false_negative_cost": json_number(self.false_negative_cost),
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ErrorLabels:
    """The kind of every mistake, one by one.

    Attributes:
        kind: Place in :data:`KINDS` of every detection's mistake, or -1: no mistake.
        target: The object that a wrong class, place or repetition is about, or -1.
        iou: The overlap with the object it overlaps most; 0 below
            :data:`yolact_cli.scoring.matching.LEAST_OVERLAP`.
        is_missed: Of objects: not found, nor the target of a wrong class or place.
    """

    kind: Int[np.ndarray, " d"]
    target: Int[np.ndarray, " d"]
    iou: Float64[np.ndarray, " d"]
    is_missed: Bool[np.ndarray, " g"]


def error_breakdown(matches: Matches) -> ErrorBreakdown:
    """The mistakes at IoU 0.50 of every detection, whatever its score, and what they cost."""
    labels = label_errors(matches)
    outcome = _Outcome(
        scores=matches.scores,
        class_place=matches.detection_class,
        is_hit=matches.is_hit[IOU_50],
        counts=matches.counts[IOU_50],
        objects=matches.objects_by_class,
    )
    before = outcome.ap50()
    buckets = {
        kind: _bucket(kind, labels, matches, cost=_mended(kind, labels, matches, outcome) - before)
        for kind in KINDS
    }
    hits_only = replace(outcome, counts=outcome.counts & outcome.is_hit)
    found = np.bincount(
        matches.detection_class[outcome.is_hit], minlength=len(matches.category_ids)
    )
    return ErrorBreakdown(
        ap50=before,
        buckets=buckets,
        false_positive_cost=hits_only.ap50() - before,
        false_negative_cost=replace(outcome, objects=found).ap50(asked=matches.objects_by_class)
        - before,
    )


def label_errors(matches: Matches) -> ErrorLabels:
    """The kind of every mistake.

    In TIDE's order: a detection near an object of its class is misplaced, on one of another class
    it has the wrong class, on one of its class that a better detection took it is a duplicate,
    near none at all it is background, and what remains is wrong in both ways.
    """
    same = (
        matches.detection_class[matches.pair_detection] == matches.object_class[matches.pair_object]
    )
    is_wrong = matches.counts[IOU_50] & ~matches.is_hit[IOU_50]
    own_iou, own = _nearest(matches, same)
    other_iou, other = _nearest(matches, ~same)
    nearest_iou = np.maximum(own_iou, other_iou)
    is_misplaced = (own_iou >= BACKGROUND_IOU) & (own_iou < FOREGROUND_IOU)
    has_wrong_class = other_iou >= FOREGROUND_IOU
    is_duplicate = own_iou >= FOREGROUND_IOU
    chosen = [
        is_misplaced,
        has_wrong_class,
        is_duplicate,
        nearest_iou < BACKGROUND_IOU,
    ]
    places = [KINDS.index(kind) for kind in ("localisation", "class", "duplicate", "background")]
    kind = np.select(chosen, places, default=KINDS.index("both"))
    target = np.select([is_misplaced, has_wrong_class, is_duplicate], [own, other, own], NOTHING)
    kind = np.where(is_wrong, kind, NOTHING)
    target = np.where(is_wrong, target, NOTHING)
    return ErrorLabels(
        kind=kind,
        target=target,
        iou=nearest_iou,
        is_missed=_missed(matches, kind, target),
    )


def _nearest(matches: Matches, chosen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each detection the most overlapping object among the chosen pairs: 0 and -1 for none."""
    best = np.zeros(len(matches.scores))
    objects = np.full(len(matches.scores), NOTHING)
    rising = np.flatnonzero(chosen)
    rising = rising[np.argsort(matches.pair_iou[rising], kind="stable")]
    detections = matches.pair_detection[rising]
    # Of several assignments to one place the last stays: that of the highest overlap.
    best[detections] = matches.pair_iou[rising]
    objects[detections] = matches.pair_object[rising]
    return best, objects


def _missed(matches: Matches, kind: np.ndarray, target: np.ndarray) -> np.ndarray:
    is_missed: np.ndarray = ~matches.is_ignored & ~_is_found(matches)
    comes_near = np.isin(kind, [KINDS.index("class"), KINDS.index("localisation")])
    is_missed[target[comes_near]] = False
    return is_missed


def _is_found(matches: Matches) -> np.ndarray:
    is_found = np.zeros(len(matches.object_class), bool)
    is_found[matches.found[IOU_50][matches.is_hit[IOU_50]]] = True
    return is_found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Outcome:
    """What AP50 follows from, to be mended."""

    scores: np.ndarray
    class_place: np.ndarray
    is_hit: np.ndarray
    counts: np.ndarray
    objects: np.ndarray

    def ap50(self, asked: np.ndarray | None = None) -> float:
        """Mean over the classes with objects.

        Args:
            asked: Objects by class before mending; a class whose last object is no longer asked
                for is then perfect rather than left out, as nothing of it is missed any more.
        """
        order = np.argsort(-self.scores, kind="stable")
        asked = self.objects if asked is None else asked
        figures = []
        for place in np.flatnonzero(asked).tolist():
            here = order[self.class_place[order] == place]
            if self.objects[place]:
                curve = precision_at_recalls(
                    self.is_hit[here], self.counts[here], int(self.objects[place])
                )
                figures.append(curve.mean())
            else:
                figures.append(float(not self.counts[here].any()))
        return float(np.mean(figures)) if figures else float("nan")


def _mended(kind: ErrorKind, labels: ErrorLabels, matches: Matches, outcome: _Outcome) -> float:
    """AP50 if the oracle of a kind had its way."""
    if kind == "missed":
        missed = matches.object_class[labels.is_missed]
        left = outcome.objects - np.bincount(missed, minlength=len(outcome.objects))
        return replace(outcome, objects=left).ap50(asked=outcome.objects)
    wrong = np.flatnonzero(labels.kind == KINDS.index(kind))
    counts = outcome.counts.copy()
    counts[wrong] = False
    if kind not in ("class", "localisation"):
        return replace(outcome, counts=counts).ap50()
    # Right now, unless the object is found already: then it would be a duplicate, and goes.
    mended = _first_on_each(wrong, labels.target, outcome.scores, is_taken=_is_found(matches))
    counts[mended] = True
    is_hit, class_place = outcome.is_hit.copy(), outcome.class_place.copy()
    is_hit[mended] = True
    class_place[mended] = matches.object_class[labels.target[mended]]
    return replace(outcome, counts=counts, is_hit=is_hit, class_place=class_place).ap50()


def _first_on_each(
    detections: np.ndarray, target: np.ndarray, scores: np.ndarray, *, is_taken: np.ndarray
) -> np.ndarray:
    """Of the detections the best on each object that is not taken."""
    best_first = detections[np.argsort(-scores[detections], kind="stable")]
    best_first = best_first[~is_taken[target[best_first]]]
    _, first = np.unique(target[best_first], return_index=True)
    chosen: np.ndarray = best_first[first]
    return chosen


def _bucket(kind: ErrorKind, labels: ErrorLabels, matches: Matches, *, cost: float) -> ErrorBucket:
    if kind == "missed":
        members = np.flatnonzero(labels.is_missed)
        members = members[np.argsort(-matches.object_area_px[members], kind="stable")]
        classes = matches.object_class[members]
        examples = [_missed_example(matches, one) for one in members[:EXAMPLES].tolist()]
    else:
        members = np.flatnonzero(labels.kind == KINDS.index(kind))
        members = members[np.argsort(-matches.scores[members], kind="stable")]
        classes = matches.detection_class[members]
        examples = [_example(matches, labels, one) for one in members[:EXAMPLES].tolist()]
    counted = np.bincount(classes, minlength=len(matches.class_names))
    return ErrorBucket(
        kind=kind,
        count=len(members),
        ap50_cost=cost,
        count_by_class={
            name: int(count)
            for name, count in zip(matches.class_names, counted, strict=True)
            if count
        },
        examples=tuple(examples),
    )


def _example(matches: Matches, labels: ErrorLabels, detection: int) -> ErrorExample:
    target = int(labels.target[detection])
    has_target = target != NOTHING
    return ErrorExample(
        image_id=int(matches.image_ids[matches.detection_picture[detection]]),
        result_place=int(matches.detection_place[detection]),
        annotation_id=int(matches.object_id[target]) if has_target else None,
        score=float(matches.scores[detection]),
        iou=float(labels.iou[detection]),
        predicted=matches.class_names[matches.detection_class[detection]],
        actual=matches.class_names[matches.object_class[target]] if has_target else None,
    )


def _missed_example(matches: Matches, missed: int) -> ErrorExample:
    return ErrorExample(
        image_id=int(matches.image_ids[matches.object_picture[missed]]),
        result_place=None,
        annotation_id=int(matches.object_id[missed]),
        score=None,
        iou=float("nan"),
        predicted=None,
        actual=matches.class_names[matches.object_class[missed]],
    )
