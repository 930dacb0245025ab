"""Which object of a file that came back is which of the picture's, and whether a mask was changed."""

import numpy as np
import pytest

from yolact_cli.geometry import rle
from yolact_cli.labels import ReadObject
from yolact_cli.review.match import is_same_mask, match_objects

SIZE_HW = (60, 80)


@pytest.fixture
def matched(make_object):
    """Uids of the objects that those of a file were: ``matched([(left, top, name, uid)], there)``."""

    def build(read, there):
        objects = [
            ReadObject(
                place=f"object {number}",
                category_name=name,
                rle_counts=make_object("x", left, top).rle_counts,
                uid=uid,
            )
            for number, (left, top, name, uid) in enumerate(read)
        ]
        names = [one.category_name for one in objects]
        found = match_objects(objects, there, names=names, size_hw=SIZE_HW)
        return [one and one.uid for one in found.pairs], [one.uid for one in found.missing]

    return build


@pytest.fixture
def changed_square():
    """Run lengths of a square of 40 px, and of the same after ``change(mask)``."""

    def build(change):
        mask = np.zeros(SIZE_HW, bool)
        mask[10:50, 10:50] = True
        before = rle.encode_mask(mask)
        change(mask)
        return before, rle.encode_mask(mask)

    return build


def test_uid_decides_before_overlap_does(matched, make_object):
    there = make_object("a", 0, 0), make_object("b", 30, 30)
    assert matched([(30, 30, "cat", "a")], there) == (["a"], ["b"])


def test_of_copies_the_one_that_overlaps_most_is_the_object(matched, make_object):
    read = [(40, 30, "cat", "a"), (1, 0, "cat", "a")]
    assert matched(read, [make_object("a", 0, 0)]) == ([None, "a"], [])


@pytest.mark.parametrize(("name", "uid"), [("cat", "c"), ("dog", "d")])
def test_of_two_that_overlap_nearly_alike_the_same_class_is_taken(matched, make_object, name, uid):
    there = make_object("c", 10, 10), make_object("d", 10, 10, side=10, name="dog")
    slightly_off = make_object("c", 10, 10), make_object("d", 10, 10, side=11, name="dog")
    assert matched([(10, 10, name, None)], there)[0] == [uid]
    # 100 of 121 px are too far apart to let the class decide
    assert matched([(10, 10, name, None)], slightly_off)[0] == ["c"]


def test_what_overlaps_by_less_than_half_is_new(matched, make_object):
    assert matched([(14, 10, "cat", None)], [make_object("a", 10, 10)]) == ([None], ["a"])
    assert matched([(13, 10, "cat", None)], [make_object("a", 10, 10)]) == (["a"], [])


def test_nothing_matches_nothing(matched, make_object):
    assert matched([], []) == ([], [])
    assert matched([], [make_object("a", 0, 0)]) == ([], ["a"])


def test_row_that_an_outline_lost_is_no_change_unless_pixels_are_exact(changed_square):
    def shave(mask):
        mask[10] = False

    before, after = changed_square(shave)
    assert is_same_mask(before, after, SIZE_HW, exact=False)
    assert not is_same_mask(before, after, SIZE_HW, exact=True)
    assert is_same_mask(before, before, SIZE_HW, exact=True)


def test_thin_difference_that_is_much_of_the_object_is_a_change(changed_square):
    def shave(mask):
        mask[10:12] = False

    before, after = changed_square(shave)  # 5 % of it
    assert not is_same_mask(before, after, SIZE_HW, exact=False)


@pytest.mark.parametrize(("side", "is_same"), [(2, True), (3, False)])
def test_thick_difference_is_a_change_however_small(changed_square, side, is_same):
    def dent(mask):
        mask[20 : 20 + side, 20 : 20 + side] = False

    before, after = changed_square(dent)
    assert is_same_mask(before, after, SIZE_HW, exact=False) is is_same
