"""How a mask grows, and that it ends as the label that annotate writes."""

import numpy as np
import pytest

from yolact_cli.geometry import rle
from yolact_cli.inference.mask_trace import growing_counts, soft_masks, trace_mask
from yolact_cli.inference.postprocess import PictureKey, instances_by_rank
from yolact_cli.settings import LabelSettings

SIZE_HW = (50, 70)


@pytest.fixture
def traced(make_candidates):
    def build(crop="image", seed=0):
        candidates = make_candidates(seed=seed)
        settings = LabelSettings(mask_crop=crop)
        key = PictureKey(picture_id=1, name="a", size_hw=SIZE_HW)
        (found,) = instances_by_rank(candidates, key, settings=settings, uid_seed="")
        trace = trace_mask(candidates, 0, instance=found[1], size_hw=SIZE_HW, settings=settings)
        return candidates, found[1], trace

    return build


@pytest.mark.parametrize(
    ("total", "counts"), [(1, (1,)), (2, (1, 2)), (8, (1, 2, 4, 8)), (12, (1, 2, 4, 8, 12))]
)
def test_counts_double_and_end_with_all(total, counts):
    assert growing_counts(total) == counts


def test_terms_are_sorted_by_strength_and_add_up(traced):
    candidates, _, trace = traced()
    strengths = [term.strength for term in trace.terms]
    assert strengths == sorted(strengths, reverse=True)
    assert sorted(term.prototype for term in trace.terms) == list(range(4))
    whole = candidates.prototypes @ candidates.mask_coefficients[0]
    np.testing.assert_allclose(trace.growth[-1].mask_logits, whole, atol=1e-5)


@pytest.mark.parametrize("crop", ["image", "prototype"])
def test_the_last_step_is_the_label(traced, crop):
    _, instance, trace = traced(crop)
    assert trace.growth[-1].rle_counts == instance.rle_counts
    assert trace.growth[-1].iou == 1


def test_a_step_says_how_much_of_the_mask_it_is(traced):
    _, instance, trace = traced()
    whole = rle.decode_mask(instance.rle_counts, SIZE_HW)
    for step in trace.growth:
        mask = np.zeros_like(whole)
        if step.rle_counts is not None:
            mask = rle.decode_mask(step.rle_counts, SIZE_HW)
        assert step.iou == pytest.approx((mask & whole).sum() / (mask | whole).sum())
        assert step.area_px == mask.sum()


@pytest.mark.parametrize("crop", ["image", "prototype"])
@pytest.mark.parametrize("seed", range(4))
def test_the_cropped_soft_mask_cut_at_one_half_is_the_label(traced, crop, seed):
    candidates, instance, _ = traced(crop, seed)
    whole, cropped = soft_masks(candidates, 0, size_hw=SIZE_HW, crop=crop)
    mask = rle.decode_mask(instance.rle_counts, SIZE_HW)
    assert (
        (cropped > 0.5) != mask
    ).mean() < 1e-3  # those whose soft mask is one half but for rounding
    assert whole.shape == SIZE_HW
    assert (whole >= cropped - 1e-6).all()


def test_numbers_that_are_none_count_as_outside(make_candidates):
    candidates = make_candidates()
    candidates.prototypes[3, 3] = np.nan
    whole, _ = soft_masks(candidates, 0, size_hw=(20, 20), crop="image")
    assert whole[3, 3] == 0
