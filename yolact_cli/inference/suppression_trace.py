"""Which anchors non-maximum suppression let an object win over, and why each went. No torch.

The choice itself is ``inference/nms.py``'s; here one object's part of it is done once more, with
all that the choice forgets. Symbols: ``n`` anchors of a picture, ``c`` classes without background,
``m`` anchors that compete for an object, the best score first.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Int

from yolact_cli.inference.selection import Selection
from yolact_cli.structures import RawOutputs
from yolact_cli.traces import Fate, SuppressionTrace, TracedAnchor

_FINEST_LEVEL = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Contest:
    """The anchors that compete with one another, the best score first.

    Attributes:
        anchors: Their places among all.
        class_ids: What each stands for.
        scores: In that.
        entering: How many of them, from the front, are compared at all.
        ious: Of each of those that enter with each.
        survives: Which of those that enter stay.
    """

    anchors: Int[np.ndarray, " m"]
    class_ids: Int[np.ndarray, " m"]
    scores: Float32[np.ndarray, " m"]
    entering: int
    ious: Float[np.ndarray, "e e"]
    survives: Bool[np.ndarray, " e"]


def trace_suppression(raw: RawOutputs, selection: Selection, *, candidate: int) -> SuppressionTrace:
    """What gave way to one of the candidates of a single picture.

    Args:
        raw: The network's outputs for one picture, with what was chosen from them.
        selection: What they were chosen by.
        candidate: The place of the object among ``raw.candidates[0]``.
    """
    boxes, scores = raw.boxes_xyxy_norm[0], raw.class_probabilities[0, :, 1:]
    anchor, class_id = anchor_of(raw, candidate)
    contest = hold_contest(boxes, scores, selection, class_id=class_id)
    place = int(np.flatnonzero(contest.anchors == anchor)[0])
    with_winner = iou(boxes[[anchor]], boxes[contest.anchors])[0]
    with_winner[: contest.entering] = contest.ious[place]
    fates = _fates(contest, place, with_winner=with_winner, selection=selection)
    name = _AnchorNames(raw)
    traced = []
    for rival, fate in fates.items():
        by, by_iou = _strongest_rival(contest, rival)
        traced.append(
            name.traced(
                int(contest.anchors[rival]),
                class_id=int(contest.class_ids[rival]),
                score=float(contest.scores[rival]),
                iou=float(with_winner[rival]),
                fate=fate,
                beaten_by=(by, by_iou),
            )
        )
    return SuppressionTrace(
        winner=name.traced(
            anchor, class_id=class_id, score=float(contest.scores[place]), iou=1.0, fate="won"
        ),
        beaten=tuple(traced),
        entered=contest.entering,
    )


def anchor_of(raw: RawOutputs, candidate: int) -> tuple[int, int]:
    """The anchor and the class that a candidate of a single picture stands for.

    A candidate's numbers are the anchor's own, bit for bit; anchors alike in all of them are
    alike in every other respect.
    """
    chosen = raw.candidates[0]
    class_id = int(chosen.class_ids[candidate])
    is_it = (raw.boxes_xyxy_norm[0] == chosen.boxes_xyxy_norm[candidate]).all(axis=1)
    is_it &= raw.class_probabilities[0, :, 1 + class_id] == chosen.scores[candidate]
    return int(np.flatnonzero(is_it)[0]), class_id


def hold_contest(
    boxes_xyxy_norm: Float32[np.ndarray, "n 4"],
    scores: Float32[np.ndarray, "n c"],
    selection: Selection,
    *,
    class_id: int,
) -> Contest:
    """The contest that decides about objects of a class, or about all where classes compete.

    Those too faint or too many to enter come after those that do.
    """
    nms = selection.nms
    usable = (scores.max(axis=1) > nms.candidate_score) & np.isfinite(boxes_xyxy_norm).all(axis=1)
    anchors = np.flatnonzero(usable)
    if nms.kind == "agnostic":
        class_ids = scores[anchors].argmax(axis=1)
    else:
        # the paper's kind asks the candidate's score of an anchor's best class only
        floor = nms.candidate_score
        if nms.kind == "fast":
            floor = min(floor, selection.score_threshold)
        anchors = anchors[scores[anchors, class_id] > floor]
        class_ids = np.full(len(anchors), class_id)
    own = scores[anchors, class_ids]
    order = np.argsort(-own, kind="stable")
    anchors, class_ids, own = anchors[order], class_ids[order], own[order]
    entering = len(own)
    if nms.kind != "agnostic":
        entering = int((own > np.float32(selection.score_threshold)).sum())
    if nms.kind != "standard":
        entering = min(entering, nms.top_k)
    inside = boxes_xyxy_norm[anchors[:entering]]
    if nms.kind == "standard":
        inside = inside.astype(np.float64)
    ious = iou(inside, inside)
    survives = _greedy if nms.kind == "standard" else _fast
    return Contest(
        anchors=anchors,
        class_ids=class_ids,
        scores=own,
        entering=entering,
        ious=ious,
        survives=survives(ious, nms.iou_threshold),
    )


def iou(
    boxes_xyxy: Float[np.ndarray, "n 4"], others_xyxy: Float[np.ndarray, "m 4"]
) -> Float[np.ndarray, "n m"]:
    """Intersection over union of every pair, the same bits as ``geometry.boxes.iou``."""
    low = np.maximum(boxes_xyxy[:, None, :2], others_xyxy[None, :, :2])
    high = np.minimum(boxes_xyxy[:, None, 2:], others_xyxy[None, :, 2:])
    size = np.maximum(high - low, 0)
    shared = size[..., 0] * size[..., 1]
    union = _area(boxes_xyxy)[:, None] + _area(others_xyxy)[None] - shared
    tiny = np.finfo(union.dtype).tiny
    overlaps: np.ndarray = np.where(union > 0, shared / np.maximum(union, tiny), 0)
    return overlaps


def _area(boxes_xyxy: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, " n"]:
    size = np.maximum(boxes_xyxy[:, 2:] - boxes_xyxy[:, :2], 0)
    area: np.ndarray = size[:, 0] * size[:, 1]
    return area


def _fast(ious: Float[np.ndarray, "e e"], threshold: float) -> Bool[np.ndarray, " e"]:
    if not len(ious):
        return np.zeros(0, bool)
    worst: np.ndarray = np.triu(ious, 1).max(axis=0)
    survives: np.ndarray = worst <= threshold
    return survives


def _greedy(ious: Float[np.ndarray, "e e"], threshold: float) -> Bool[np.ndarray, " e"]:
    survives = np.ones(len(ious), bool)
    for place in range(len(ious)):
        if survives[place]:
            survives[place + 1 :] &= ious[place, place + 1 :] <= threshold
    return survives


def _fates(
    contest: Contest,
    winner: int,
    *,
    with_winner: Float[np.ndarray, " m"],
    selection: Selection,
) -> dict[int, Fate]:
    """Of each rival that went because of the winner, in the order of the contest."""
    threshold = selection.nms.iou_threshold
    fates: dict[int, Fate] = {}
    for rival in range(winner + 1, len(contest.anchors)):
        overlaps = with_winner[rival] > threshold
        if rival < contest.entering:
            if overlaps and not contest.survives[rival]:
                fates[rival] = "overlap"
            elif not contest.survives[rival] and _is_chained(contest, winner, rival, threshold):
                fates[rival] = "chain"
        elif overlaps:
            is_faint = contest.scores[rival] <= np.float32(selection.score_threshold)
            fates[rival] = "faint" if is_faint else "rank"
    return fates


def _is_chained(contest: Contest, winner: int, rival: int, threshold: float) -> bool:
    """Whether a rival overlaps no survivor, but one of those that the winner overlaps."""
    better = np.flatnonzero(contest.ious[:rival, rival] > threshold)
    if contest.survives[better].any():
        return False
    return bool((contest.ious[winner, better] > threshold).any())


def _strongest_rival(contest: Contest, rival: int) -> tuple[int | None, float]:
    """The better anchor that overlaps this one most, and by how much; None if never compared."""
    if rival >= contest.entering:
        return None, 0.0
    place = int(contest.ious[:rival, rival].argmax())
    return int(contest.anchors[place]), float(contest.ious[place, rival])


class _AnchorNames:
    """Where in the pyramid an anchor stands."""

    def __init__(self, raw: RawOutputs) -> None:
        cells = [rows * columns for rows, columns in raw.level_sizes_hw]
        self._boxes = raw.boxes_xyxy_norm[0]
        self._per_cell = len(self._boxes) // sum(cells)
        self._columns = [columns for _, columns in raw.level_sizes_hw]
        self._starts: Sequence[int] = np.cumsum([0, *cells])[:-1].tolist()

    def traced(
        self,
        anchor: int,
        *,
        class_id: int,
        score: float,
        iou: float,
        fate: Fate,
        beaten_by: tuple[int | None, float] = (None, 0.0),
    ) -> TracedAnchor:
        cell, shape = divmod(anchor, self._per_cell)
        level = int(np.searchsorted(self._starts, cell, side="right")) - 1
        row, column = divmod(cell - self._starts[level], self._columns[level])
        left, top, right, bottom = self._boxes[anchor].tolist()
        return TracedAnchor(
            anchor_index=anchor,
            level=_FINEST_LEVEL + level,
            row=row,
            column=column,
            shape=shape,
            class_id=class_id,
            score=score,
            box=(left, top, right, bottom),
            iou=iou,
            fate=fate,
            beaten_by=beaten_by[0],
            beaten_by_iou=beaten_by[1],
        )
