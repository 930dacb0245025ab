"""All pictures of a run as a reviewer has them before him, and what he does to them.

One desk holds the journal; every window that is open on it asks here. An act says which state of
the picture it was done upon (its revision), so that nobody overwrites what he has not seen.
"""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from yolact_cli.errors import ActRefusedError, BehindError
from yolact_cli.labels import LabelledPicture
from yolact_cli.review.acts import event_of
from yolact_cli.review.events import ReviewEvent, by_picture, live_events, now, revisions
from yolact_cli.review.fold import ReviewedPicture, all_categories, fold
from yolact_cli.review.history import redoable_stroke, undoable_stroke
from yolact_cli.review.journal import ReviewJournal, read_events
from yolact_cli.review.queue import in_order, queue_entry, share_of
from yolact_cli.review.rows import PictureRow, picture_row
from yolact_cli.store import Store
from yolact_cli.structures import Category

MOST_ACTS = 1_000
_REMEMBERED_KEYS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What an act came to.

    Attributes:
        picture_ids: Of the pictures that are no longer what they were, in order.
        events: As they stand in the journal.
    """

    picture_ids: tuple[int, ...]
    events: tuple[ReviewEvent, ...]


class Desk:
    """The pictures, their rows in the queue, and the journal. Threads may share it.

    Args:
        pictures: What the model found, all pictures; gone through once.
        read: Gives one of them again by its id.
        own_categories: Of the run.
        store: The run's folder, locked by this process.
        reviewer: Who works here.
        reviewers: All who share the queue, in an order that is the same for everybody; each has
            only his own part on his desk. Empty: all is his.

    Raises:
        SettingsError: The reviewer is not among them, or somebody is twice.
        ReviewError: The journal is damaged, or of another version.
    """

    def __init__(
        self,
        pictures: Iterable[LabelledPicture],
        read: Callable[[int], LabelledPicture],
        *,
        own_categories: Sequence[Category],
        store: Store,
        reviewer: str,
        reviewers: Sequence[str] = (),
    ) -> None:
        self.reviewer = reviewer
        self.rows: dict[int, PictureRow] = {}
        self._read = read
        self._own = own_categories
        self._journal = ReviewJournal(store)
        self._events = list(read_events(store))
        self._answers: dict[str, Changed] = {}
        self._live: dict[str, list[ReviewEvent]] = {}
        self._revisions: dict[str, int] = {}
        self._categories: dict[str, Category] = {}
        self.lock = threading.RLock()
        self._refresh()
        rows, entries = {}, []
        for picture in pictures:
            reviewed = self._fold(picture)
            rows[picture.picture_id] = picture_row(reviewed)
            entries.append(queue_entry(reviewed.picture))
        entries = in_order(entries)
        if reviewers:
            entries = share_of(entries, reviewer, reviewers)
        self.rows = {entry.picture_id: rows[entry.picture_id] for entry in entries}
        self._ids = {row.name: row.picture_id for row in self.rows.values()}

    @property
    def categories(self) -> tuple[Category, ...]:
        """The run's, then those that people brought in."""
        return tuple(self._categories.values())

    @property
    def undoable(self) -> int | None:
        """The last stroke of this reviewer's that stands."""
        return undoable_stroke(self._events, self.reviewer)

    @property
    def redoable(self) -> int | None:
        """The last undoing of this reviewer's, where nothing was done since."""
        return redoable_stroke(self._events, self.reviewer)

    def picture(self, picture_id: int) -> ReviewedPicture:
        """A picture as it stands.

        Raises:
            KeyError: There is none of that id.
        """
        with self.lock:
            if picture_id not in self.rows:
                raise KeyError(picture_id)
            return self._fold(self._read(picture_id))

    def revision(self, picture_id: int) -> int:
        """The last event, undoing included, that changed the picture; 0 where none did."""
        return self._revisions.get(self.rows[picture_id].name, 0)

    def ids_of_video(self, video_id: int) -> list[int]:
        """The video's frames, in order."""
        found = [row for row in self.rows.values() if row.video_id == video_id]
        return [row.picture_id for row in sorted(found, key=lambda row: row.frame_index)]

    def act(
        self, picture_id: int, acts: Sequence[Mapping[str, Any]], *, revision: int, key: str
    ) -> Changed:
        """Do one or several things to a picture in one stroke; they outlive a power cut.

        Args:
            picture_id: The picture.
            acts: As :func:`yolact_cli.review.acts.event_of` takes them, each upon the last.
            revision: Of the picture as the person saw it.
            key: Of the act; sent again with the same key, it is done once.

        Raises:
            KeyError: There is no such picture.
            BehindError: The picture is not what the person saw.
            ActRefusedError: An act makes no sense.
            OutputError: The journal cannot be written; nothing was done.
        """
        with self.lock:
            if key in self._answers:
                return self._answers[key]
            if not 0 < len(acts) <= MOST_ACTS:
                raise ActRefusedError(f"A stroke is made of 1 to {MOST_ACTS} acts.")
            machine = self._read(picture_id) if picture_id in self.rows else None
            if machine is None:
                raise KeyError(picture_id)
            self.check_revision(picture_id, revision)
            drafted: list[ReviewEvent] = []
            for act in acts:
                reviewed = self._fold(machine, drafted)
                drafted.append(event_of(act, reviewed, by=self.reviewer))
            return self.write(drafted, key=key)

    def check_revision(self, picture_id: int, revision: int) -> None:
        """Make sure that a picture is what somebody saw.

        Raises:
            BehindError: It is not.
        """
        if self.revision(picture_id) != revision:
            raise BehindError(
                f"{self.rows[picture_id].name} was changed in another window since.",
                remedy="It is shown as it is now.",
            )

    def was_answered(self, key: str) -> bool:
        """Whether an act of that key was done already."""
        return key in self._answers

    def write(self, events: Sequence[ReviewEvent], *, key: str) -> Changed:
        """Append a stroke and bring everything up to date with it; callers hold the lock.

        Raises:
            OutputError: The journal cannot be written; nothing was done.
        """
        with self.lock:
            if key in self._answers:
                return self._answers[key]
            before = self._revisions
            numbered = self._journal.append(events)
            self._take(numbered)
            now_at = self._revisions
            names = [name for name, at in now_at.items() if before.get(name) != at]
            ids = [self._ids[name] for name in names if name in self._ids]
            for picture_id in ids:
                self.rows[picture_id] = picture_row(self._fold(self._read(picture_id)))
            changed = Changed(picture_ids=tuple(sorted(ids)), events=tuple(numbered))
            self._answers[key] = changed
            while len(self._answers) > _REMEMBERED_KEYS:
                del self._answers[next(iter(self._answers))]
            return changed

    def take_back(self, stroke: int, *, key: str) -> Changed:
        """Undo a stroke, or with the stroke of an undoing, redo what it undid.

        Raises:
            BehindError: That stroke is not the one that would be next.
        """
        with self.lock:
            if key in self._answers:
                return self._answers[key]
            if stroke not in {self.undoable, self.redoable}:
                raise BehindError(
                    "Something else was done since, in another window.",
                    remedy="Look at it before undoing.",
                )
            undo = ReviewEvent(kind="undo", picture="", by=self.reviewer, at=now(), undone=stroke)
            return self.write([undo], key=key)

    def _take(self, numbered: Sequence[ReviewEvent]) -> None:
        """Bring what is known up to date with new events."""
        self._events += numbered
        if any(event.kind == "undo" for event in numbered):
            self._refresh()
            return
        self._revisions = self._revisions | revisions(numbered)
        categories = all_categories(self.categories, numbered)
        self._categories = {one.name: one for one in categories}
        for event in numbered:
            self._live.setdefault(event.picture, []).append(event)

    def _refresh(self) -> None:
        live = live_events(self._events)
        self._live = by_picture(live)
        self._revisions = revisions(self._events)
        self._categories = {one.name: one for one in all_categories(self._own, live)}

    def _fold(
        self, machine: LabelledPicture, drafted: Sequence[ReviewEvent] = ()
    ) -> ReviewedPicture:
        events = [*self._live.get(machine.name, ()), *drafted]
        categories = self._categories
        if drafted:
            categories = {one.name: one for one in all_categories(self.categories, drafted)}
        return fold(machine, events, categories, revision=self._revisions.get(machine.name, 0))
