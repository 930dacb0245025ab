"""Which events count, and what undoing makes of them."""

from yolact_cli.review.events import live_events, revisions


def test_undoing_an_undoing_makes_the_stroke_count_again(make_event):
    events = [
        make_event("reopen", sequence=1),
        make_event("undo", sequence=2, undone=1),
        make_event("undo", sequence=3, undone=2),
    ]
    assert [event.sequence for event in live_events(events)] == [1]
    assert live_events(events[:2]) == []


def test_undoing_of_what_comes_later_or_never_does_nothing(make_event):
    events = [
        make_event("undo", sequence=1, undone=2),
        make_event("reopen", sequence=2),
        make_event("undo", sequence=3, undone=99),
    ]
    assert [event.sequence for event in live_events(events)] == [2]


def test_revision_counts_undoing_for_all_pictures_of_the_stroke(make_event):
    events = [
        make_event("reopen", sequence=1, picture="a"),
        make_event("reopen", sequence=2, picture="b", stroke=2),
        make_event("reopen", sequence=3, picture="c", stroke=2),
        make_event("undo", sequence=4, undone=2),
    ]
    assert revisions(events) == {"a": 1, "b": 4, "c": 4}
    again = [*events, make_event("undo", sequence=5, undone=4)]
    assert revisions(again) == {"a": 1, "b": 5, "c": 5}
