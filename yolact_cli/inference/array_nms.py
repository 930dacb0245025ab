"""Which anchors become detections, on arrays: for runtimes that do without torch.

The rules, and the order of equals, are those of ``inference/nms.py``, which runs on a GPU's own
tensors; a test holds the two together. Importing torch costs more than labelling a picture.

Symbols: ``n`` anchors of one picture, ``c`` classes without background, ``d`` detections chosen,
``p`` pairs of an anchor and a class.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int, Int64

from yolact_cli.inference.selection import Selection

# Scales of the regressed centre and size. Source: SSD (arXiv 1512.02325), kept by YOLACT.
CENTRE_VARIANCE, SIZE_VARIANCE = np.float32(0.1), np.float32(0.2)
# Logits this much below what the candidate score asks for are still looked at exactly.
_LOGIT_MARGIN = 1e-3
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChosenArrays:
    """Detections of one picture, highest score first; an anchor may stand for several classes."""

    anchor_indices: Int64[np.ndarray, " d"]
    class_ids: Int64[np.ndarray, " d"]
    scores: Float32[np.ndarray, " d"]

    def __getitem__(self, index: np.ndarray | slice) -> "ChosenArrays":
        return ChosenArrays(
            anchor_indices=self.anchor_indices[index],
            class_ids=self.class_ids[index],
            scores=self.scores[index],
        )


def candidate_anchors(
    class_logits: Float32[np.ndarray, "n classes"], candidate_score: float
) -> tuple[Int64[np.ndarray, " m"], Float32[np.ndarray, "m c"]]:
    """Anchors with a class above ``candidate_score``, and the scores of their classes.

    The softmax is taken of those alone that can get there: of tens of thousands of anchors a few
    hundred are.
    """
    if class_logits.shape[1] < 2:
        return np.zeros(0, np.int64), np.zeros((0, 0), np.float32)
    # the best class's share is at most exp(best) / (exp(best) + exp(background))
    least = -math.inf
    if candidate_score > 0:
        least = math.log(candidate_score / (1 - candidate_score)) - _LOGIT_MARGIN
    with np.errstate(over="ignore", invalid="ignore"):  # what is no number leads nowhere
        lead = _best_of_each(class_logits[:, 1:]) - class_logits[:, 0]
    anchors = np.flatnonzero(lead > least)
    scores = softmax(class_logits[anchors])[:, 1:]
    is_candidate = scores.max(axis=1, initial=0) > candidate_score
    return anchors[is_candidate], scores[is_candidate]


def _best_of_each(logits: Float32[np.ndarray, "n c"]) -> Float32[np.ndarray, " n"]:
    """The highest of each row, in half the time that ``max`` takes for rows so short.

    Turned, so that many rows are compared at once; in parts that stay in a core's cache.
    """
    best = np.empty(len(logits), logits.dtype)
    for start in range(0, len(logits), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        np.ascontiguousarray(logits[rows].T).max(axis=0, out=best[rows])
    return best


def softmax(logits: Float32[np.ndarray, "*n classes"]) -> Float32[np.ndarray, "*n classes"]:
    """Shares that add up to one along the last axis."""
    with np.errstate(over="ignore", invalid="ignore"):  # of what is no number there are none
        powers = np.exp(logits - logits.max(axis=-1, keepdims=True, initial=-np.inf))
        shares: np.ndarray = powers / powers.sum(axis=-1, keepdims=True)
    return shares


def decode_boxes(
    offsets: Float32[np.ndarray, "n 4"], anchors_cxcywh: Float32[np.ndarray, "n 4"]
) -> Float32[np.ndarray, "n 4"]:
    """Corners of the boxes that the head means, unclipped, in the anchors' unit.

    Source: SSD's coding with variances 0.1 and 0.2, as in YOLACT.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is left out later
        centre = anchors_cxcywh[:, :2] + offsets[:, :2] * CENTRE_VARIANCE * anchors_cxcywh[:, 2:]
        half = anchors_cxcywh[:, 2:] * np.exp(offsets[:, 2:] * SIZE_VARIANCE) / 2
        corners: np.ndarray = np.concatenate((centre - half, centre + half), axis=1)
    return corners


def choose_detections(
    boxes_xyxy_norm: Float32[np.ndarray, "n 4"],
    scores: Float32[np.ndarray, "n c"],
    selection: Selection,
) -> ChosenArrays:
    """The best detections of one picture's candidate anchors after suppression.

    Args:
        boxes_xyxy_norm: Of the candidates; all finite.
        scores: Of the candidates, background left out.
        selection: What is asked for.
    """
    if not scores.size:
        nothing = np.zeros(0, np.int64)
        return ChosenArrays(
            anchor_indices=nothing, class_ids=nothing, scores=np.zeros(0, np.float32)
        )
    if selection.nms.kind == "fast":
        return _fast_per_class(boxes_xyxy_norm, scores, selection)
    if selection.nms.kind == "agnostic":
        return _fast_agnostic(boxes_xyxy_norm, scores, selection)
    return _greedy_per_class(boxes_xyxy_norm, scores, selection)


def _fast_per_class(
    boxes: Float32[np.ndarray, "n 4"], scores: Float32[np.ndarray, "n c"], selection: Selection
) -> ChosenArrays:
    pairs = _wanted_pairs(scores, selection, floor=0.0)
    survives = np.zeros(len(pairs.scores), bool)
    for places in _by_class(pairs):
        ranked = places[: selection.nms.top_k]
        survives[ranked] = _fast_nms(
            boxes[pairs.anchor_indices[ranked]], selection.nms.iou_threshold
        )
    return _best(pairs[survives], selection.nms.max_detections)


def _fast_agnostic(
    boxes: Float32[np.ndarray, "n 4"], scores: Float32[np.ndarray, "n c"], selection: Selection
) -> ChosenArrays:
    class_ids, best = scores.argmax(axis=1), scores.max(axis=1)
    anchors = np.argsort(-best, kind="stable")[: selection.nms.top_k]
    chosen = ChosenArrays(
        anchor_indices=anchors, class_ids=class_ids[anchors], scores=best[anchors]
    )
    survives = _fast_nms(boxes[anchors], selection.nms.iou_threshold)
    survives &= chosen.scores > np.float32(selection.score_threshold)
    if selection.class_ids is not None:
        survives &= np.isin(chosen.class_ids, selection.class_ids)
    return _best(chosen[survives], selection.nms.max_detections)


def _greedy_per_class(
    boxes: Float32[np.ndarray, "n 4"], scores: Float32[np.ndarray, "n c"], selection: Selection
) -> ChosenArrays:
    pairs = _wanted_pairs(scores, selection, floor=selection.nms.candidate_score)
    survives = np.zeros(len(pairs.scores), bool)
    for places in _by_class(pairs):
        ranked = boxes[pairs.anchor_indices[places]].astype(np.float64)
        survives[places] = _greedy_nms(ranked, selection.nms.iou_threshold)
    return _best(pairs[survives], selection.nms.max_detections)


def _fast_nms(boxes: Float32[np.ndarray, "n 4"], iou_threshold: float) -> Bool[np.ndarray, " n"]:
    """Which boxes survive: those that no better one overlaps, even one that goes itself.

    Source: YOLACT (arXiv 1904.02689) section 3.3.
    """
    overlaps = np.triu(_iou(boxes, boxes), k=1)
    survives: np.ndarray = overlaps.max(axis=0, initial=0) <= np.float32(iou_threshold)
    return survives


def _greedy_nms(boxes: np.ndarray, iou_threshold: float) -> Bool[np.ndarray, " n"]:
    """Which boxes survive: those that no better survivor overlaps."""
    survives = np.ones(len(boxes), bool)
    for place in range(len(boxes) - 1):
        if survives[place]:
            overlaps = _iou(boxes[place : place + 1], boxes[place + 1 :])[0]
            survives[place + 1 :] &= overlaps <= iou_threshold
    return survives


def _iou(boxes: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Intersection over union of every pair; zero where both boxes are empty."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    size = (high - low).clip(min=0)
    shared = size[..., 0] * size[..., 1]
    union = _area(boxes)[:, None] + _area(others)[None] - shared
    ious: np.ndarray = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return ious


def _area(boxes: np.ndarray) -> np.ndarray:
    size = (boxes[:, 2:] - boxes[:, :2]).clip(min=0)
    area: np.ndarray = size[:, 0] * size[:, 1]
    return area


def _wanted_pairs(
    scores: Float32[np.ndarray, "n c"], selection: Selection, *, floor: float
) -> ChosenArrays:
    """Pairs above the threshold, class by class, each class in the order of its anchors."""
    is_wanted = scores > np.float32(max(selection.score_threshold, floor))
    if selection.class_ids is not None:
        unwanted = np.ones(scores.shape[1], bool)
        unwanted[list(selection.class_ids)] = False
        is_wanted[:, unwanted] = False
    class_ids, anchors = np.nonzero(is_wanted.T)
    return ChosenArrays(
        anchor_indices=anchors, class_ids=class_ids, scores=scores[anchors, class_ids]
    )


def _by_class(pairs: ChosenArrays) -> list[Int[np.ndarray, " _"]]:
    """Places of each class's pairs, the best score first."""
    order = np.lexsort((np.arange(len(pairs.scores)), -pairs.scores, pairs.class_ids))
    edges = np.flatnonzero(np.diff(pairs.class_ids[order])) + 1
    return [places for places in np.split(order, edges) if len(places)]


def _best(chosen: ChosenArrays, max_detections: int) -> ChosenArrays:
    return chosen[np.argsort(-chosen.scores, kind="stable")[:max_detections]]
