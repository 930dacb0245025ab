"""Which anchors become detections.

Symbols: ``n`` anchors of one picture, ``c`` classes without background, ``d`` detections chosen,
``p`` pairs of an anchor and a class. Equal scores keep the order of the anchors, so that the same
picture always gives the same detections.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from yolact_cli.geometry.boxes import iou
from yolact_cli.inference.selection import Selection


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chosen:
    """Detections of one picture, highest score first; an anchor may stand for several classes."""

    anchor_indices: Int[Tensor, " d"]
    class_ids: Int[Tensor, " d"]
    scores: Float[Tensor, " d"]

    def __getitem__(self, index: Tensor) -> "Chosen":
        return Chosen(
            anchor_indices=self.anchor_indices[index],
            class_ids=self.class_ids[index],
            scores=self.scores[index],
        )


def choose_detections(
    boxes_xyxy_norm: Float[Tensor, "n 4"], scores: Float[Tensor, "n c"], selection: Selection
) -> Chosen:
    """The best detections of one picture after non-maximum suppression; none for no anchors.

    Anchors whose box is not finite are left out.

    Source: dbolya/yolact 902073d, ``layers/functions/detection.py`` (MIT): ``fast_nms``,
    ``cc_fast_nms`` (here with the cap on detections too) and, but for its integer boxes,
    ``traditional_nms``.
    """
    best = scores.amax(dim=1) if scores.shape[1] else scores.new_zeros(len(scores))
    is_candidate = (best > selection.least_score) & boxes_xyxy_norm.isfinite().all(dim=1)
    anchors = is_candidate.nonzero().squeeze(1)
    boxes, scores = boxes_xyxy_norm[anchors], scores[anchors]
    if selection.nms.kind == "fast":
        chosen = _fast_per_class(boxes, scores, selection)
    elif selection.nms.kind == "agnostic":
        chosen = _fast_agnostic(boxes, scores, selection)
    else:
        chosen = _greedy_per_class(boxes, scores, selection)
    return Chosen(
        anchor_indices=anchors[chosen.anchor_indices],
        class_ids=chosen.class_ids,
        scores=chosen.scores,
    )


def fast_nms(
    boxes_xyxy: Float[Tensor, "*groups n 4"], iou_threshold: float
) -> Bool[Tensor, "*groups n"]:
    """Which boxes, sorted by score within their group, survive Fast NMS.

    A box goes when any better one of its group overlaps it by more than ``iou_threshold``, even
    one that goes itself.

    Source: YOLACT (arXiv 1904.02689) section 3.3.
    """
    if not boxes_xyxy.shape[-2]:
        return boxes_xyxy.new_zeros(boxes_xyxy.shape[:-1], dtype=torch.bool)
    worst_overlap = iou(boxes_xyxy, boxes_xyxy).triu(diagonal=1).amax(dim=-2)
    return worst_overlap <= iou_threshold


def _fast_per_class(
    boxes: Float[Tensor, "n 4"], scores: Float[Tensor, "n c"], selection: Selection
) -> Chosen:
    pairs = _by_class_and_score(_wanted_pairs(scores, selection, floor=0.0))
    rank = _rank_within_class(pairs.class_ids, scores.shape[1])
    entering = rank < selection.nms.top_k
    pairs, rank = pairs[entering], rank[entering]
    if not len(rank):
        return pairs
    # one row a class that occurs; the empty places at a row's end come last and suppress nobody
    row = (pairs.class_ids.diff(prepend=pairs.class_ids[:1]) != 0).cumsum(0)
    table = boxes.new_zeros((int(row[-1]) + 1, int(rank.max()) + 1, 4))
    table[row, rank] = boxes[pairs.anchor_indices]
    survives = fast_nms(table, selection.nms.iou_threshold)[row, rank]
    return _best(pairs[survives], selection.nms.max_detections)


def _fast_agnostic(
    boxes: Float[Tensor, "n 4"], scores: Float[Tensor, "n c"], selection: Selection
) -> Chosen:
    best, class_ids = scores.max(dim=1)
    ranked, anchors = best.sort(descending=True, stable=True)
    ranked, anchors = ranked[: selection.nms.top_k], anchors[: selection.nms.top_k]
    chosen = Chosen(anchor_indices=anchors, class_ids=class_ids[anchors], scores=ranked)
    survives = fast_nms(boxes[anchors], selection.nms.iou_threshold)
    survives &= chosen.scores > selection.score_threshold
    if selection.class_ids is not None:
        wanted = torch.tensor(selection.class_ids, device=scores.device)
        survives &= torch.isin(chosen.class_ids, wanted)
    return _best(chosen[survives], selection.nms.max_detections)


def _greedy_per_class(
    boxes: Float[Tensor, "n 4"], scores: Float[Tensor, "n c"], selection: Selection
) -> Chosen:
    pairs = _wanted_pairs(scores, selection, floor=selection.nms.candidate_score)
    if not len(pairs.scores):
        return pairs
    from torchvision.ops import nms as greedy_nms  # loads as slowly as torch; others do without

    # float64 keeps boxes exact beside the offset that parts the classes; MPS has none, hence cpu
    apart = boxes[pairs.anchor_indices].cpu().double()
    apart += pairs.class_ids.cpu()[:, None] * (apart.max() - apart.min() + 1)
    kept: Tensor = greedy_nms(apart, pairs.scores.cpu().double(), selection.nms.iou_threshold)
    return _best(pairs[kept.to(scores.device)], selection.nms.max_detections)


def _wanted_pairs(scores: Float[Tensor, "n c"], selection: Selection, *, floor: float) -> Chosen:
    """Pairs above the threshold, class by class, each class in the order of its anchors."""
    is_wanted = scores > max(selection.score_threshold, floor)
    if selection.class_ids is not None:
        unwanted = torch.ones(scores.shape[1], dtype=torch.bool, device=scores.device)
        unwanted[list(selection.class_ids)] = False
        is_wanted &= ~unwanted
    class_ids, anchors = is_wanted.T.nonzero(as_tuple=True)
    return Chosen(anchor_indices=anchors, class_ids=class_ids, scores=scores[anchors, class_ids])


def _by_class_and_score(pairs: Chosen) -> Chosen:
    by_score = pairs[pairs.scores.argsort(descending=True, stable=True)]
    return by_score[by_score.class_ids.argsort(stable=True)]


def _rank_within_class(class_ids: Int[Tensor, " p"], num_classes: int) -> Int[Tensor, " p"]:
    """0, 1, 2, … for each class of a list sorted by class."""
    counts = torch.bincount(class_ids, minlength=num_classes)
    begins = counts.cumsum(0) - counts
    return torch.arange(len(class_ids), device=class_ids.device) - begins[class_ids]


def _best(chosen: Chosen, max_detections: int) -> Chosen:
    return chosen[chosen.scores.argsort(descending=True, stable=True)[:max_detections]]
