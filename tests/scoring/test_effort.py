"""How much people had to change."""

import math

import pytest

from yolact_cli.scoring.effort import ObjectOutcome, effort


def was(before, after, iou=math.nan):
    return ObjectOutcome(name_before=before, name_after=after, iou=iou)


def test_what_people_did_is_counted_by_kind():
    first = [was("cat", "cat", 1.0), was("cat", "dog", 1.0), was("cat", None), was(None, "dog")]
    second = [was("cat", "cat", 0.8), was("dog", "cat", 0.6)]
    found = effort([first, second, []])
    assert found.to_json() == {
        "pictures": 3,
        "before": 5,
        "after": 5,
        "untouched": 1,
        "edited": 2,
        "relabelled": 2,
        "added": 1,
        "deleted": 1,
        "mean_edit": pytest.approx(0.3),
        "mean_edit_of_kept": pytest.approx(0.15),
        "untouched_share": pytest.approx(0.2),
    }


def test_nothing_done_has_no_means():
    found = effort([[]])
    assert (found.pictures, found.before, found.after) == (1, 0, 0)
    assert found.to_json()["mean_edit"] is None
    assert found.to_json()["untouched_share"] is None
