"""Suppression on arrays: the same choice as on tensors."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.geometry.boxes import decode_boxes as decode_tensors
from yolact_cli.inference import array_nms, nms
from yolact_cli.inference.selection import Selection
from yolact_cli.settings import NmsSettings

KINDS = ["fast", "standard", "agnostic"]


def both_choices(boxes, logits, selection):
    """Of tensors and of arrays: (anchor, class) and scores, from logits with background first."""
    scores = torch.from_numpy(logits).softmax(dim=1)[:, 1:]
    on_tensors = nms.choose_detections(torch.from_numpy(boxes), scores, selection)
    anchors, kept = array_nms.candidate_anchors(logits, selection.least_score)
    on_arrays = array_nms.choose_detections(boxes[anchors], kept, selection)
    pairs = list(zip(anchors[on_arrays.anchor_indices], on_arrays.class_ids, strict=True))
    tensor_pairs = zip(
        on_tensors.anchor_indices.tolist(), on_tensors.class_ids.tolist(), strict=True
    )
    return (list(tensor_pairs), on_tensors.scores.numpy()), (pairs, on_arrays.scores)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    kind=st.sampled_from(KINDS),
    count=st.integers(0, 60),
    threshold=st.sampled_from([0.0, 0.3]),
    classes=st.sampled_from([None, (0, 2)]),
    cap=st.sampled_from([3, 100]),
)
def test_arrays_are_chosen_from_as_tensors_are(seed, kind, count, threshold, classes, cap):
    rng = np.random.default_rng(seed)
    corners = rng.integers(0, 5, (count, 2)) / 5
    boxes = np.concatenate((corners, corners + 0.15 + 0.1 * rng.random((count, 2))), axis=1)
    logits = rng.normal(0, 2, (count, 4)).astype(np.float32)
    selection = Selection(
        nms=NmsSettings(kind=kind, max_detections=cap, top_k=20),
        score_threshold=threshold,
        class_ids=classes,
    )
    tensors, arrays = both_choices(boxes.astype(np.float32), logits, selection)
    assert arrays[0] == tensors[0]
    np.testing.assert_allclose(arrays[1], tensors[1], rtol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_equal_scores_keep_the_order_of_the_anchors(kind):
    boxes = np.array([[x, 0, x + 1, 1] for x in range(0, 80, 2)], np.float32)
    selection = Selection(nms=NmsSettings(kind=kind))
    chosen = array_nms.choose_detections(boxes, np.full((40, 1), 0.5, np.float32), selection)
    assert chosen.anchor_indices.tolist() == list(range(40))


def test_logits_that_are_not_numbers_are_no_candidates():
    logits = np.array([[0, np.nan], [0, 5], [np.inf, np.inf]], np.float32)
    with np.errstate(invalid="ignore"):
        anchors, _ = array_nms.candidate_anchors(logits, 0.05)
    assert anchors.tolist() == [1]


def test_boxes_are_decoded_as_tensors_are():
    rng = np.random.default_rng(0)
    offsets = rng.normal(0, 1, (50, 4)).astype(np.float32)
    anchors = rng.uniform(0.1, 1, (50, 4)).astype(np.float32)
    expected = decode_tensors(torch.from_numpy(offsets), torch.from_numpy(anchors)).numpy()
    np.testing.assert_allclose(
        array_nms.decode_boxes(offsets, anchors), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("count", [0, 1, 1023, 1024, 1025, 3000])
def test_anchors_far_down_the_list_are_looked_at_too(count):
    logits = np.zeros((count, 4), np.float32)
    logits[:, 0] = 9
    wanted = sorted({place for place in (0, count // 2, count - 1) if 0 <= place < count})
    logits[wanted, 2] = 12
    anchors, scores = array_nms.candidate_anchors(logits, 0.3)
    assert anchors.tolist() == wanted
    assert scores.shape == (len(wanted), 3)
