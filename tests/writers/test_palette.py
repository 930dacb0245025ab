"""Colours of classes and objects."""

import numpy as np
import pytest

from yolact_cli.writers.palette import class_colours, is_light, object_colour


def test_longer_tables_begin_like_shorter_ones():
    np.testing.assert_array_equal(class_colours(255)[:20], class_colours(20))
    np.testing.assert_array_equal(class_colours(255)[:3], class_colours(3))


def test_colours_of_a_hundred_classes_are_all_different():
    assert len(np.unique(class_colours(100), axis=0)) == 100


def test_no_class_is_as_dark_as_the_background():
    assert class_colours(255).max(axis=1).min() > 90


def test_first_object_has_the_colour_of_its_class():
    assert object_colour(4, 0) == tuple(class_colours(5)[4])


def test_objects_of_one_class_are_told_apart():
    assert len({object_colour(0, number) for number in range(7)}) == 7


@pytest.mark.parametrize(
    ("colour", "expected"),
    [((255, 255, 255), True), ((0, 0, 0), False), ((240, 228, 66), True), ((0, 60, 178), False)],
)
def test_legible_ink_is_known(colour, expected):
    assert is_light(colour) is expected
