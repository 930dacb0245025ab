"""Which anchor learns which object."""

import torch

from yolact_cli.geometry.boxes import xyxy_to_cxcywh
from yolact_cli.training.matching import match_anchors


def anchors(*boxes):
    return xyxy_to_cxcywh(torch.tensor(boxes, dtype=torch.float32))


def test_overlap_decides_between_object_ignored_and_background(make_target):
    target = make_target([[0, 0, 0.4, 0.4]], [2])
    given = anchors([0, 0, 0.4, 0.4], [0, 0, 0.4, 0.22], [0, 0, 0.4, 0.18], [0, 0, 0.4, 0.1])
    # IoU 1, 0.55, 0.45 and 0.25
    assert match_anchors(given, target).labels.tolist() == [3, 3, -1, 0]


def test_every_object_gets_an_anchor_however_small_the_overlap(make_target):
    target = make_target([[0, 0, 0.05, 0.05], [0.5, 0.5, 1, 1]], [0, 1])
    match = match_anchors(anchors([0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]), target)
    assert match.labels.tolist() == [1, 2]


def test_the_larger_overlap_claims_first_and_no_anchor_is_claimed_twice(make_target):
    target = make_target([[0, 0, 0.4, 0.3], [0, 0, 0.4, 0.4]], [0, 1])
    match = match_anchors(anchors([0, 0, 0.4, 0.4], [0, 0, 0.1, 0.1]), target)
    assert match.object_index.tolist() == [1, 0]
    assert match.labels.tolist() == [2, 1]


def test_without_objects_all_is_background(make_target):
    match = match_anchors(anchors([0, 0, 1, 1], [0, 0, 0.1, 0.1]), make_target())
    assert match.labels.tolist() == [0, 0]


def test_anchors_inside_a_crowd_are_ignored_unless_they_are_an_objects(make_target):
    target = make_target([[0, 0, 0.2, 0.2]], [0], crowds=[[0, 0, 0.5, 0.5]])
    given = anchors([0, 0, 0.2, 0.2], [0.3, 0.3, 0.5, 0.5], [0.4, 0.4, 0.9, 0.9])
    assert match_anchors(given, target).labels.tolist() == [1, -1, 0]


def test_more_objects_than_five_hundred_are_matched(make_target):
    corners = torch.rand(600, 2) * 0.9
    boxes = torch.cat((corners, corners + 0.05), dim=1)
    target = make_target(boxes.tolist(), [0] * 600, side=4)
    match = match_anchors(xyxy_to_cxcywh(torch.rand(2000, 4).sort(dim=1).values), target)
    claimed = match.object_index[match.labels > 0]
    assert len(set(claimed.tolist())) == 600
