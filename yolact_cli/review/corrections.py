"""What a reviewer's file makes of a picture: counts, and the event that goes into the journal."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, ReadObject
from yolact_cli.review.events import ObjectRecord, ReviewEvent
from yolact_cli.review.fold import ReviewedPicture, recorded
from yolact_cli.review.match import is_same_mask, match_objects

_UID_DIGITS = 12

NameOf = Callable[[ReadObject, LabelledObject | None], str]
"""The run's name for the class of an object of the file, which was that one of the picture's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What was done to objects; one that was moved and relabelled counts as both.

    Attributes:
        kept: Left as they were.
        moved: Of another mask.
        relabelled: Of another class.
        added: Made by a person, or brought back from among the rejected.
        deleted: Gone.
    """

    kept: int = 0
    moved: int = 0
    relabelled: int = 0
    added: int = 0
    deleted: int = 0

    def __add__(self, other: "Changes") -> "Changes":
        return Changes(
            kept=self.kept + other.kept,
            moved=self.moved + other.moved,
            relabelled=self.relabelled + other.relabelled,
            added=self.added + other.added,
            deleted=self.deleted + other.deleted,
        )

    @property
    def is_none(self) -> bool:
        """Whether everything was left as it was."""
        return not (self.moved or self.relabelled or self.added or self.deleted)

    def to_record(self) -> dict[str, int]:
        """Plain JSON types."""
        return {name: getattr(self, name) for name in self.__slots__}


def corrections(
    read: Sequence[ReadObject],
    reviewed: ReviewedPicture,
    *,
    names: Sequence[str | None],
    name_of: NameOf,
    exact: bool = False,
) -> tuple[Changes, tuple[ObjectRecord, ...]]:
    """What the file's objects change in a picture, and what the picture then holds.

    Objects that were kept stand as they are, to the pixel. Empty masks are none.

    Args:
        read: All of the file's objects in the picture.
        reviewed: The picture as it stands; an object that was rejected can come back.
        names: As in :func:`yolact_cli.review.match.match_objects`.
        name_of: Names the class of each.
        exact: As in :func:`yolact_cli.review.match.is_same_mask`.
    """
    picture, size_hw = reviewed.picture, reviewed.picture.size_hw
    there = (*picture.objects, *reviewed.rejected)
    real = [place for place, one in enumerate(read) if rle.area_of(one.rle_counts)]
    read, names = [read[place] for place in real], [names[place] for place in real]
    matched = match_objects(read, there, names=names, size_hw=size_hw)
    rejected = {one.uid for one in reviewed.rejected}
    total = Changes(deleted=sum(one.uid not in rejected for one in matched.missing))
    records: list[ObjectRecord] = []
    used = {one.uid for one in there}
    for one, before in zip(read, matched.pairs, strict=True):
        name = name_of(one, before)
        if before is None:
            uid = _new_uid(one, picture.name, name, used)
            records.append(_added(one, uid, name, size_hw))
            total += Changes(added=1)
            continue
        is_moved = not is_same_mask(one.rle_counts, before.rle_counts, size_hw, exact=exact)
        records.append(_changed(before, size_hw, one.rle_counts if is_moved else None, name))
        total += _change(before, is_moved=is_moved, name=name, is_back=before.uid in rejected)
    return total, tuple(records)


def done_event(picture: str, records: Sequence[ObjectRecord], *, by: str, at: str) -> ReviewEvent:
    """The picture is reviewed and holds these."""
    return ReviewEvent(kind="done", picture=picture, by=by, at=at, objects=tuple(records))


def _change(before: LabelledObject, *, is_moved: bool, name: str, is_back: bool) -> Changes:
    if is_back:  # from among the rejected
        return Changes(added=1)
    is_renamed = name != before.category.name
    return Changes(
        kept=int(not (is_moved or is_renamed)), moved=int(is_moved), relabelled=int(is_renamed)
    )


def _changed(
    before: LabelledObject, size_hw: tuple[int, int], counts: str | None, name: str
) -> ObjectRecord:
    record = recorded(before, size_hw)
    if counts is None and name == before.category.name:
        return record
    return replace(
        record,
        category_name=name,
        rle_counts=counts or record.rle_counts,
        state="added" if before.state == "added" else "corrected",
        predicted_box_xyxy_px=record.predicted_box_xyxy_px if counts is None else None,
    )


def _added(one: ReadObject, uid: str, name: str, size_hw: tuple[int, int]) -> ObjectRecord:
    return ObjectRecord(
        uid=uid,
        category_name=name,
        size_hw=size_hw,
        rle_counts=one.rle_counts,
        state="added",
    )


def _new_uid(one: ReadObject, picture: str, name: str, used: set[str]) -> str:
    """The same whenever the same file is read; never one that the picture has."""
    number = 0
    while True:
        text = f"{picture}|{name}|{one.rle_counts}|{number}"
        uid = hashlib.blake2b(text.encode("utf-8", "surrogatepass")).hexdigest()[:_UID_DIGITS]
        if uid not in used:
            used.add(uid)
            return uid
        number += 1
