"""In which order pictures are looked at, and by whom.

What needs a look most comes first. A video is one piece of work: its frames stay together, in
order, and stand where the frame of it that needs a look most would.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal

from yolact_cli.errors import SettingsError
from yolact_cli.labels import LabelledPicture, Priority

PictureKind = Literal["sure", "check", "empty"]
"""empty: it has no object; check: it has one of priority ``CHECK_FROM`` or higher; sure: the
rest."""

CHECK_FROM = 0.25
"""On VOC's 213 pictures (yolact_lite0), 16 % of the objects in sure pictures are wrong
and 55 % of all; a third of the pictures are sure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueEntry:
    """A picture in the queue.

    Attributes:
        picture_id: From the run.
        name: From the run.
        objects: How many it has.
        kind: What sort of look it needs.
        priority: How much, and why; None for one that a person has marked done, or of which he has
            touched every object.
        video_id: Of a frame, or None.
        frame_index: Of a frame, or None.
        is_reviewed: Whether a person marked it done.
        reviewer: Who did, or None.
    """

    picture_id: int
    name: str
    objects: int
    kind: PictureKind
    priority: Priority | None
    video_id: int | None
    frame_index: int | None
    is_reviewed: bool
    reviewer: str | None

    @property
    def value(self) -> float:
        """The priority as a number; 0 where there is none."""
        return 0.0 if self.priority is None else self.priority.value

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types."""
        reasons = () if self.priority is None else self.priority.reasons
        record: dict[str, Any] = {
            "id": self.picture_id,
            "file_name": self.name,
            "priority": None if self.priority is None else self.priority.value,
            "reasons": [{"reason": reason, "share": share} for reason, share in reasons],
            "kind": self.kind,
            "objects": self.objects,
            "reviewed": self.is_reviewed,
        }
        optional = {
            "video_id": self.video_id,
            "frame_index": self.frame_index,
            "reviewer": self.reviewer,
        }
        return record | {key: value for key, value in optional.items() if value is not None}


def queue_entry(picture: LabelledPicture) -> QueueEntry:
    """A picture that has its priorities, as the queue knows it."""
    place = picture.place
    return QueueEntry(
        picture_id=picture.picture_id,
        name=picture.name,
        objects=len(picture.objects),
        kind=kind_of(picture),
        priority=picture.priority,
        video_id=None if place is None else place.video_id,
        frame_index=None if place is None else place.frame_index,
        is_reviewed=picture.is_reviewed,
        reviewer=picture.reviewer,
    )


def kind_of(picture: LabelledPicture) -> PictureKind:
    """What sort of look a picture that has its priorities needs."""
    if not picture.objects:
        return "empty"
    is_doubtful = picture.priority is not None and picture.priority.value >= CHECK_FROM
    return "check" if is_doubtful else "sure"


def in_order(entries: Iterable[QueueEntry]) -> list[QueueEntry]:
    """The queue: by falling priority, equal ones by id, a video's frames together."""
    everything = list(entries)
    most: dict[int, float] = {}
    for entry in everything:
        if entry.video_id is not None:
            most[entry.video_id] = max(most.get(entry.video_id, 0.0), entry.value)

    def place(entry: QueueEntry) -> tuple[float, int, int, int]:
        if entry.video_id is None:
            return -entry.value, 0, 0, entry.picture_id
        return -most[entry.video_id], entry.video_id, entry.frame_index or 0, entry.picture_id

    return sorted(everything, key=place)


def share_of(
    entries: Iterable[QueueEntry], reviewer: str, reviewers: Sequence[str]
) -> list[QueueEntry]:
    """What one of several people looks at, in the order given.

    Pictures and whole videos are dealt out in turn by their ids, which never change: everybody
    gets about as many, nobody's share hangs on what was reviewed already, and none overlap.

    Raises:
        SettingsError: The person is not among them, or somebody is twice.
    """
    if len(set(reviewers)) < len(reviewers):
        raise SettingsError(f"A reviewer is named twice among {', '.join(reviewers)}.")
    if reviewer not in reviewers:
        close = get_close_matches(reviewer, reviewers, n=1)
        offer = f"Did you mean '{close[0]}'?" if close else f"There are {', '.join(reviewers)}."
        raise SettingsError(f"'{reviewer}' is not among the reviewers.", remedy=offer)
    mine = reviewers.index(reviewer)
    return [entry for entry in entries if (_piece(entry) - 1) % len(reviewers) == mine]


def _piece(entry: QueueEntry) -> int:
    """What is not to be split: a picture, or a video."""
    return entry.picture_id if entry.video_id is None else entry.video_id
