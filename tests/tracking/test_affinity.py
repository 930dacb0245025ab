"""How well tracks fit the objects of a frame."""

import numpy as np
import pytest

from yolact_cli.tracking.affinity import affinity
from yolact_cli.tracking.overlap import shape_of
from yolact_cli.tracking.track import Track

SIZE_HW = (120, 240)


@pytest.fixture
def shape(make_instance):
    """Of a square of 20 px, or what is in the picture of it: ``shape(left, top=40)``."""

    def build(left, top=40):
        mask = np.zeros(SIZE_HW, bool)
        mask[top : top + 20, max(left, 0) : max(left + 20, 0)] = True
        return shape_of(make_instance(mask), SIZE_HW)

    return build


@pytest.fixture
def moving(shape):
    """A track seen twice: ``moving(left, step)``, at 0 s and at 1 s."""

    def build(left, step):
        track = Track.begin(1, 0.0, shape(left))
        track.see(1.0, shape(left + step), size_hw=SIZE_HW, max_gap_s=4.0)
        track.count_class(0, 0.9)
        return track

    return build


def fit(track, seen, time_s=2.0):
    return affinity([track], [seen], [0], time_s=time_s, size_hw=SIZE_HW, max_gap_s=4.0)


def test_object_where_its_motion_leads_overlaps_wholly(moving, shape):
    assert fit(moving(50, 30), shape(110)).iou == pytest.approx(1)
    assert fit(moving(50, 30), shape(50)).iou == 0


def test_what_has_left_the_picture_is_not_missed(moving, shape):
    overlaps = fit(moving(196, 15), shape(226))  # 14 of 20 columns are left
    assert overlaps.iou == pytest.approx(1)
    assert overlaps.part == pytest.approx(1)
