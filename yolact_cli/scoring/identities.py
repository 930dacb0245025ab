"""How well identities are kept over a video: identity switches and IDF1.

Two views, as neither tells all. Switches are counted frame by frame: how often an object gets
another identity than it last had. Source: Bernardin and Stiefelhagen, "Evaluating Multiple Object
Tracking Performance: The CLEAR MOT Metrics" (2008), section 2.1. IDF1 asks how much of the whole
video is right when every true identity is given the one predicted identity that suits it best.
Source: Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera
Tracking" (arXiv 1609.01775), section 3.2. Classes are not looked at.

Symbols: ``t`` true and ``p`` predicted objects.
"""

import math
from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from jaxtyping import Float64
from pycocotools import mask as coco_mask
from scipy.optimize import linear_sum_assignment

from yolact_cli.scoring.prepare import IouType

Region = Sequence[float] | Mapping[str, Any]
"""A box [x, y, width, height] or a compressed COCO RLE."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityFigures:
    """Figures of one or more videos; NaN where there is nothing to be measured.

    Attributes:
        frames: How many were compared.
        truth_objects: True objects, summed over the frames.
        predicted_objects: Predicted ones, likewise.
        matches: True objects found, by the frame-by-frame matching.
        switches: True objects found under another identity than when last found.
        id_true_positives: Objects found under the identity that suits best over the whole video.
        idf1: Of all objects on both sides, the part found so, [0, 1].
        idp: Of the predicted objects, [0, 1].
        idr: Of the true objects, [0, 1].
    """

    frames: int
    truth_objects: int
    predicted_objects: int
    matches: int
    switches: int
    id_true_positives: int
    idf1: float
    idp: float
    idr: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {key: None if math.isnan(value) else value for key, value in values.items()}


class IdentityScorer:
    """Compares a video's identities with the true ones, frame by frame.

    Memory grows with the identities, not with the frames. For several videos, give each its own
    scorer and add the figures up with :func:`together`.

    Args:
        iou_type: What the regions are: boxes or masks.
        min_iou: Pairs that overlap by less are no match, (0, 1].
    """

    def __init__(self, iou_type: IouType, *, min_iou: float = 0.5) -> None:
        self._iou_type = iou_type
        self._min_iou = min_iou
        self._frames = self._truth_objects = self._predicted_objects = 0
        self._matches = self._switches = 0
        self._last_match: dict[Hashable, Hashable] = {}
        self._in_last_frame: dict[Hashable, Hashable] = {}
        self._shared_frames: Counter[tuple[Hashable, Hashable]] = Counter()

    def add(self, truth: Mapping[Hashable, Region], predicted: Mapping[Hashable, Region]) -> None:
        """Compare the next frame. Both sides map identities to regions, and may be empty."""
        truth_ids, predicted_ids = list(truth), list(predicted)
        ious = _ious(list(truth.values()), list(predicted.values()), self._iou_type)
        is_near = ious >= self._min_iou
        self._frames += 1
        self._truth_objects += len(truth)
        self._predicted_objects += len(predicted)
        for row, column in np.argwhere(is_near):
            self._shared_frames[truth_ids[row], predicted_ids[column]] += 1
        goes_on = np.array(
            [[self._in_last_frame.get(true) == one for one in predicted_ids] for true in truth_ids],
            float,
        ).reshape(ious.shape)
        pairs = {
            truth_ids[row]: predicted_ids[column]
            for row, column in _matched(is_near, ious, goes_on)
        }
        self._matches += len(pairs)
        self._switches += sum(self._last_match.get(true, one) != one for true, one in pairs.items())
        self._last_match |= pairs
        self._in_last_frame = pairs

    def figures(self) -> IdentityFigures:
        """The figures of all frames so far."""
        return _figures(
            frames=self._frames,
            truth_objects=self._truth_objects,
            predicted_objects=self._predicted_objects,
            matches=self._matches,
            switches=self._switches,
            id_true_positives=_most_shared_frames(self._shared_frames),
        )


def together(figures: Sequence[IdentityFigures]) -> IdentityFigures:
    """Figures of several videos as one: counts are summed, so that longer videos weigh more."""
    counts = ("frames", "truth_objects", "predicted_objects", "matches", "switches")
    return _figures(
        **{
            name: sum(getattr(one, name) for one in figures)
            for name in (*counts, "id_true_positives")
        }
    )


def _figures(
    *, truth_objects: int, predicted_objects: int, id_true_positives: int, **counts: int
) -> IdentityFigures:
    def ratio(part: int, whole: int) -> float:
        return part / whole if whole else math.nan

    return IdentityFigures(
        frames=counts["frames"],
        truth_objects=truth_objects,
        predicted_objects=predicted_objects,
        matches=counts["matches"],
        switches=counts["switches"],
        id_true_positives=id_true_positives,
        idf1=ratio(2 * id_true_positives, truth_objects + predicted_objects),
        idp=ratio(id_true_positives, predicted_objects),
        idr=ratio(id_true_positives, truth_objects),
    )


def _matched(
    is_near: np.ndarray, ious: Float64[np.ndarray, "t p"], goes_on: Float64[np.ndarray, "t p"]
) -> list[tuple[int, int]]:
    """One-to-one pairs of a frame: those that go on first, then as many as can be, then by IoU.

    CLEAR MOT keeps a pair of the last frame while it is still near enough, even where another
    would overlap more. A pair that goes on may then cost others; it is worth more than all.
    """
    if not is_near.any():
        return []
    most = min(ious.shape) + 1.0
    worth = np.where(is_near, ious / most + 1 + goes_on * most, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return [(row, column) for row, column in pairs if is_near[row, column]]


def _most_shared_frames(shared: Mapping[tuple[Hashable, Hashable], int]) -> int:
    """Frames in which truth and prediction agree, under the best one-to-one of whole identities.

    Ristani's graph also has a node for every identity left alone, with all its frames as cost.
    False positives and negatives are then the objects of both sides less twice these frames, so
    the cheapest assignment is the one that shares the most frames.
    """
    if not shared:
        return 0
    rows = {true: row for row, true in enumerate(dict.fromkeys(true for true, _ in shared))}
    columns = {one: column for column, one in enumerate(dict.fromkeys(one for _, one in shared))}
    frames = np.zeros((len(rows), len(columns)))
    for (true, one), count in shared.items():
        frames[rows[true], columns[one]] = count
    best = linear_sum_assignment(frames, maximize=True)
    return int(frames[best].sum())


def _ious(
    truth: Sequence[Region], predicted: Sequence[Region], iou_type: IouType
) -> Float64[np.ndarray, "t p"]:
    if not (truth and predicted):
        return np.zeros((len(truth), len(predicted)))
    sides: list[Any] = [list(predicted), list(truth)]
    if iou_type == "bbox":
        sides = [np.array([list(box) for box in side], np.float64) for side in sides]
    # One flag for each of the second side: none is a crowd, so that this is the plain IoU.
    ious = coco_mask.iou(*sides, [0] * len(truth))
    return np.asarray(ious, np.float64).T
