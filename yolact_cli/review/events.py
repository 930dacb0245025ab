"""The review journal: what people did, one line of JSON an act, appended at once, never rewritten.

``review/events.jsonl`` begins with a line that gives the format. Each event that follows speaks of
one picture by its name and carries the whole object that came of it, so that what people did
stands on its own: annotating again may renew every label of the model and loses none of theirs.
Events that were made in one go (a whole track) share a ``stroke``, and are undone together.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Literal

from yolact_cli.errors import ReviewError
from yolact_cli.store import Store

EVENTS = "review/events.jsonl"
FORMAT = 1

EventKind = Literal["object", "reject", "done", "reopen", "undo"]
"""object: an object is now as given (accepted, corrected or added); reject: it is none; done: the
picture is reviewed and holds just the objects given; reopen: it is not; undo: an earlier stroke
did not happen."""

_KINDS = ("object", "reject", "done", "reopen", "undo")


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectRecord:
    """An object as an event holds it: plain, with its category's name alone.

    Attributes:
        uid: As in :class:`yolact_cli.labels.LabelledObject`, like the rest.
        category_name: Of the run's categories, or one that people brought in.
        size_hw: Of the picture that the mask lies in.
        rle_counts: The mask.
        state: What people made of it.
        score: As the model gave it, None for what people made.
        box_score: Likewise.
        predicted_box_xyxy_px: Likewise.
        track_id: Of a video's frame.
    """

    uid: str
    category_name: str
    size_hw: tuple[int, int]
    rle_counts: str
    state: Literal["accepted", "corrected", "added"]
    score: float | None = None
    box_score: float | None = None
    predicted_box_xyxy_px: tuple[float, float, float, float] | None = None
    track_id: int | None = None

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types, without what is not known."""
        record: dict[str, Any] = {
            "uid": self.uid,
            "category": self.category_name,
            "size": list(self.size_hw),
            "counts": self.rle_counts,
            "state": self.state,
        }
        box = self.predicted_box_xyxy_px
        optional = {
            "score": self.score,
            "box_score": self.box_score,
            "predicted_box": None if box is None else list(box),
            "track_id": self.track_id,
        }
        return record | {key: value for key, value in optional.items() if value is not None}

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "ObjectRecord":
        """The inverse of :meth:`to_record`."""
        height, width = record["size"]
        box = record.get("predicted_box")
        return cls(
            uid=record["uid"],
            category_name=record["category"],
            size_hw=(height, width),
            rle_counts=record["counts"],
            state=record["state"],
            score=record.get("score"),
            box_score=record.get("box_score"),
            predicted_box_xyxy_px=None if box is None else tuple(box),
            track_id=record.get("track_id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEvent:
    """One act of a person's.

    Attributes:
        kind: What was done.
        picture: The picture's name in the run; empty for ``undo``.
        by: The person, or the file that was taken over (``import:name``).
        at: When, ISO 8601 in UTC.
        object: The object as it is now (kind ``object``).
        uid: Of the object that is none (kind ``reject``).
        objects: All of the picture's (kind ``done``).
        undone: The stroke that did not happen (kind ``undo``).
        sequence: Its place in the journal, from 1; 0 before it is there.
        stroke: The sequence of the first event of the same go; 0 before it is there.
    """

    kind: EventKind
    picture: str
    by: str
    at: str
    object: ObjectRecord | None = None
    uid: str | None = None
    objects: tuple[ObjectRecord, ...] = field(default=())
    undone: int | None = None
    sequence: int = 0
    stroke: int = 0

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types."""
        record: dict[str, Any] = {
            "seq": self.sequence,
            "stroke": self.stroke,
            "kind": self.kind,
            "by": self.by,
            "at": self.at,
        }
        if self.picture:
            record["picture"] = self.picture
        if self.object is not None:
            record["object"] = self.object.to_record()
        if self.uid is not None:
            record["uid"] = self.uid
        if self.kind == "done":
            record["objects"] = [one.to_record() for one in self.objects]
        if self.undone is not None:
            record["undone"] = self.undone
        return record

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "ReviewEvent":
        """The inverse of :meth:`to_record`.

        Raises:
            KeyError: Something is missing.
            TypeError: Something is of another type.
            ValueError: A kind of event that this version does not know.
        """
        kind = record["kind"]
        if kind not in _KINDS:
            raise ValueError(f"unknown kind of event {kind!r}")
        one = record.get("object")
        return cls(
            kind=kind,
            picture=record.get("picture", ""),
            by=record["by"],
            at=record["at"],
            object=None if one is None else ObjectRecord.from_record(one),
            uid=record.get("uid"),
            objects=tuple(map(ObjectRecord.from_record, record.get("objects", ()))),
            undone=record.get("undone"),
            sequence=record["seq"],
            stroke=record["stroke"],
        )


def now() -> str:
    """The time as events give it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def read_events(store: Store) -> Iterator[ReviewEvent]:
    """All events in order, also those undone since; none where nobody reviewed yet.

    A last line that a crash cut off is left out; it was not confirmed to anybody.

    Raises:
        ReviewError: The journal is damaged elsewhere, or of another version.
    """
    if not store.exists(EVENTS):
        return
    with store.open(EVENTS) as file:
        header = file.readline()
        if not header.endswith(b"\n"):
            return
        _check_header(header)
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            try:
                event = ReviewEvent.from_record(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                raise _damaged(f"line {number + 1} is damaged") from error
            if event.sequence != number:
                raise _damaged(f"line {number + 1} is out of order")
            yield event


def live_events(events: Iterable[ReviewEvent]) -> list[ReviewEvent]:
    """The events that were not undone, in order, without the undoing."""
    everything = list(events)
    undone = {event.undone for event in everything if event.kind == "undo"}
    return [one for one in everything if one.kind != "undo" and one.stroke not in undone]


class ReviewJournal:
    """The journal open for appending: one at a time, behind the run's lock."""

    def __init__(self, store: Store) -> None:
        """Open it; a torn last line is cut off.

        Raises:
            ReviewError: As :func:`read_events`.
        """
        self._store = store
        self._last = 0
        for event in read_events(store):
            self._last = event.sequence
        self._cut_torn_line()

    @property
    def last_sequence(self) -> int:
        """Of the newest event; 0 where there is none."""
        return self._last

    def append(self, events: Sequence[ReviewEvent]) -> list[ReviewEvent]:
        """Add events made in one go; when this returns, they outlive a power cut.

        Returns:
            The events with their sequence and stroke.

        Raises:
            DiskFullError: No space is left; none of them counts.
        """
        if not events:
            return []
        stroke = self._last + 1
        numbered = [
            replace(event, sequence=stroke + place, stroke=stroke)
            for place, event in enumerate(events)
        ]
        lines = b"".join(_line(event.to_record()) for event in numbered)
        if not self._store.exists(EVENTS):
            lines = _line({"format": FORMAT, "program": "yolact_cli"}) + lines
        try:
            self._store.append(EVENTS, lines)
        except Exception:
            self._cut_torn_line(keep=self._last)
            raise
        self._last = numbered[-1].sequence
        return numbered

    def _cut_torn_line(self, *, keep: int | None = None) -> None:
        """Cut off what a crash or a full disk left of a line, and lines above ``keep``."""
        if not self._store.exists(EVENTS):
            return
        with self._store.open(EVENTS) as file:
            lines = file.readlines()
        whole = [line for line in lines if line.endswith(b"\n")]
        if keep is not None:
            whole = whole[: keep + 1]
        if not whole:
            self._store.delete(EVENTS)
        elif len(whole) < len(lines):
            self._store.put(EVENTS, b"".join(whole))


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), allow_nan=False).encode("ascii") + b"\n"


def _check_header(line: bytes) -> None:
    try:
        version = json.loads(line)["format"]
    except (ValueError, KeyError, TypeError) as error:
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
