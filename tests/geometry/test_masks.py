"""Painting rasters from light detections."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.geometry import masks, rle


def test_crop_holds_the_mask_inside_its_tight_box(make_instance):
    mask = np.zeros((20, 30), bool)
    mask[3:8, 5:25] = np.tri(5, 20, 15, dtype=bool)

    np.testing.assert_array_equal(masks.crop_of(make_instance(mask), (20, 30)), mask[3:8, 5:25])


@given(seed=st.integers(0, 1000), count=st.integers(0, 6))
@settings(max_examples=30, deadline=None)
def test_overlaps_belong_to_the_higher_score(make_detections, seed, count):
    detections = make_detections(count, seed=seed)
    expected = np.zeros(detections.size_hw, int)
    for position, instance in reversed(list(enumerate(detections.instances))):
        expected[rle.decode_mask(instance.rle_counts, detections.size_hw)] = position + 1

    np.testing.assert_array_equal(masks.paint_instances(detections), expected)


def test_picture_without_objects_is_all_background(make_detections):
    assert not masks.paint_instances(make_detections(0)).any()


@pytest.mark.parametrize("value", [-1, 0, 65536])
def test_values_that_do_not_fit_the_raster_are_refused(make_detections, value):
    with pytest.raises(ValueError, match="1 to 65535"):
        masks.paint(make_detections(1), [value])


def test_every_instance_needs_a_value(make_detections):
    with pytest.raises(ValueError, match="shorter"):
        masks.paint(make_detections(3), [1, 2])
