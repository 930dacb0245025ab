"""Which anchor learns which object.

Source: YOLACT's matching (dbolya/yolact 902073d, MIT): IoU of anchors with true boxes, 0.5 and 0.4,
and every object gets at least one anchor.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from yolact_cli.geometry.boxes import area, cxcywh_to_xyxy, intersection, iou
from yolact_cli.training.sample import Target

POSITIVE_IOU = 0.5
NEGATIVE_IOU = 0.4
CROWD_OVERLAP = 0.7
BACKGROUND, IGNORED = 0, -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Match:
    """What each anchor of one picture should say."""

    labels: Int[Tensor, " anchors"]
    """-1 ignored, 0 background, class id + 1 otherwise."""
    object_index: Int[Tensor, " anchors"]
    """Row of the object it overlaps most; meaningful for positives only."""


def match_anchors(anchors_cxcywh: Float[Tensor, "anchors 4"], target: Target) -> Match:
    """Labels for the anchors of one picture; without objects all is background.

    An anchor that is no object's and lies by more than 0.7 of its area in a crowd is ignored.
    """
    anchors = cxcywh_to_xyxy(anchors_cxcywh)
    labels = torch.full((len(anchors),), BACKGROUND, device=anchors.device)
    object_index = torch.zeros_like(labels)
    if len(target.class_ids):
        overlaps = iou(target.boxes_xyxy_norm, anchors)
        best, object_index = overlaps.max(dim=0)
        claimed = _claim_anchors(overlaps)
        best[claimed] = 2.0
        object_index[claimed] = torch.arange(len(claimed), device=anchors.device)
        labels = target.class_ids[object_index] + 1
        labels[best < POSITIVE_IOU] = IGNORED
        labels[best < NEGATIVE_IOU] = BACKGROUND
    if len(target.crowd_boxes_xyxy_norm):
        shared = intersection(target.crowd_boxes_xyxy_norm, anchors).amax(dim=0)
        in_crowd = shared > CROWD_OVERLAP * area(anchors)
        labels[in_crowd & (labels <= BACKGROUND)] = IGNORED
    return Match(labels=labels, object_index=object_index)


def _claim_anchors(overlaps: Float[Tensor, "n anchors"]) -> Int[Tensor, " n"]:
    """One anchor for each object, the pair of largest overlap first, no anchor twice."""
    overlaps = overlaps.clone()
    best, anchor = overlaps.max(dim=1)
    claimed = torch.zeros_like(anchor)
    for _ in range(len(overlaps)):
        row = int(best.argmax())
        taken = int(anchor[row])
        claimed[row] = taken
        best[row] = -2.0
        overlaps[:, taken] = -1.0
        # Only objects that wanted the same anchor have to look again.
        again = ((anchor == taken) & (best > -2.0)).nonzero().squeeze(1)
        if len(again):
            best[again], anchor[again] = overlaps[again].max(dim=1)
    return claimed
