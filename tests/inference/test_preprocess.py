"""Pictures to the network's input size."""

import pickle

import numpy as np
import pytest
import torch

from yolact_cli.inference.preprocess import Resize, resize_area, resize_bilinear

SIZES = {
    "larger": (427, 640),
    "smaller": (20, 31),
    "equal": (64, 64),
    "mixed": (30, 900),
    "wide": (130, 129),
    "narrow": (131, 128),
    "little larger": (120, 100),
}


@pytest.mark.parametrize("size_hw", SIZES.values(), ids=SIZES.keys())
def test_bilinear_equals_torch(make_picture, size_hw) -> None:
    picture = make_picture(*size_hw)
    images = torch.from_numpy(picture).permute(2, 0, 1)[None].float()
    expected = torch.nn.functional.interpolate(images, size=(64, 64), mode="bilinear")[0]
    resized = resize_bilinear(picture, 64)
    np.testing.assert_allclose(resized, expected.permute(1, 2, 0).numpy(), rtol=1e-4, atol=1e-2)


@pytest.mark.parametrize("size_hw", SIZES.values(), ids=SIZES.keys())
def test_area_gives_whole_numbers_of_the_asked_size(make_picture, size_hw) -> None:
    resized = resize_area(make_picture(*size_hw), 64)
    assert (resized.shape, resized.dtype) == ((64, 64, 3), np.uint8)


def test_area_counts_every_pixel_when_shrinking() -> None:
    stripes = np.zeros((64, 640, 3), np.uint8)
    stripes[:, ::10] = 250
    assert np.unique(resize_area(stripes, 64)).tolist() == [25]


@pytest.mark.parametrize("kind", ["bilinear", "area"])
def test_resize_travels_to_a_worker(make_picture, kind) -> None:
    resize = Resize(input_size=64, kind=kind)
    picture = make_picture(100, 90)
    there = pickle.loads(pickle.dumps(resize))
    np.testing.assert_array_equal(there(picture), resize(picture))
