"""What people do to labels, act by act: an event speaks of one picture by its name.

It carries the whole object that came of it, so that what people did stands on its own: annotating
again may renew every label of the model and loses none of theirs. Events that were made in one go
(a whole track, a file that was taken over) share a ``stroke``, count together or not at all, and
are undone together.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar, get_args

EventKind = Literal["object", "reject", "done", "reopen", "undo"]
"""object: an object is now as given (accepted, corrected or added); reject: it is none; done: the
picture is reviewed and holds just the objects given; reopen: it is not; undo: an earlier stroke
did not happen, which may itself be one of undoing."""

RecordedState = Literal["accepted", "corrected", "added"]

Plain = TypeVar("Plain")


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
    state: RecordedState
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
        """The inverse of :meth:`to_record`.

        Raises:
            KeyError: Something is missing.
            TypeError: Something is of another type.
            ValueError: Something is of the right type and cannot be.
        """
        height, width = (_whole(side) for side in record["size"])
        if height <= 0 or width <= 0:
            raise ValueError("no size of a picture")
        state = record["state"]
        if state not in get_args(RecordedState):
            raise ValueError(f"unknown state {state!r}")
        box, track_id = record.get("predicted_box"), record.get("track_id")
        return cls(
            uid=_text(record["uid"]),
            category_name=_text(record["category"]),
            size_hw=(height, width),
            rle_counts=_text(record["counts"]),
            state=state,
            score=_number_or_none(record.get("score")),
            box_score=_number_or_none(record.get("box_score")),
            predicted_box_xyxy_px=None if box is None else _box(box),
            track_id=None if track_id is None else _whole(track_id),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewEvent:
    """One act of a person's.

    Attributes:
        kind: What was done.
        picture: The picture's name in the run; empty for ``undo``.
        by: The person, or the file that was taken over (``import:name``).
        at: When, ISO 8601 in UTC.
        object: The object as it is now (kind ``object``), or the one that is none (kind
            ``reject``, where it is kept so that it is known again after annotating anew).
        uid: Of the object that is none (kind ``reject``).
        objects: All of the picture's (kind ``done``).
        undone: The stroke that did not happen (kind ``undo``).
        sequence: Its place in the journal, from 1; 0 before it is there.
        stroke: The sequence of the first event of the same go; 0 before it is there.
        more: Events of the same go that follow.
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
    more: int = 0

    @property
    def records(self) -> tuple[ObjectRecord, ...]:
        """All objects that the event carries."""
        return self.objects if self.object is None else (self.object,)

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types."""
        record: dict[str, Any] = {
            "seq": self.sequence,
            "stroke": self.stroke,
            "kind": self.kind,
            "by": self.by,
            "at": self.at,
        }
        if self.more:
            record["more"] = self.more
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
            ValueError: A kind of event that this version does not know, or one without what
                makes it up.
        """
        kind = record["kind"]
        if kind not in get_args(EventKind):
            raise ValueError(f"unknown kind of event {kind!r}")
        one, uid, undone = record.get("object"), record.get("uid"), record.get("undone")
        event = cls(
            kind=kind,
            picture="" if kind == "undo" else _text(record["picture"]),
            by=_of(str, record["by"]),
            at=_of(str, record["at"]),
            object=None if one is None else ObjectRecord.from_record(one),
            uid=None if uid is None else _text(uid),
            objects=tuple(map(ObjectRecord.from_record, record.get("objects", ()))),
            undone=None if undone is None else _whole(undone),
            sequence=_whole(record["seq"]),
            stroke=_whole(record["stroke"]),
            more=_whole(record.get("more", 0)),
        )
        needed = {"object": event.object, "reject": event.uid, "undo": event.undone}
        if kind in needed and needed[kind] is None:
            raise ValueError(f"an event of kind {kind!r} that does not say of what")
        return event


def now() -> str:
    """The time as events give it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def live_events(events: Iterable[ReviewEvent]) -> list[ReviewEvent]:
    """The events that were not undone, in order, without the undoing.

    An undoing that was undone itself counts as little as what it would undo counts again.
    """
    live: list[ReviewEvent] = []
    undone: set[int] = set()
    for event in reversed(list(events)):  # what undoes stands behind what it undoes
        if event.stroke in undone:
            continue
        if event.kind == "undo" and event.undone is not None:
            undone.add(event.undone)
        else:
            live.append(event)
    return live[::-1]


def by_picture(events: Iterable[ReviewEvent]) -> dict[str, list[ReviewEvent]]:
    """Events by the name of the picture they speak of, each list in order."""
    found: dict[str, list[ReviewEvent]] = {}
    for event in events:
        found.setdefault(event.picture, []).append(event)
    return found


def revisions(events: Iterable[ReviewEvent]) -> dict[str, int]:
    """For each picture the sequence of the last event that changed it, undoing counted.

    Args:
        events: All of them, also those undone.
    """
    found: dict[str, int] = {}
    pictures_of: dict[int, set[str]] = {}
    for event in events:
        if event.kind == "undo" and event.undone is not None:
            touched = pictures_of.get(event.undone, set())
        else:
            touched = {event.picture}
        pictures_of.setdefault(event.stroke, set()).update(touched)
        found |= dict.fromkeys(touched, event.sequence)
    return found


def _of(kind: type[Plain], value: Any) -> Plain:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(f"{value!r} is no {kind.__name__}")
    return value


def _text(value: Any) -> str:
    if not _of(str, value):
        raise ValueError("an empty text")
    return str(value)


def _whole(value: Any) -> int:
    if _of(int, value) < 0:
        raise ValueError("a negative number")
    return int(value)


def _number(value: Any) -> float:
    number = value if isinstance(value, float) else float(_of(int, value))
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


def _number_or_none(value: Any) -> float | None:
    return None if value is None else _number(value)


def _box(value: Any) -> tuple[float, float, float, float]:
    left, top, right, bottom = (_number(edge) for edge in value)
    return left, top, right, bottom
