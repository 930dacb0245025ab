"""What a picture's labels are once its review is laid over them."""

import pytest

from yolact_cli.errors import ReviewError
from yolact_cli.review.fold import all_categories, fold
from yolact_cli.structures import Category


@pytest.fixture
def machine(make_labelled, make_object):
    """Two cats and between them, by score, a dog."""
    return make_labelled(
        make_object("m1", 5, 5, score=0.9),
        make_object("m2", 30, 5, score=0.6, name="dog"),
        make_object("m3", 50, 30, score=0.4),
    )


def uids(reviewed) -> list[str]:
    return [one.uid for one in reviewed.picture.objects]


@pytest.fixture
def folded(machine, categories):
    def build(*events, machine=machine):
        return fold(machine, events, categories)

    return build


@pytest.fixture
def done(make_event, make_record):
    def build(*objects, **fields):
        return make_event("done", objects=tuple(map(make_record, objects)), **fields)

    return build


def test_picture_nobody_touched_is_the_models(machine, folded):
    reviewed = folded()
    assert reviewed.picture == machine
    assert (reviewed.revision, reviewed.rejected, reviewed.left_out) == (0, (), 0)


def test_object_stands_as_the_person_left_it(make_object, make_event, make_record, folded):
    change = make_record(make_object("m2", 31, 6), category_name="person", state="corrected")
    two = folded(make_event("object", object=change, sequence=7)).picture.objects[1]
    assert (two.uid, two.category.name, two.bbox_xywh_px) == ("m2", "person", (31, 6, 10, 10))
    assert (two.state, two.score) == ("corrected", 0.9)


def test_rejected_object_is_gone_and_can_come_back(make_event, make_record, machine, folded):
    reject = make_event("reject", uid="m1")
    assert uids(folded(reject)) == ["m2", "m3"]
    assert [one.uid for one in folded(reject).rejected] == ["m1"]
    back = folded(reject, make_event("object", object=make_record(machine.objects[0])))
    assert uids(back) == ["m1", "m2", "m3"]
    assert back.rejected == ()


def test_objects_that_people_added_come_last(make_object, make_event, make_record, folded):
    added = make_object("p1", 60, 5, score=None, box_score=None, predicted_box_xyxy_px=None)
    record = make_record(added, state="added")
    assert uids(folded(make_event("object", object=record))) == ["m1", "m2", "m3", "p1"]


def test_done_counts_untouched_objects_as_accepted_and_the_rest_as_none(machine, folded, done):
    reviewed = folded(done(*machine.objects[:2]))
    assert reviewed.picture.is_reviewed
    assert reviewed.picture.reviewer == "ann"
    assert [one.state for one in reviewed.picture.objects] == ["accepted", "accepted"]
    assert [one.uid for one in reviewed.rejected] == ["m3"]


def test_done_with_nothing_is_a_reviewed_picture_without_objects(folded, done):
    reviewed = folded(done())
    assert reviewed.picture.is_reviewed
    assert reviewed.picture.objects == ()


def test_reopened_picture_keeps_its_objects_and_is_not_reviewed(make_event, machine, folded, done):
    reviewed = folded(done(machine.objects[0]), make_event("reopen", sequence=2))
    assert not reviewed.picture.is_reviewed
    assert uids(reviewed) == ["m1"]


def test_model_has_no_say_in_a_picture_that_was_done(
    make_object, make_labelled, machine, folded, done
):
    renewed = make_labelled(make_object("n1", 5, 5), make_object("n2", 40, 40))
    assert uids(folded(done(machine.objects[0]), machine=renewed)) == ["m1"]


def test_done_object_under_another_uid_today_is_not_rejected(
    make_object, make_labelled, machine, folded, done
):
    renewed = make_labelled(make_object("n1", 6, 5))
    reviewed = folded(done(machine.objects[0]), machine=renewed)
    assert (uids(reviewed), reviewed.rejected) == (["m1"], ())


def test_duplicate_that_is_not_among_the_done_is_rejected(make_object, make_labelled, folded, done):
    twice = make_labelled(make_object("m1", 5, 5), make_object("m2", 6, 5, score=0.5))
    reviewed = folded(done(twice.objects[0]), machine=twice)
    assert uids(reviewed) == ["m1"]
    assert [one.uid for one in reviewed.rejected] == ["m2"]


def test_what_is_taken_out_of_a_reopened_picture_leaves_the_place_empty(
    make_object, make_labelled, make_event, machine, folded, done
):
    renewed = make_labelled(make_object("n1", 5, 5, name="dog"))
    events = done(machine.objects[0]), make_event("reopen"), make_event("reject", uid="m1")
    assert uids(folded(*events, machine=renewed)) == []


def test_object_of_a_persons_hides_the_same_object_found_anew(
    make_object, make_labelled, make_event, make_record, machine, folded
):
    touched = make_event("object", object=make_record(machine.objects[0]))
    renewed = make_labelled(
        make_object("n1", 6, 5, name="dog"), make_object("n2", 40, 40, score=0.5)
    )
    assert uids(folded(touched, machine=renewed)) == ["m1", "n2"]


@pytest.mark.parametrize(
    ("found_anew", "stays"),
    [
        pytest.param({"left": 6}, False, id="the same"),
        pytest.param({"left": 6, "name": "dog"}, True, id="another class"),
        pytest.param({"left": 14}, True, id="elsewhere"),
    ],
)
def test_rejected_object_found_anew_stays_rejected(
    found_anew, stays, make_object, make_labelled, make_event, make_record, machine, folded
):
    reject = make_event("reject", uid="m1", object=make_record(machine.objects[0]))
    reviewed = folded(reject, machine=make_labelled(make_object("n1", top=5, **found_anew)))
    assert (uids(reviewed) == ["n1"]) is stays
    assert bool(reviewed.rejected) is not stays


def test_rejecting_what_is_not_there_does_nothing(make_event, machine, folded):
    assert folded(make_event("reject", uid="nobody")).picture == machine


def test_mask_rubbed_out_to_the_last_pixel_is_no_object(
    make_object, make_event, make_record, folded
):
    empty = make_record(make_object("m1", 0, 0, side=0), state="corrected")
    assert uids(folded(make_event("object", object=empty))) == ["m2", "m3"]
    reviewed = folded(make_event("done", objects=(empty,)))
    assert reviewed.picture.objects == ()


def test_events_of_a_picture_of_another_size_are_left_out_and_counted(
    make_event, make_record, machine, folded
):
    other = make_record(machine.objects[0], size_hw=(600, 800))
    reviewed = folded(
        make_event("object", object=other), make_event("done", objects=(other,), sequence=2)
    )
    assert reviewed.picture == machine
    assert reviewed.left_out == 2


def test_damaged_mask_is_told_with_its_event(make_event, make_record, machine, folded):
    broken = make_record(machine.objects[0], rle_counts="~~~")
    with pytest.raises(ReviewError, match="event 7, about"):
        folded(make_event("object", object=broken, sequence=7))


def test_classes_that_people_bring_in_get_the_next_free_ids(make_event, make_record, machine):
    own = [Category(category_id=3, name="cat"), Category(category_id=90, name="dog")]
    brought = [
        make_event("object", object=make_record(machine.objects[0], category_name=name))
        for name in ("dog", "yak", "zebra", "yak")
    ]
    found = all_categories(own, brought)
    assert [(one.category_id, one.name) for one in found[2:]] == [(91, "yak"), (92, "zebra")]
