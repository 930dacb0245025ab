"""Masks as run lengths equal masks computed in full."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolact_cli.geometry.rle import decode_mask, encode_mask, tight_bbox
from yolact_cli.inference.masks import Axis, upsampled_edges
from yolact_cli.inference.postprocess import PictureKey, detections_from_candidates
from yolact_cli.inference.runtimes.torch_runtime import cropped_soft_masks
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Candidates

BOXES = {
    "inside": (0.1, 0.2, 0.6, 0.9),
    "whole": (0.0, 0.0, 1.0, 1.0),
    "beyond": (-0.3, -0.2, 1.4, 0.7),
    "thin": (0.3, 0.1, 0.31, 0.9),
    "inverted": (0.8, 0.9, 0.2, 0.1),
    "bottom right": (0.9, 0.95, 1.2, 1.2),
}
SIZES = {"grown": (75, 121), "shrunk": (13, 9), "equal": (20, 20), "line": (1, 50)}


def _upsampled(soft_masks: torch.Tensor, size_hw: tuple[int, int]) -> np.ndarray:
    full = torch.nn.functional.interpolate(
        soft_masks[:, None].double(), size=size_hw, mode="bilinear", align_corners=False
    )
    return full[:, 0].numpy()


def _in_full(candidates: Candidates, size_hw: tuple[int, int], crop: str) -> np.ndarray:
    boxes = torch.from_numpy(candidates.boxes_xyxy_norm)
    coefficients = torch.from_numpy(candidates.mask_coefficients)
    prototypes = torch.from_numpy(candidates.prototypes)
    if crop == "prototype":
        return _upsampled(cropped_soft_masks(boxes, coefficients, prototypes), size_hw)
    soft = torch.sigmoid(torch.einsum("hwk,nk->nhw", prototypes, coefficients))
    full = _upsampled(soft, size_hw)
    ys, xs = np.arange(size_hw[0]) + 0.5, np.arange(size_hw[1]) + 0.5
    edges = boxes.double().numpy()
    (left, right), (top, bottom) = np.sort(edges[:, ::2]).T, np.sort(edges[:, 1::2]).T
    in_rows = (ys >= top[:, None] * size_hw[0]) & (ys < bottom[:, None] * size_hw[0])
    in_columns = (xs >= left[:, None] * size_hw[1]) & (xs < right[:, None] * size_hw[1])
    return full * (in_rows[:, :, None] & in_columns[:, None, :])


def _label(candidates: Candidates, size_hw: tuple[int, int], crop: str):
    key = PictureKey(picture_id=1, name="a.jpg", size_hw=size_hw)
    chosen = LabelSettings(score_threshold=0.0, mask_crop=crop)
    return detections_from_candidates(candidates, key, settings=chosen, uid_seed="")


def _assert_same_mask(detections, in_full: np.ndarray) -> None:
    size_hw = in_full.shape
    counts = detections.instances[0].rle_counts if detections.instances else None
    mask = decode_mask(counts, size_hw) if counts else np.zeros(size_hw, bool)
    undecided = np.abs(in_full - 0.5) < 1e-5
    np.testing.assert_array_equal(mask | undecided, (in_full > 0.5) | undecided)


@pytest.mark.parametrize("crop", ["image", "prototype"])
@pytest.mark.parametrize("size_hw", SIZES.values(), ids=SIZES.keys())
@pytest.mark.parametrize("box", BOXES.values(), ids=BOXES.keys())
def test_mask_equals_the_one_computed_in_full(make_candidates, box, size_hw, crop) -> None:
    candidates = make_candidates([box], seed=3)
    _assert_same_mask(_label(candidates, size_hw, crop), _in_full(candidates, size_hw, crop)[0])


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(
    height=st.integers(1, 70),
    width=st.integers(1, 70),
    corners=st.tuples(*[st.floats(-0.5, 1.5, width=32)] * 4),
    seed=st.integers(0, 50),
    crop=st.sampled_from(["image", "prototype"]),
)
def test_any_mask_equals_the_one_computed_in_full(
    make_candidates: Callable[..., Candidates], height, width, corners, seed, crop
) -> None:
    candidates = make_candidates([corners], seed=seed, grid_hw=(11, 17))
    in_full = _in_full(candidates, (height, width), crop)[0]
    _assert_same_mask(_label(candidates, (height, width), crop), in_full)


@pytest.mark.parametrize("crop", ["image", "prototype"])
def test_area_and_bbox_are_those_of_the_mask(make_candidates, crop) -> None:
    (instance,) = _label(make_candidates(seed=1), (90, 70), crop).instances
    mask = decode_mask(instance.rle_counts, (90, 70))
    assert instance.rle_counts == encode_mask(mask)
    assert instance.area_px == mask.sum()
    assert instance.bbox_xywh_px == tight_bbox(instance.rle_counts, (90, 70))


def test_mask_that_fills_the_picture_is_one_run(make_candidates) -> None:
    candidates = make_candidates([(0, 0, 1, 1)], prototypes=np.ones((20, 20, 4), np.float32))
    candidates.mask_coefficients[:] = 1
    (instance,) = _label(candidates, (30, 40), "image").instances
    assert (instance.area_px, instance.bbox_xywh_px) == (1200, (0, 0, 40, 30))


@pytest.mark.parametrize(("above", "below", "edges"), [(-1, 3, [2, 4]), (3, -1, [0, 2])])
def test_a_pixel_exactly_on_the_threshold_is_outside(above, below, edges) -> None:
    # two rows of prototypes under a column of four pixels, at 0, 0.25, 0.75 and 1
    margins = np.array([[above], [below]], np.float32)
    axes = Axis.make(4, 2), Axis.make(1, 1)

    found = upsampled_edges(margins, corner_yx=(0, 0), window_yx=((0, 4), (0, 1)), axes_yx=axes)

    assert found is not None
    assert found.tolist() == edges


def test_image_crop_takes_pixels_whose_centre_lies_in_the_half_open_box(make_candidates) -> None:
    box = (1.5 / 8, 2.5 / 8, 4.5 / 8, 5.5 / 8)  # edges on centres: the first is in, the last out
    candidates = make_candidates([box], prototypes=np.ones((20, 20, 4), np.float32))
    candidates.mask_coefficients[:] = 1
    (instance,) = _label(candidates, (8, 8), "image").instances
    assert instance.bbox_xywh_px == (1, 2, 3, 3)
