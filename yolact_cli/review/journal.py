"""The review journal: a line of JSON an event, appended at once, never rewritten.

``review/events.jsonl`` begins with a line that gives the format. What a crash or a full disk left
of a stroke is cut off before the next one: it was not confirmed to anybody.
"""

import contextlib
import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from yolact_cli.errors import OutputError, ReviewError
from yolact_cli.review.events import ReviewEvent
from yolact_cli.store import Store

EVENTS = "review/events.jsonl"
FORMAT = 1
STROKES_AT_ONCE = 500


def read_events(store: Store) -> Iterator[ReviewEvent]:
    """All events in order, also those undone since; none where nobody reviewed yet.

    A last stroke that a crash cut off is left out.

    Raises:
        ReviewError: The journal is damaged elsewhere, or of another version.
    """
    for stroke, _ in _whole_strokes(store):
        yield from stroke


class ReviewJournal:
    """The journal open for appending: by one process at a time, which holds the run's lock."""

    def __init__(self, store: Store) -> None:
        """Open it; a torn last stroke is cut off.

        Raises:
            ReviewError: As :func:`read_events`.
        """
        self._store = store
        self._last = 0
        self._size_bytes = 0
        for stroke, end in _whole_strokes(store):
            self._last = stroke[-1].sequence if stroke else 0
            self._size_bytes = end
        self._is_torn = True
        self._cut()

    @property
    def last_sequence(self) -> int:
        """Of the newest event; 0 where there is none."""
        return self._last

    def append_strokes(self, strokes: Iterable[Sequence[ReviewEvent]]) -> int:
        """Add many strokes, a few hundred at a time, and return the number of events.

        What a crash leaves out are the last ones.

        Raises:
            DiskFullError: No space is left; what was added before counts.
            ReviewError: As :meth:`append`.
        """
        before = self._last
        waiting = iter(strokes)
        while some := list(itertools.islice(waiting, STROKES_AT_ONCE)):
            self._append(some)
        return self._last - before

    def append(self, events: Sequence[ReviewEvent]) -> list[ReviewEvent]:
        """Add events made in one go; when this returns, they outlive a power cut.

        Returns:
            The events with their sequence and stroke.

        Raises:
            DiskFullError: No space is left; none of them counts.
            ReviewError: Somebody else wrote the journal since it was opened.
        """
        return self._append([events]) if events else []

    def _append(self, strokes: Sequence[Sequence[ReviewEvent]]) -> list[ReviewEvent]:
        self._cut()
        if self._store.size_of(EVENTS) != self._size_bytes:
            raise ReviewError(
                f"{EVENTS} was changed by another program since it was opened here.",
                remedy="Nothing was added. Close what else reviews this run, and open it again.",
            )
        numbered: list[ReviewEvent] = []
        for events in strokes:
            stroke = self._last + len(numbered) + 1
            numbered += [
                replace(event, sequence=stroke + place, stroke=stroke, more=len(events) - 1 - place)
                for place, event in enumerate(events)
            ]
        lines = b"".join(_line(event.to_record()) for event in numbered)
        if not self._size_bytes:
            lines = _line({"format": FORMAT, "program": "yolact_cli"}) + lines
        self._is_torn = True  # until it is all there
        try:
            self._store.append(EVENTS, lines)
        except BaseException:
            with contextlib.suppress(OutputError):  # else before the next stroke
                self._cut()
            raise
        self._is_torn = False
        self._last = numbered[-1].sequence
        self._size_bytes += len(lines)
        return numbered

    def _cut(self) -> None:
        """Take away what was begun and not finished."""
        if not self._is_torn:
            return
        if self._store.size_of(EVENTS) > self._size_bytes:
            if self._size_bytes:
                self._store.truncate(EVENTS, self._size_bytes)
            else:
                self._store.delete(EVENTS)
        self._is_torn = False


def _whole_strokes(store: Store) -> Iterator[tuple[list[ReviewEvent], int]]:
    """Each stroke that is whole, with the place in the file where it ends; first the header's."""
    if not store.exists(EVENTS):
        return
    with store.open(EVENTS) as file:
        header = file.readline()
        if not header.endswith(b"\n"):
            return
        _check_header(header)
        end = len(header)
        yield [], end
        stroke: list[ReviewEvent] = []
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            stroke.append(_event(line, number, stroke))
            end += len(line)
            if stroke[-1].more == 0:
                yield stroke, end
                stroke = []


def _event(line: bytes, number: int, before: Sequence[ReviewEvent]) -> ReviewEvent:
    """The event of a line; ``before`` are those of the same stroke."""
    try:
        event = ReviewEvent.from_record(json.loads(line))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged(f"line {number + 1} is damaged") from error
    begins, follows = (before[0].sequence, before[-1].more - 1) if before else (number, event.more)
    if (event.sequence, event.stroke, event.more) != (number, begins, follows):
        raise _damaged(f"line {number + 1} is out of order")
    return event


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _check_header(line: bytes) -> None:
    try:
        version = json.loads(line)["format"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _damaged("its first line is damaged") from error
    if version != FORMAT:
        raise ReviewError(
            f"{EVENTS} is of format {version!r}, and this version knows {FORMAT}.",
            remedy="Use the version of yolact that wrote it; nothing was changed.",
        )


def _damaged(reason: str) -> ReviewError:
    return ReviewError(
        f"{EVENTS}: {reason}.",
        remedy="Nothing was changed. Put a copy back, or cut the file off before that line.",
    )
