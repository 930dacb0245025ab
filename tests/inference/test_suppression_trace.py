"""One object's contest, told again without torch, is the one that chose it."""

import numpy as np
import pytest

from yolact_cli.inference.nms import choose_detections
from yolact_cli.inference.selection import Selection
from yolact_cli.inference.suppression_trace import hold_contest, trace_suppression
from yolact_cli.settings import NmsSettings
from yolact_cli.structures import Candidates, RawOutputs


def raw_of(boxes, scores, candidates, *, level_sizes_hw):
    """Outputs with these boxes and class confidences; the rest is not looked at."""
    boxes, scores = np.array(boxes, np.float32), np.array(scores, np.float32)
    background = np.zeros((len(scores), 1), np.float32)
    return RawOutputs(
        box_offsets=boxes[None] * 0,
        class_probabilities=np.concatenate((background, scores), axis=1)[None],
        mask_coefficients=np.zeros((1, len(boxes), 2), np.float32),
        anchors_cxcywh_norm=boxes,
        prototypes=np.zeros((1, 4, 4, 2), np.float32),
        boxes_xyxy_norm=boxes[None],
        level_sizes_hw=level_sizes_hw,
        candidates=(candidates,),
    )


def candidate_of(box, score, class_id=0):
    return Candidates(
        boxes_xyxy_norm=np.array([box], np.float32),
        scores=np.array([score], np.float32),
        class_ids=np.array([class_id]),
        mask_coefficients=np.zeros((1, 2), np.float32),
        mask_ious=None,
        prototypes=np.zeros((4, 4, 2), np.float32),
    )


@pytest.mark.parametrize("kind", ["fast", "agnostic", "standard"])
@pytest.mark.parametrize("score_threshold", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_survivors_of_the_contests_are_the_detections(
    make_scored_boxes, kind, score_threshold, seed
):
    boxes, scores = make_scored_boxes(n=120, classes=3, seed=seed)
    nms = NmsSettings(kind=kind, top_k=25, max_detections=200)
    selection = Selection(nms=nms, score_threshold=score_threshold)
    chosen = choose_detections(boxes, scores, selection)
    survivors = set()
    for class_id in [0] if kind == "agnostic" else range(3):
        contest = hold_contest(boxes.numpy(), scores.numpy(), selection, class_id=class_id)
        for place in np.flatnonzero(contest.survives):
            if contest.scores[place] > score_threshold:
                survivors.add((int(contest.anchors[place]), int(contest.class_ids[place])))
    assert survivors == set(
        zip(chosen.anchor_indices.tolist(), chosen.class_ids.tolist(), strict=True)
    )


BOXES = [
    (0.00, 0.0, 0.40, 1.0),  # the best
    (0.10, 0.0, 0.50, 1.0),  # over it
    (0.20, 0.0, 0.60, 1.0),  # over that one alone
    (0.01, 0.0, 0.40, 1.0),  # over the best, and faint
    (0.70, 0.0, 1.00, 1.0),  # elsewhere
]
SCORES = [(0.9,), (0.8,), (0.7,), (0.2,), (0.85,)]


@pytest.fixture
def five_anchors():
    return raw_of(BOXES, SCORES, candidate_of(BOXES[0], 0.9), level_sizes_hw=((2, 2), (1, 1)))


def test_each_anchor_that_went_is_told_with_its_reason(five_anchors):
    trace = trace_suppression(five_anchors, Selection(score_threshold=0.3), candidate=0)
    assert [(one.anchor_index, one.fate) for one in trace.beaten] == [
        (1, "overlap"),
        (2, "chain"),
        (3, "faint"),
    ]
    overlap, chain, faint = trace.beaten
    assert overlap.iou == pytest.approx(0.6)
    assert (chain.beaten_by, chain.beaten_by_iou) == (1, pytest.approx(0.6))
    assert chain.iou == pytest.approx(1 / 3)
    assert faint.beaten_by is None
    assert (trace.entered, trace.count("overlap")) == (4, 1)


def test_greedy_suppression_has_no_chains(five_anchors):
    selection = Selection(nms=NmsSettings(kind="standard"), score_threshold=0.3)
    trace = trace_suppression(five_anchors, selection, candidate=0)
    assert [one.fate for one in trace.beaten] == ["overlap", "faint"]


def test_an_anchor_beyond_the_top_of_its_class_never_entered(five_anchors):
    selection = Selection(nms=NmsSettings(top_k=2), score_threshold=0.3)
    trace = trace_suppression(five_anchors, selection, candidate=0)
    assert [(one.anchor_index, one.fate) for one in trace.beaten] == [(1, "rank"), (3, "faint")]


@pytest.mark.parametrize(
    ("anchor", "place"), [(0, (3, 0, 0, 0)), (7, (3, 1, 1, 1)), (9, (4, 0, 0, 1))]
)
def test_an_anchor_is_named_by_its_place_in_the_pyramid(anchor, place):
    boxes = [(index / 10, 0.0, (index + 1) / 10, 1.0) for index in range(10)]
    winner = candidate_of(boxes[anchor], 0.9)
    raw = raw_of(boxes, [(0.9,)] * 10, winner, level_sizes_hw=((2, 2), (1, 1)))
    one = trace_suppression(raw, Selection(), candidate=0).winner
    assert (one.level, one.row, one.column, one.shape) == place
