"""Masks from other programs, brought to one form, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle
from yolact_cli.geometry.coco_masks import (
    canonical_counts,
    counts_of_polygons,
    counts_of_rle,
    joined_counts,
)

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
MASKS = st.tuples(st.integers(1, 12), st.integers(1, 12)).flatmap(lambda size: arrays(bool, size))


@given(MASKS)
@settings(deadline=None)
def test_both_forms_of_rle_give_the_same_counts(mask):
    counts = rle.encode_mask(mask)
    runs = rle.decode_runs(counts).tolist()
    size = list(mask.shape)
    for given_counts in (counts, runs, [*runs, 0], [*runs[:-1], runs[-1], 0, 0]):
        assert counts_of_rle({"size": size, "counts": given_counts}, mask.shape) == counts


@given(st.lists(st.integers(0, 3), min_size=1, max_size=30).filter(any))
@settings(deadline=None)
def test_runs_of_no_length_are_joined(runs):
    pixels = sum(runs)
    values = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    expected = rle.encode_mask(values.reshape(1, pixels).T)
    assert canonical_counts(np.array(runs)) == expected


@given(st.data())
@settings(deadline=None)
def test_joined_masks_are_their_union(data):
    size = data.draw(st.tuples(st.integers(1, 10), st.integers(1, 10)))
    masks = data.draw(st.lists(arrays(bool, size), min_size=1, max_size=4))
    counts = joined_counts([rle.encode_mask(mask) for mask in masks], size)
    assert counts == rle.encode_mask(np.logical_or.reduce(masks))


def test_polygons_are_painted_as_coco_does_and_united():
    size = (20, 30)
    polygons = [[2, 1, 9.5, 1, 9.5, 8, 2, 8], [5, 5, 40, 5, 40, 12, 5, 12]]
    expected = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, *size))) > 0
    assert counts_of_polygons(polygons, size) == rle.encode_mask(expected)
    assert counts_of_polygons([], size) == rle.encode_mask(np.zeros(size, bool))


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"size": [4, 6]},
        {"size": [6, 4], "counts": "9220003"},
        {"size": [4, 6], "counts": 7},
        {"size": [4, 6], "counts": []},
        {"size": [4, 6], "counts": [9, 2]},
        {"size": [4, 6], "counts": [30, -6]},
        {"size": [4, 6], "counts": [9.0, 15]},
        {"size": [4, 6], "counts": [True, 23]},
        {"size": [4, 6], "counts": [2**70, 1]},
        {"size": [4, 6], "counts": "922000"},
        {"size": [4, 6], "counts": "9é"},
        {"size": [4, 6], "counts": rle.encode_runs(np.array([2**43] * 4 + [24]))},
    ],
)
def test_a_broken_rle_is_refused(value):
    with pytest.raises(ValueError, match=r"RLE|run lengths"):
        counts_of_rle(value, (4, 6))


@pytest.mark.parametrize(
    ("polygon", "why"),
    [
        ("text", "should be"),
        ([1, 2, 3, 4], "3 points"),
        ([1, 2, 3, 4, 5, 6, 7], "3 points"),
        ([1, 2, 3, 4, 5, "6"], "not a number"),
        ([1, 2, 3, 4, 5, float("nan")], "NaN"),
        ([0, 0, 1e12, 0, 0, 1], "too long"),
        ([0, 0, 1000, 0, 0, 1], "outside"),
        ([0, 0, 40, 0] * 200_000, "too long"),
    ],
)
def test_a_polygon_that_is_none_is_refused(polygon, why):
    with pytest.raises(ValueError, match=why):
        counts_of_polygons([polygon], (20, 30))
