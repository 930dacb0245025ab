"""What a page asks for, checked, as the events that go into the journal.

Nothing of an act is taken on trust: a page names objects by their uids and brings masks as run
lengths, and an event holds the object as the server knows it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from yolact_cli.errors import ActRefusedError
from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject
from yolact_cli.review.events import ObjectRecord, ReviewEvent, now
from yolact_cli.review.fold import ReviewedPicture, recorded

MOST_NAME_CHARACTERS = 100
_UID = re.compile(r"[0-9a-f]{12}")


def event_of(act: Mapping[str, Any], reviewed: ReviewedPicture, *, by: str) -> ReviewEvent:
    """The event that an act upon a picture comes to.

    Args:
        act: ``kind`` and what it needs: ``object`` takes ``uid`` and optionally ``category`` and
            ``counts`` (both for a new object), ``reject`` takes ``uid``, ``done`` takes ``uids``,
            the objects that the picture holds; ``reopen`` takes nothing more.
        reviewed: The picture as it stands.
        by: The person.

    Raises:
        ActRefusedError: It makes no sense for this picture.
    """
    kind = act.get("kind")
    name = reviewed.picture.name
    if kind == "object":
        record = _object(act, reviewed)
        return ReviewEvent(kind="object", picture=name, by=by, at=now(), object=record)
    if kind == "reject":
        return reject_event(_known(act.get("uid"), reviewed), reviewed, by=by)
    if kind == "done":
        return done_event(_uids(act.get("uids")), reviewed, by=by)
    if kind == "reopen":
        return ReviewEvent(kind="reopen", picture=name, by=by, at=now())
    raise ActRefusedError(f"There is no act called {kind!r}.")


def done_event(uids: Sequence[str], reviewed: ReviewedPicture, *, by: str) -> ReviewEvent:
    """The picture is reviewed and holds just these of its objects.

    Raises:
        ActRefusedError: It has no such object.
    """
    there = {one.uid: one for one in reviewed.picture.objects}
    unknown = [uid for uid in uids if uid not in there]
    if unknown:
        raise ActRefusedError(f"The picture has no object {unknown[0]} that could be accepted.")
    kept = [there[uid] for uid in dict.fromkeys(uids)]
    size_hw = reviewed.picture.size_hw
    return ReviewEvent(
        kind="done",
        picture=reviewed.picture.name,
        by=by,
        at=now(),
        objects=tuple(recorded(one, size_hw) for one in kept),
    )


def reject_event(one: LabelledObject, reviewed: ReviewedPicture, *, by: str) -> ReviewEvent:
    """The object is none."""
    return ReviewEvent(
        kind="reject",
        picture=reviewed.picture.name,
        by=by,
        at=now(),
        uid=one.uid,
        object=recorded(one, reviewed.picture.size_hw),
    )


def object_event(
    one: LabelledObject, reviewed: ReviewedPicture, *, by: str, category_name: str | None = None
) -> ReviewEvent:
    """The object is right as it is, or but for its class."""
    record = _changed(one, reviewed, category_name=category_name)
    return ReviewEvent(kind="object", picture=reviewed.picture.name, by=by, at=now(), object=record)


def checked_category_name(name: object) -> str:
    """A category's name as people may give it, without spaces around it.

    Raises:
        ActRefusedError: It is no text, empty, too long, or holds characters that do not print.
    """
    text = name.strip() if isinstance(name, str) else ""
    if not text or len(text) > MOST_NAME_CHARACTERS or not text.isprintable():
        raise ActRefusedError(
            f"A class needs a name of 1 to {MOST_NAME_CHARACTERS} printable characters."
        )
    return text


def _object(act: Mapping[str, Any], reviewed: ReviewedPicture) -> ObjectRecord:
    uid, counts = act.get("uid"), act.get("counts")
    name = act.get("category")
    category_name = None if name is None else checked_category_name(name)
    size_hw = reviewed.picture.size_hw
    mask = None if counts is None else _checked_mask(counts, size_hw)
    known = {one.uid: one for one in (*reviewed.rejected, *reviewed.picture.objects)}
    if not isinstance(uid, str):
        raise ActRefusedError("An object is named by a text.")
    if uid in known:
        return _changed(known[uid], reviewed, category_name=category_name, counts=mask)
    if not _UID.fullmatch(uid):
        raise ActRefusedError("A new object is named by 12 hexadecimal digits.")
    if category_name is None or mask is None:
        raise ActRefusedError(f"The picture has no object {uid}; a new one needs class and mask.")
    return ObjectRecord(
        uid=uid, category_name=category_name, size_hw=size_hw, rle_counts=mask, state="added"
    )


def _changed(
    one: LabelledObject,
    reviewed: ReviewedPicture,
    *,
    category_name: str | None = None,
    counts: str | None = None,
) -> ObjectRecord:
    """The object with what is given; accepted where that is what it was."""
    record = recorded(one, reviewed.picture.size_hw)
    is_moved = counts is not None and counts != one.rle_counts
    is_renamed = category_name is not None and category_name != one.category.name
    if not (is_moved or is_renamed):
        return record
    return replace(
        record,
        category_name=category_name or record.category_name,
        rle_counts=counts or record.rle_counts,
        state="added" if one.state == "added" else "corrected",
        predicted_box_xyxy_px=None if is_moved else record.predicted_box_xyxy_px,
    )


def _known(uid: object, reviewed: ReviewedPicture) -> LabelledObject:
    for one in reviewed.picture.objects:
        if one.uid == uid:
            return one
    raise ActRefusedError(f"The picture has no object {uid}.")


def _uids(uids: object) -> list[str]:
    if not isinstance(uids, list) or not all(isinstance(uid, str) for uid in uids):
        raise ActRefusedError("What is done needs the list of objects that were accepted.")
    return uids


def _checked_mask(counts: object, size_hw: tuple[int, int]) -> str:
    """The mask in its one canonical form.

    Raises:
        ActRefusedError: It is not a mask of the picture's size, or has no pixel.
    """
    try:
        left, top, width, height = box = rle.tight_bbox(str(counts), size_hw)
        crop = rle.decode_crop(str(counts), size_hw, bbox_xywh=box)
    except (ValueError, OverflowError) as error:
        raise ActRefusedError("The mask is not of this picture's size, or damaged.") from error
    if width == 0 or height == 0:
        raise ActRefusedError("A mask needs at least one pixel.")
    return rle.encode_crop(crop, offset_yx=(top, left), size_hw=size_hw)
