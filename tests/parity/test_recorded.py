"""A sample of the reference's figures, kept in tests/golden, so that every checkout can tell."""

import json

import numpy as np
import pytest


@pytest.fixture(scope="module", params=["yolact_resnet50", "yolact_plus_resnet50"])
def case(request, repository, run_reference_case):
    """The recorded figures and our own run."""
    path = repository / "tests" / "golden" / request.param / "expected.json"
    golden = json.loads(path.read_text(encoding="utf-8"))
    largest = golden.pop("largest")
    return {k: np.array(v) for k, v in golden.items()}, largest, run_reference_case(request.param)


def test_anchors_equal_the_recorded_ones(case, assert_raw_close):
    golden, _, ours = case
    assert len(ours.raw.anchors_cxcywh_norm) == golden["num_anchors"]
    assert_raw_close(ours.raw.anchors_cxcywh_norm[golden["anchor_index"]], golden["anchors"])


def test_raw_outputs_equal_the_recorded_ones(case, assert_raw_close):
    golden, largest, ours = case
    rows = golden["anchor_index"]
    found = {
        "box": ours.raw.box_offsets[0, rows],
        "class_probabilities": ours.raw.class_probabilities[0, rows][:, golden["classes"]],
        "mask_coefficients": ours.raw.mask_coefficients[0, rows, :6],
        "prototypes": ours.raw.prototypes[0, ::8, ::8][1:18:5, 1:18:5, :4],
    }
    for name, values in found.items():
        assert_raw_close(values, golden[name], largest[name])


def test_detections_equal_the_recorded_ones(case, match_detections, assert_raw_close):
    golden, _, ours = case
    theirs, own = map(list, zip(*match_detections(golden, ours.candidates), strict=True))
    assert_raw_close(ours.candidates.boxes_xyxy_norm[own], golden["boxes_xyxy_norm"][theirs])


def test_masks_equal_the_recorded_ones(case, match_detections, mask_iou):
    golden, _, ours = case
    recorded = dict(enumerate(golden["mask_rle_counts"]))
    pairs = match_detections(golden, ours.candidates)
    ious = [mask_iou(str(recorded[t]), ours.masks[own]) for t, own in pairs if t in recorded]
    assert min(ious) >= 0.999


def test_mask_areas_equal_the_recorded_ones(case, match_detections):
    golden, _, ours = case
    areas = [(m.area_px if m else 0) for m in ours.masks]
    for theirs, own in match_detections(golden, ours.candidates):
        assert areas[own] == pytest.approx(golden["mask_area_px"][theirs], rel=1e-3, abs=1)


def test_mask_scores_equal_the_recorded_ones(case, match_detections, assert_raw_close):
    golden, _, ours = case
    assert ("mask_scores" in golden) == (ours.candidates.mask_ious is not None)
    if "mask_scores" in golden:
        theirs, own = map(list, zip(*match_detections(golden, ours.candidates), strict=True))
        scores = ours.candidates.scores * ours.candidates.mask_ious
        assert_raw_close(scores[own], golden["mask_scores"][theirs])
