"""Suppression: what the paper's rule means, case by case."""

import pytest
import torch

from yolact_cli.geometry.boxes import iou
from yolact_cli.inference.nms import choose_detections, fast_nms
from yolact_cli.inference.selection import Selection
from yolact_cli.settings import NmsSettings

KINDS = ["fast", "standard", "agnostic"]


@pytest.fixture
def choose():
    def run(boxes, scores, *, score_threshold=0.0, class_ids=None, **nms):
        chosen = Selection(
            nms=NmsSettings(**nms), score_threshold=score_threshold, class_ids=class_ids
        )
        return choose_detections(boxes, scores, chosen)

    return run


def _as_set(chosen) -> set[tuple[int, int, float]]:
    columns = (chosen.anchor_indices, chosen.class_ids, chosen.scores)
    return set(zip(*(column.tolist() for column in columns), strict=True))


def _row(*offsets: float) -> torch.Tensor:
    """Boxes of width 1 side by side: IoU of neighbours is (1 - d) / (1 + d)."""
    return torch.tensor([[offset, 0.0, offset + 1, 1.0] for offset in offsets])


@pytest.mark.parametrize("kind", KINDS)
def test_no_anchors_give_no_detections(choose, kind) -> None:
    assert len(choose(torch.zeros(0, 4), torch.zeros(0, 3), kind=kind).scores) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_scores_at_the_candidate_score_are_never_looked_at(choose, kind) -> None:
    scores = torch.tensor([[0.25], [0.26]])
    chosen = choose(_row(0, 5), scores, kind=kind, candidate_score=0.25)
    assert chosen.anchor_indices.tolist() == [1]


def test_suppressed_box_still_suppresses_in_fast_nms() -> None:
    assert fast_nms(_row(0, 0.3, 0.6), 0.5).tolist() == [True, False, False]


def test_suppressed_box_spares_others_in_standard_nms(choose) -> None:
    scores = torch.tensor([[0.9], [0.8], [0.7]])
    chosen = choose(_row(0, 0.3, 0.6), scores, kind="standard")
    assert chosen.anchor_indices.tolist() == [0, 2]


@pytest.mark.parametrize("kind", KINDS)
def test_overlap_equal_to_the_threshold_is_allowed(choose, kind) -> None:
    boxes = torch.tensor([[0.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.5]])
    assert len(choose(boxes, torch.tensor([[0.9], [0.8]]), kind=kind).scores) == 2


@pytest.mark.parametrize("kind", ["fast", "standard"])
def test_anchor_may_stand_for_two_classes(choose, kind) -> None:
    chosen = choose(_row(0), torch.tensor([[0.5, 0.25]]), kind=kind)
    assert _as_set(chosen) == {(0, 0, 0.5), (0, 1, 0.25)}


def test_agnostic_nms_suppresses_across_classes(choose) -> None:
    chosen = choose(_row(0, 0.1), torch.tensor([[0.5, 0.1], [0.1, 0.4]]), kind="agnostic")
    assert chosen.anchor_indices.tolist() == [0]


def test_survivors_below_the_candidate_score_stay_in_fast_nms(choose) -> None:
    chosen = choose(_row(0), torch.tensor([[0.5, 0.01]]), kind="fast")
    assert len(chosen.scores) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_equal_scores_keep_the_order_of_the_anchors(choose, kind) -> None:
    chosen = choose(_row(*range(0, 80, 2)), torch.full((40, 1), 0.5), kind=kind)
    assert chosen.anchor_indices.tolist() == list(range(40))


@pytest.mark.parametrize("kind", KINDS)
def test_detections_are_capped_at_the_best(choose, kind, make_scored_boxes) -> None:
    boxes, scores = make_scored_boxes()
    everything = choose(boxes, scores, kind=kind, max_detections=200)
    capped = choose(boxes, scores, kind=kind, max_detections=5)
    assert capped.scores.tolist() == everything.scores[:5].tolist()


@pytest.mark.parametrize("kind", KINDS)
def test_threshold_gives_what_filtering_afterwards_gives(choose, kind, make_scored_boxes) -> None:
    boxes, scores = make_scored_boxes(seed=2)
    everything = choose(boxes, scores, kind=kind, max_detections=10_000)
    confident = choose(boxes, scores, kind=kind, max_detections=10_000, score_threshold=0.4)
    assert _as_set(confident) == {row for row in _as_set(everything) if row[2] > 0.4}


@pytest.mark.parametrize("kind", KINDS)
def test_class_filter_gives_what_filtering_afterwards_gives(
    choose, kind, make_scored_boxes
) -> None:
    boxes, scores = make_scored_boxes(seed=3)
    everything = choose(boxes, scores, kind=kind, max_detections=10_000)
    only_two = choose(boxes, scores, kind=kind, max_detections=10_000, class_ids=(0, 2))
    assert _as_set(only_two) == {row for row in _as_set(everything) if row[1] in (0, 2)}


@pytest.mark.parametrize("kind", KINDS)
def test_suppression_is_idempotent(choose, kind, make_scored_boxes) -> None:
    boxes, scores = make_scored_boxes(classes=1, seed=4)
    once = choose(boxes, scores, kind=kind)
    kept = once.anchor_indices
    again = choose(boxes[kept], scores[kept], kind=kind)
    assert again.scores.tolist() == once.scores.tolist()


@pytest.mark.parametrize("seed", range(3))
def test_fast_nms_follows_the_rule_spelled_out(choose, seed, make_scored_boxes) -> None:
    boxes, scores = make_scored_boxes(n=40, seed=seed)
    expected = set()
    for class_id in range(scores.shape[1]):
        order = scores[:, class_id].argsort(descending=True, stable=True)[:25].tolist()
        for rank, anchor in enumerate(order):
            better = boxes[order[:rank]]
            if not len(better) or iou(boxes[[anchor]], better).max() <= 0.5:
                expected.add((anchor, class_id, scores[anchor, class_id].item()))
    chosen = choose(boxes, scores, candidate_score=0.0, top_k=25, max_detections=10_000)
    assert _as_set(chosen) == expected


def test_box_that_is_not_finite_is_left_out(choose) -> None:
    boxes = _row(0, 3)
    boxes[0, 2] = torch.inf
    assert choose(boxes, torch.tensor([[0.9], [0.8]])).anchor_indices.tolist() == [1]
