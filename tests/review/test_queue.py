"""The queue's order, and who looks at what."""

from fractions import Fraction

import pytest

from yolact_cli.errors import SettingsError
from yolact_cli.labels import Priority
from yolact_cli.review.priority import ClassSizes, with_priorities
from yolact_cli.review.queue import in_order, queue_entry, share_of
from yolact_cli.structures import FramePlace


@pytest.fixture
def make_entry(make_labelled):
    """``make_entry(id, priority, video=None, frame=0)``."""

    def build(picture_id, value=0.5, *, video=None, frame=0):
        place = video and FramePlace(video_id=video, frame_index=frame, time_s=Fraction(0))
        priority = None if value is None else Priority(value=value)
        name = f"{picture_id}.png"
        picture = make_labelled(name=name, picture_id=picture_id, place=place, priority=priority)
        return queue_entry(picture)

    return build


def ids(entries) -> list[int]:
    return [entry.picture_id for entry in entries]


def test_queue_begins_with_what_needs_a_look_most(make_entry):
    entries = [make_entry(1, 0.2), make_entry(2, 0.9), make_entry(3, None), make_entry(4, 0.9)]
    assert ids(in_order(entries)) == [2, 4, 1, 3]


def test_frames_of_a_video_stay_together_in_order(make_entry):
    frames = [make_entry(7, 0.1, video=1, frame=5), make_entry(8, 0.8, video=1, frame=2)]
    other = make_entry(9, 0.7, video=2)
    assert ids(in_order([make_entry(1, 0.75), other, *frames])) == [8, 7, 1, 9]


def test_shares_are_even_whole_and_apart(make_entry):
    entries = [make_entry(number) for number in range(1, 8)]
    entries += [make_entry(10 + frame, video=1, frame=frame) for frame in range(3)]
    people = ["ann", "bob", "eve"]
    shares = [ids(share_of(entries, person, people)) for person in people]
    assert sorted(number for share in shares for number in share) == ids(entries)
    assert [len(share) for share in shares] == [6, 2, 2]
    assert {10, 11, 12} <= set(shares[0])


def test_shares_do_not_hang_on_the_order(make_entry):
    entries = [make_entry(number) for number in range(1, 8)]
    turned = share_of(entries[::-1], "ann", ["ann", "bob"])
    assert sorted(ids(turned)) == ids(share_of(entries, "ann", ["ann", "bob"]))


@pytest.mark.parametrize(
    ("people", "said"), [(["anna", "bob"], "Did you mean 'anna'"), (["bob", "bob"], "twice")]
)
def test_reviewer_that_is_none_is_refused(make_entry, people, said):
    with pytest.raises(SettingsError, match=said):
        share_of([make_entry(1)], "ann", people)


def test_kinds_tell_what_sort_of_look_is_needed(make_labelled, make_object):
    def kind(*objects, **fields):
        picture = make_labelled(*objects, **fields)
        ranked = with_priorities(picture, sizes=ClassSizes(), score_threshold=0.3)
        return queue_entry(ranked).kind

    sure, unsure = make_object("a", 20, 20, score=0.9), make_object("b", 40, 40, score=0.4)
    assert [kind(), kind(sure), kind(sure, unsure)] == ["empty", "sure", "check"]
    assert kind(unsure, is_reviewed=True) == "sure"


def test_record_says_why(make_labelled, make_object):
    picture = make_labelled(make_object("a", 20, 20, score=0.3))
    ranked = with_priorities(picture, sizes=ClassSizes(), score_threshold=0.3)
    assert queue_entry(ranked).to_record() == {
        "id": 1,
        "file_name": "a.png",
        "priority": 0.5,
        "reasons": [{"reason": "score 0.30", "share": 0.5}],
        "kind": "check",
        "objects": 1,
        "reviewed": False,
    }
