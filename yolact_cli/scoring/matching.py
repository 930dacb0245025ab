"""What became of every detection and every object: matched once, as COCO matches.

All further figures (precision and recall at a threshold, kinds of errors, confusions, curves,
calibration, resampled pictures) follow from this record. Detections are matched best first, so
what becomes of one does not depend on those of lower score: the record holds for every score
threshold at once.

Symbols: ``t`` IoU thresholds, ``d`` detections, ``g`` objects, ``p`` pairs, ``i`` pictures,
``c`` classes.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int

from yolact_cli.scoring.overlaps import overlaps
from yolact_cli.scoring.prepare import IS_FORGIVEN, EvaluationInput, IouType

IOU_THRESHOLDS = np.linspace(0.5, 0.95, 10)
"""COCO's; the first is 0.5."""

LEAST_OVERLAP = 0.1
"""Pairs that overlap less are not kept: TIDE takes such a detection for background."""

NOTHING = -1


@dataclass(frozen=True, kw_only=True, eq=False)
class Matches:
    """Every detection and object under comparison, and which of them belong together.

    Detections are sorted by picture, then by score, highest first, equal ones in the given order;
    objects by picture, then in the given order.

    Attributes:
        iou_type: What was compared.
        image_ids: Of the pictures, rising; ``picture`` below is a place in it.
        category_ids: Of the classes, rising; ``class`` below is a place in it.
        class_names: Likewise.
        scores: Of the detections.
        detection_picture: Of the detections.
        detection_class: Of the detections.
        detection_place: Where each stands in the list of results.
        found: The object that a detection matched, at each IoU threshold, or :data:`NOTHING`.
        is_hit: Matched an object that is to be found.
        counts: A hit or a mistake; what matched a region to be ignored is neither.
        object_picture: Of the objects.
        object_class: Of the objects.
        object_id: Annotation ids as in truth.
        object_area_px: As truth has it.
        is_ignored: Crowds, and objects that cannot be compared.
        pair_detection: The detection of each pair that overlaps by at least
            :data:`LEAST_OVERLAP`, whatever their classes; the object is none to be ignored.
        pair_object: The object of each.
        pair_iou: Their overlap.
    """

    iou_type: IouType
    image_ids: Int[np.ndarray, " i"]
    category_ids: Int[np.ndarray, " c"]
    class_names: tuple[str, ...]
    scores: Float64[np.ndarray, " d"]
    detection_picture: Int[np.ndarray, " d"]
    detection_class: Int[np.ndarray, " d"]
    detection_place: Int[np.ndarray, " d"]
    found: Int[np.ndarray, "t d"]
    is_hit: Bool[np.ndarray, "t d"]
    counts: Bool[np.ndarray, "t d"]
    object_picture: Int[np.ndarray, " g"]
    object_class: Int[np.ndarray, " g"]
    object_id: Int[np.ndarray, " g"]
    object_area_px: Float64[np.ndarray, " g"]
    is_ignored: Bool[np.ndarray, " g"]
    pair_detection: Int[np.ndarray, " p"]
    pair_object: Int[np.ndarray, " p"]
    pair_iou: Float64[np.ndarray, " p"]

    @cached_property
    def objects_by_class(self) -> Int[np.ndarray, " c"]:
        """How many there are to find of each class."""
        wanted = self.object_class[~self.is_ignored]
        return np.bincount(wanted, minlength=len(self.category_ids))

    @cached_property
    def ranking(self) -> tuple[Int[np.ndarray, " _"], ...]:
        """For each class its detections over all pictures, best first, as COCO orders them."""
        order = np.argsort(-self.scores, kind="stable")
        by_class = order[np.argsort(self.detection_class[order], kind="stable")]
        sizes = np.bincount(self.detection_class, minlength=len(self.category_ids))
        return tuple(np.split(by_class, np.cumsum(sizes)[:-1])) if len(sizes) else ()


def match(given: EvaluationInput) -> Matches:
    """The record of both sides; either may be empty.

    Source: pycocotools 2.0.11, ``cocoeval.py``: ``evaluateImg`` for all areas (BSD).
    """
    image_ids = np.unique(np.array([one["id"] for one in given.truth["images"]], np.int64))
    categories = sorted(given.truth["categories"], key=lambda one: int(one["id"]))
    class_of = {one["id"]: place for place, one in enumerate(categories)}
    detections = _by_picture(given.predictions["annotations"], image_ids)
    objects = _by_picture(given.truth["annotations"], image_ids)
    parts: list[_PictureMatches] = []
    for picture in range(len(image_ids)):
        here = objects.get(picture, [])
        kept = _best(detections.get(picture, []), given.rules.max_detections)
        parts.append(_match_picture(kept, here, given.iou_type, class_of=class_of))
    return _joined(parts, given, image_ids=image_ids, categories=categories)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _PictureMatches:
    """As :class:`Matches`, of one picture: places count from its own first one."""

    detections: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]]
    detection_class: np.ndarray
    object_class: np.ndarray
    is_ignored: np.ndarray
    found: np.ndarray
    pairs: tuple[np.ndarray, np.ndarray, np.ndarray]


def _by_picture(
    annotations: Sequence[dict[str, Any]], image_ids: np.ndarray
) -> dict[int, list[dict[str, Any]]]:
    place_of = {image_id: place for place, image_id in enumerate(image_ids.tolist())}
    groups: dict[int, list[dict[str, Any]]] = {}
    for one in annotations:
        groups.setdefault(place_of[one["image_id"]], []).append(one)
    return groups


def _best(detections: list[dict[str, Any]], most: int) -> list[dict[str, Any]]:
    """By score, highest first, and of each class not more than ``most``."""
    kept, seen = [], dict.fromkeys((one["category_id"] for one in detections), 0)
    for one in sorted(detections, key=lambda one: -float(one["score"])):
        seen[one["category_id"]] += 1
        if seen[one["category_id"]] <= most:
            kept.append(one)
    return kept


def _match_picture(
    detections: list[dict[str, Any]],
    objects: list[dict[str, Any]],
    iou_type: IouType,
    *,
    class_of: Mapping[int, int],
) -> _PictureMatches:
    ious = overlaps(detections, objects, iou_type)
    detection_class = np.array([class_of[one["category_id"]] for one in detections], np.int64)
    object_class = np.array([class_of[one["category_id"]] for one in objects], np.int64)
    is_ignored = np.array([bool(one["iscrowd"]) for one in objects], bool)
    found = np.full((len(IOU_THRESHOLDS), len(detections)), NOTHING)
    for class_id in np.intersect1d(detection_class, object_class).tolist():
        rows = np.flatnonzero(detection_class == class_id)
        columns = np.flatnonzero(object_class == class_id)
        chosen = _match_class(ious[np.ix_(rows, columns)], is_ignored[columns])
        found[:, rows] = np.where(chosen == NOTHING, NOTHING, columns[chosen])
    pair_detection, pair_object = np.nonzero((ious >= LEAST_OVERLAP) & ~is_ignored)
    return _PictureMatches(
        detections=detections,
        objects=objects,
        detection_class=detection_class,
        object_class=object_class,
        is_ignored=is_ignored,
        found=found,
        pairs=(pair_detection, pair_object, ious[pair_detection, pair_object]),
    )


def _match_class(ious: np.ndarray, is_ignored: np.ndarray) -> np.ndarray:
    """For each IoU threshold and detection the object it takes, or :data:`NOTHING`.

    The best detection chooses first: the object it overlaps most among those not taken, and only
    when there is none a region to be ignored, which any number may take.
    """
    needed = np.minimum(IOU_THRESHOLDS, 1 - 1e-10)[:, None]
    found = np.full((len(IOU_THRESHOLDS), len(ious)), NOTHING)
    is_free = np.tile(~is_ignored, (len(IOU_THRESHOLDS), 1))
    thresholds = np.arange(len(IOU_THRESHOLDS))
    for row in np.flatnonzero(ious.max(axis=1) >= needed[0, 0]):
        reached = ious[row] >= needed
        choice = _last_best(np.where(reached & is_free, ious[row], -1.0))
        fallback = _last_best(np.where(reached & is_ignored, ious[row], -1.0))
        found[:, row] = np.where(choice == NOTHING, fallback, choice)
        taken = choice != NOTHING
        is_free[thresholds[taken], choice[taken]] = False
    return found


def _last_best(ious: np.ndarray) -> np.ndarray:
    """Of each row the place of the highest; of equal ones the last, as pycocotools takes it."""
    last = ious.shape[1] - 1
    best = last - np.argmax(ious[:, ::-1], axis=1)
    return np.where(ious[np.arange(len(ious)), best] < 0, NOTHING, best)


def _joined(
    parts: Sequence[_PictureMatches],
    given: EvaluationInput,
    *,
    image_ids: np.ndarray,
    categories: Sequence[Mapping[str, Any]],
) -> Matches:
    many = [len(part.detections) for part in parts]
    many_objects = [len(part.objects) for part in parts]
    starts = np.cumsum([0, *many])[:-1]
    object_starts = np.cumsum([0, *many_objects])[:-1]
    found = _joined_arrays(
        [
            np.where(part.found == NOTHING, NOTHING, part.found + start)
            for part, start in zip(parts, object_starts, strict=True)
        ],
        np.zeros((len(IOU_THRESHOLDS), 0), np.int64),
    )
    is_ignored = _joined_arrays([part.is_ignored for part in parts], np.zeros(0, bool))
    is_hit, counts = _outcomes(found, is_ignored, _flags(parts))
    nothing = np.zeros(0, np.int64)
    return Matches(
        iou_type=given.iou_type,
        image_ids=image_ids,
        category_ids=np.array([one["id"] for one in categories], np.int64),
        class_names=_distinct_names(categories),
        scores=np.array([float(one["score"]) for one in _each(parts, "detections")], np.float64),
        detection_picture=np.repeat(np.arange(len(parts)), many),
        detection_class=_joined_arrays([part.detection_class for part in parts], nothing),
        detection_place=np.array([one["place"] for one in _each(parts, "detections")], np.int64),
        found=found,
        is_hit=is_hit,
        counts=counts,
        object_picture=np.repeat(np.arange(len(parts)), many_objects),
        object_class=_joined_arrays([part.object_class for part in parts], nothing),
        object_id=np.array([one["truth_id"] for one in _each(parts, "objects")], np.int64),
        object_area_px=np.array(
            [float(one["area"]) for one in _each(parts, "objects")], np.float64
        ),
        is_ignored=is_ignored,
        pair_detection=_joined_arrays(
            [part.pairs[0] + start for part, start in zip(parts, starts, strict=True)], nothing
        ),
        pair_object=_joined_arrays(
            [part.pairs[1] + start for part, start in zip(parts, object_starts, strict=True)],
            nothing,
        ),
        pair_iou=_joined_arrays([part.pairs[2] for part in parts], np.zeros(0)),
    )


def _distinct_names(categories: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """What the classes are called; those that share a name have their id in it."""
    alike = Counter(str(one["name"]) for one in categories)
    return tuple(
        str(one["name"]) if alike[str(one["name"])] == 1 else f"{one['name']} ({one['id']})"
        for one in categories
    )


def _each(parts: Sequence[_PictureMatches], side: str) -> Iterator[Mapping[str, Any]]:
    return (one for part in parts for one in getattr(part, side))


def _flags(parts: Sequence[_PictureMatches]) -> np.ndarray:
    return np.array([bool(one.get(IS_FORGIVEN)) for one in _each(parts, "detections")], bool)


def _outcomes(
    found: np.ndarray, is_ignored: np.ndarray, is_forgiven: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which detections are hits and which count, at each threshold."""
    is_matched = found != NOTHING
    # One more place, so that NOTHING points at something.
    hits_ignored = is_matched & np.append(is_ignored, False)[found]
    is_hit = is_matched & ~hits_ignored
    return is_hit, is_hit | (~is_matched & ~is_forgiven)


def _joined_arrays(parts: Sequence[np.ndarray], nothing: np.ndarray) -> np.ndarray:
    return np.concatenate([nothing, *parts], axis=-1)
