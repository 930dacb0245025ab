"""Run lengths against pycocotools, on masks of every awkward kind."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle

MASKS = st.tuples(st.integers(1, 24), st.integers(1, 24)).flatmap(
    lambda size_hw: st.one_of(
        arrays(bool, size_hw),
        st.builds(np.zeros, st.just(size_hw), st.just(bool)),
        st.builds(np.ones, st.just(size_hw), st.just(bool)),
    )
)


def oracle(mask):
    return coco_mask.encode(np.asfortranarray(mask, np.uint8))


@st.composite
def crops_in_pictures(draw):
    crop = draw(MASKS)
    top, bottom, left, right = (draw(st.integers(0, 12)) for _ in range(4))
    picture = np.pad(crop, ((top, bottom), (left, right)))
    return crop, (top, left), picture


@given(crops_in_pictures())
@settings(max_examples=300, deadline=None)
def test_encoded_crop_equals_pycocotools_on_the_full_mask(case):
    crop, offset_yx, picture = case

    counts = rle.encode_crop(crop, offset_yx=offset_yx, size_hw=picture.shape)

    assert counts == oracle(picture)["counts"].decode()


@given(crops_in_pictures())
@settings(deadline=None)
def test_decoding_a_crop_undoes_encoding_it(case):
    crop, (top, left), picture = case
    counts = rle.encode_crop(crop, offset_yx=(top, left), size_hw=picture.shape)
    box = (left, top, crop.shape[1], crop.shape[0])

    np.testing.assert_array_equal(rle.decode_crop(counts, picture.shape, bbox_xywh=box), crop)


@given(MASKS)
@settings(deadline=None)
def test_decoding_undoes_encoding(mask):
    np.testing.assert_array_equal(rle.decode_mask(rle.encode_mask(mask), mask.shape), mask)


@given(MASKS, st.data())
@settings(deadline=None)
def test_decoded_crop_equals_the_mask_sliced(mask, data):
    height, width = mask.shape
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    crop_w = data.draw(st.integers(1, width - left))
    crop_h = data.draw(st.integers(1, height - top))

    crop = rle.decode_crop(rle.encode_mask(mask), mask.shape, bbox_xywh=(left, top, crop_w, crop_h))

    np.testing.assert_array_equal(crop, mask[top : top + crop_h, left : left + crop_w])


@given(MASKS)
@settings(deadline=None)
def test_area_equals_pycocotools(mask):
    assert rle.area_of(rle.encode_mask(mask)) == coco_mask.area(oracle(mask)) == mask.sum()


@given(MASKS)
@settings(deadline=None)
def test_tight_box_encloses_the_pixels_and_nothing_more(mask):
    rows, columns = np.nonzero(mask.any(axis=1))[0], np.nonzero(mask.any(axis=0))[0]
    expected = (0, 0, 0, 0)
    if len(rows):
        left, top = columns[0], rows[0]
        expected = (left, top, columns[-1] + 1 - left, rows[-1] + 1 - top)

    assert rle.tight_bbox(rle.encode_mask(mask), mask.shape) == expected


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=40))
def test_runs_survive_the_text_form(runs):
    np.testing.assert_array_equal(rle.decode_runs(rle.encode_runs(np.array(runs))), runs)


def test_large_runs_equal_pycocotools():
    mask = np.zeros((3000, 4000), bool)
    mask[2999, 3998] = mask[0, 3999] = True

    assert rle.encode_mask(mask) == oracle(mask)["counts"].decode()


def test_empty_runs_of_other_tools_are_understood():
    counts = rle.encode_runs(np.array([3, 0, 1, 2, 0, 1, 2]))

    assert rle.decode_mask(counts, (3, 3)).T.astype(int).tolist() == [
        [0, 0, 0],
        [0, 1, 1],
        [1, 0, 0],
    ]
    assert rle.tight_bbox(counts, (3, 3)) == (1, 0, 2, 3)


def test_empty_crop_gives_the_empty_mask():
    counts = rle.encode_crop(np.zeros((0, 4), bool), offset_yx=(1, 1), size_hw=(5, 6))

    assert not rle.decode_mask(counts, (5, 6)).any()


@pytest.mark.parametrize(
    ("offset_yx", "shape"),
    [((-1, 0), (2, 2)), ((0, -1), (2, 2)), ((4, 0), (2, 2)), ((0, 5), (2, 2))],
    ids=["above", "left", "below", "right"],
)
def test_crop_outside_the_picture_is_refused(offset_yx, shape):
    with pytest.raises(ValueError, match="leaves a 5x6 mask"):
        rle.encode_crop(np.ones(shape, bool), offset_yx=offset_yx, size_hw=(5, 6))


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ("", "empty"),
        ("P", "middle of a number"),
        ("0!", "cannot occur"),
        ("0ü", "cannot occur"),
        ("1N", "negative"),
        ("P" * 12 + "1", "too large"),
    ],
)
def test_damaged_counts_are_refused_with_the_reason(counts, reason):
    with pytest.raises(ValueError, match=reason):
        rle.decode_runs(counts)


def test_counts_of_another_size_are_refused():
    with pytest.raises(ValueError, match="the runs cover 30 pixels, a 5x7 mask has 35"):
        rle.decode_mask(rle.encode_mask(np.ones((5, 6), bool)), (5, 7))
