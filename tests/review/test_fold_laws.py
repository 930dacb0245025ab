"""What holds for any review of a picture."""

from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.review.events import ReviewEvent, live_events
from yolact_cli.review.fold import fold, recorded

SIZE_HW = (60, 80)
FEW = settings(max_examples=40, deadline=None)


@FEW
@given(data=st.data())
def test_objects_are_whole_and_each_once(data, machines, histories, categories):
    history = live_events(data.draw(histories))
    reviewed = fold(data.draw(machines), history, categories)
    found = [one.uid for one in reviewed.picture.objects]
    assert len(found) == len(set(found))
    assert not set(found) & {one.uid for one in reviewed.rejected}
    assert all(one.area_px > 0 for one in reviewed.picture.objects)


@FEW
@given(data=st.data())
def test_what_people_did_does_not_hang_on_the_model(data, machines, histories, categories):
    live = live_events(data.draw(histories))
    pictures = [fold(data.draw(machines), live, categories).picture for _ in range(2)]
    theirs = [
        {one.uid: recorded(one, SIZE_HW) for one in picture.objects if one.state != "machine"}
        for picture in pictures
    ]
    assert theirs[0] == theirs[1]


@FEW
@given(data=st.data())
def test_done_picture_is_the_same_whatever_the_model_finds(
    data, machines, histories, categories, make_event
):
    live = [*live_events(data.draw(histories)), make_event("done", sequence=99)]
    for _ in range(2):
        picture = fold(data.draw(machines), live, categories).picture
        assert picture.is_reviewed
        assert picture.objects == ()


@FEW
@given(data=st.data())
def test_marking_done_what_is_on_the_screen_changes_nothing_but_that(
    data, machines, histories, categories, make_event
):
    machine, live = data.draw(machines), live_events(data.draw(histories))
    before = fold(machine, live, categories).picture
    screen = {one.uid: recorded(one, SIZE_HW) for one in before.objects}
    done = make_event("done", sequence=99, objects=tuple(screen.values()))
    after = fold(machine, [*live, done], categories).picture
    assert {one.uid: recorded(one, SIZE_HW) for one in after.objects} == screen
    assert all(one.state != "machine" for one in after.objects)


@FEW
@given(data=st.data())
def test_undone_stroke_is_as_if_it_had_never_been(
    data, machines, histories, categories, make_event
):
    machine, history = data.draw(machines), data.draw(histories)
    strokes = [one.sequence for one in history if one.kind != "undo"]
    chosen = data.draw(st.sampled_from(strokes or [50]))
    others = [one for one in history if one.sequence != chosen and one.undone != chosen]
    kept = [one for one in history if one.undone != chosen]
    undo = make_event("undo", sequence=99, undone=chosen)
    with_undo = fold(machine, live_events([*kept, undo]), categories).picture
    assert with_undo == fold(machine, live_events(others), categories).picture


@FEW
@given(data=st.data())
def test_events_survive_their_records(data, histories):
    history = data.draw(histories)
    assert [ReviewEvent.from_record(one.to_record()) for one in history] == history
