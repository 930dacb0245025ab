"""The whole network against what dbolya/yolact gave for the same weights and picture."""

import numpy as np
import pytest

SLOW = pytest.mark.slow
CONFIGURATIONS = [
    "yolact_darknet53",  # test_recorded.py holds the ResNets in every run
    pytest.param("yolact_resnet50_pascal", marks=SLOW),
    pytest.param("yolact_resnet50", marks=SLOW),
    pytest.param("yolact_base", marks=SLOW),
    pytest.param("yolact_im700", marks=SLOW),
    pytest.param("yolact_plus_resnet50", marks=SLOW),
    pytest.param("yolact_plus_base", marks=SLOW),
]


@pytest.fixture(scope="module", params=CONFIGURATIONS)
def case(request, shared_dir, run_reference_case):
    """The recorded arrays and our own run."""
    with np.load(shared_dir / "golden" / f"{request.param}.npz") as recorded:
        golden = dict(recorded)
    return golden, run_reference_case(request.param)


pytestmark = pytest.mark.shared


def test_input_is_the_references(case, assert_raw_close):
    golden, ours = case
    assert_raw_close(ours.pixels[:, ::25, ::25], golden["input_every_25th"])


def test_anchors_are_the_references(case, assert_raw_close):
    golden, ours = case
    assert len(ours.raw.anchors_cxcywh_norm) == golden["num_anchors"]
    assert_raw_close(ours.raw.anchors_cxcywh_norm[golden["anchor_index"]], golden["anchors"])


@pytest.mark.parametrize(
    ("field", "recorded"),
    [
        ("box_offsets", "box"),
        ("class_probabilities", "class_logits_softmax"),
        ("mask_coefficients", "mask_coefficients"),
    ],
)
def test_head_outputs_are_the_references(case, assert_raw_close, field, recorded):
    golden, ours = case
    assert_raw_close(getattr(ours.raw, field)[0, golden["anchor_index"]], golden[recorded])


def test_prototypes_are_the_references(case, assert_raw_close):
    golden, ours = case
    assert_raw_close(ours.raw.prototypes[0, ::8, ::8], golden["prototypes_every_8th"])


def test_detections_are_the_references(case, match_detections, assert_raw_close):
    golden, ours = case
    pairs = match_detections(golden, ours.candidates)
    theirs, own = map(list, zip(*pairs, strict=True))
    assert_raw_close(ours.candidates.boxes_xyxy_norm[own], golden["boxes_xyxy_norm"][theirs])


def test_pixel_boxes_are_the_references(case, match_detections):
    golden, ours = case
    pairs = [(t, o) for t, o in match_detections(golden, ours.candidates) if ours.masks[o]]
    theirs, own = map(list, zip(*pairs, strict=True))
    boxes = np.array([ours.masks[index].predicted_box_xyxy_px for index in own])
    assert np.abs(np.trunc(boxes) - golden["boxes_xyxy_px"][theirs]).max() <= 1


def test_masks_are_the_references(case, match_detections, mask_iou):
    golden, ours = case
    ious = [
        mask_iou(str(golden["mask_rle_counts"][theirs]), ours.masks[own])
        for theirs, own in match_detections(golden, ours.candidates)
    ]
    assert min(ious) >= 0.999


def test_mask_scores_are_the_references(case, match_detections, assert_raw_close):
    golden, ours = case
    if "mask_scores" not in golden:
        assert ours.candidates.mask_ious is None
        return
    theirs, own = map(list, zip(*match_detections(golden, ours.candidates), strict=True))
    scores = ours.candidates.scores * ours.candidates.mask_ious
    assert_raw_close(scores[own], golden["mask_scores"][theirs])
