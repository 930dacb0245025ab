"""Which stroke a person would undo next, and which undoing he would take back."""

from collections.abc import Sequence

from yolact_cli.review.events import ReviewEvent


def undoable_stroke(events: Sequence[ReviewEvent], by: str) -> int | None:
    """The last of the person's strokes that stands, undoing aside; None where there is none."""
    undone: set[int] = set()
    for event in reversed(events):
        if event.stroke in undone:
            continue
        if event.undone is not None:
            undone.add(event.undone)
        elif event.by == by:
            return event.stroke
    return None


def redoable_stroke(events: Sequence[ReviewEvent], by: str) -> int | None:
    """The last of the person's undoings that stands, unless he did something new since."""
    undoings = {event.stroke for event in events if event.undone is not None}
    undone: set[int] = set()
    for event in reversed(events):
        if event.stroke in undone:
            continue
        if event.undone is not None:
            undone.add(event.undone)
        if event.by != by:
            continue
        if event.undone is None:
            return None
        if event.undone not in undoings:
            return event.stroke
    return None
