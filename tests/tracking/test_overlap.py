"""Overlaps of shifted masks, against rasters."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.tracking.overlap import moved_box, picture_shape, shape_of, shared_px

SIZE_HW = (13, 17)


@given(seed=st.integers(0, 10_000), shift=st.tuples(st.integers(-20, 20), st.integers(-15, 15)))
@settings(max_examples=200, deadline=None)
def test_shared_pixels_are_those_of_the_rasters(make_instance, seed, shift):
    rng = np.random.default_rng(seed)
    one, other = rng.random((2, *SIZE_HW)) < rng.random((2, 1, 1))
    moved = np.pad(one, 20)
    moved = np.roll(moved, shift[::-1], (0, 1))
    expected = (moved & np.pad(other, 20)).sum()
    shapes = [shape_of(make_instance(mask), SIZE_HW) for mask in (one, other)]
    assert [shape.area_px for shape in shapes] == [one.sum(), other.sum()]
    assert shared_px(*shapes, shift_xy=shift) == expected


def test_full_columns_are_told_apart(make_instance):
    mask = np.ones(SIZE_HW, bool)
    shape = shape_of(make_instance(mask), SIZE_HW)
    assert shape.box_xyxy_px == (0, 0, 17, 13)
    assert shared_px(shape, shape, shift_xy=(0, 5)) == 17 * 8
    assert shared_px(shape, picture_shape(SIZE_HW), shift_xy=(-4, 0)) == 13 * 13


def test_a_moved_box_moves(make_instance):
    mask = np.zeros(SIZE_HW, bool)
    mask[2:5, 3:9] = True
    assert moved_box(shape_of(make_instance(mask), SIZE_HW), (-4, 7)) == (-1, 9, 5, 12)


def test_an_empty_mask_shares_nothing(make_instance):
    empty, full = (shape_of(make_instance(np.full(SIZE_HW, x)), SIZE_HW) for x in (False, True))
    assert shared_px(empty, full) == shared_px(full, empty) == 0


@pytest.mark.parametrize("factor", [1, 80])
def test_large_pictures_are_exact(make_instance, factor):
    size_hw = (20 * factor, 30 * factor)
    mask = np.zeros(size_hw, bool)
    mask[factor:, factor:] = True
    shape = shape_of(make_instance(mask), size_hw)
    shared = shared_px(shape, shape, shift_xy=(factor, factor))
    assert shared == 18 * factor * 28 * factor
