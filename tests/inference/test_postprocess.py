"""Candidates to labels: thresholds, order, uids."""

import numpy as np
import pytest

from yolact_cli.inference.postprocess import PictureKey, detections_from_candidates
from yolact_cli.settings import LabelSettings

TWO = [(0.0, 0.0, 0.5, 0.5), (0.4, 0.4, 1.0, 1.0)]


@pytest.fixture
def label():
    def build(candidates, *, seed="run", name="a.jpg", size_hw=(60, 80), **chosen):
        key = PictureKey(picture_id=7, name=name, size_hw=size_hw)
        options = LabelSettings(**{"score_threshold": 0.0, **chosen})
        return detections_from_candidates(candidates, key, settings=options, uid_seed=seed)

    return build


@pytest.fixture
def full_masks(make_candidates):
    def build(boxes, **options):
        ones = np.ones((20, 20, 4), np.float32)
        candidates = make_candidates(boxes, prototypes=ones, **options)
        candidates.mask_coefficients[:] = 1
        return candidates

    return build


def test_no_candidates_give_no_instances(label, make_candidates) -> None:
    assert label(make_candidates([])).instances == ()


def test_score_at_the_threshold_is_left_out(label, full_masks) -> None:
    detections = label(full_masks(TWO, scores=[0.75, 0.5]), score_threshold=0.5)
    assert [instance.score for instance in detections.instances] == [0.75]


def test_mask_without_a_pixel_is_counted_and_left_out(label, full_masks) -> None:
    candidates = full_masks(TWO)
    candidates.mask_coefficients[1] = -1
    detections = label(candidates)
    assert (len(detections.instances), detections.empty_masks) == (1, 1)


def test_small_mask_is_left_out_without_being_counted_as_empty(label, full_masks) -> None:
    detections = label(full_masks([(0.0, 0.0, 0.1, 0.1)]), min_area_px=49)
    assert (detections.instances, detections.empty_masks) == ((), 0)


def test_predicted_mask_iou_scales_the_score_and_changes_the_order(label, full_masks) -> None:
    detections = label(full_masks(TWO, scores=[0.9, 0.8], mask_ious=[0.5, 1.7]))
    scores = [(instance.score, instance.box_score) for instance in detections.instances]
    assert scores == [(0.8, 0.8), (0.45, 0.9)]


def test_threshold_looks_at_the_class_confidence_alone(label, full_masks) -> None:
    detections = label(full_masks(TWO[:1], scores=[0.9], mask_ious=[0.2]), score_threshold=0.5)
    assert len(detections.instances) == 1


def test_predicted_box_is_clipped_to_the_picture(label, full_masks) -> None:
    detections = label(full_masks([(-0.5, 0.25, 0.123456, 1.5)]))
    assert detections.instances[0].predicted_box_xyxy_px == (0.0, 15.0, 9.88, 60.0)


def test_uids_are_the_same_again_and_differ_by_picture_and_run(label, full_masks) -> None:
    def uids(**options) -> list[str]:
        return [instance.uid for instance in label(full_masks(TWO), **options).instances]

    assert uids() == uids()
    assert len({*uids(), *uids(name="b.jpg"), *uids(seed="other")}) == 6


def test_uid_does_not_hang_on_the_threshold(label, full_masks) -> None:
    candidates = full_masks(TWO, scores=[0.9, 0.4], mask_ious=[0.1, 0.9])
    everything, confident = label(candidates), label(candidates, score_threshold=0.5)
    assert confident.instances[0] == everything.instances[1]


def test_network_output_that_is_not_a_number_makes_no_mask(label, full_masks) -> None:
    candidates = full_masks(TWO)
    candidates.prototypes[:] = np.nan
    assert label(candidates).empty_masks == 2


def test_thresholds_by_class_are_about_the_written_score(label, full_masks) -> None:
    candidates = full_masks(TWO, scores=[0.9, 0.8], mask_ious=[0.5, 1.0])
    scores = [one.score for one in label(candidates).instances]
    assert scores == [0.8, 0.45]
    kept = label(candidates, score_threshold=0.99, class_thresholds=(0.45,) * 9).instances
    assert [one.score for one in kept] == [0.8]
    everything = label(candidates, class_thresholds=(0.4499,) * 9).instances
    assert [one.uid for one in everything] == [one.uid for one in label(candidates).instances]
