"""Whole tracks and whole videos in one stroke."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from yolact_cli.errors import ActRefusedError, BehindError
from yolact_cli.review.acts import (
    checked_category_name,
    done_event,
    object_event,
    reject_event,
)
from yolact_cli.review.desk import Changed, Desk
from yolact_cli.review.events import ReviewEvent
from yolact_cli.review.fold import ReviewedPicture

Draft = Callable[[ReviewedPicture], list[ReviewEvent]]


def video_revision(desk: Desk, ids: Sequence[int]) -> int:
    """The last event that changed a frame of the video; 0 where none did.

    Args:
        desk: The pictures.
        ids: Of the video's frames.
    """
    return max((desk.revision(one) for one in ids), default=0)


def act_on_video(desk: Desk, act: Mapping[str, Any], *, key: str) -> Changed:
    """Accept, relabel or reject a track in all its frames, or mark all frames done.

    Args:
        desk: The pictures.
        act: ``video_id``, ``revision`` of the video, and ``kind``: ``accept``, ``relabel`` (with
            ``category``) or ``reject``, each with ``track_id``; or ``done``, with ``min_score``
            below which objects of the model are left out.
        key: Of the act; sent again with the same key, it is done once.

    Raises:
        BehindError: A frame was changed since the person saw the video.
        ActRefusedError: There is no such video, track or act.
        OutputError: The journal cannot be written; nothing was done.
    """
    video_id = act.get("video_id")
    with desk.lock:
        ids = desk.ids_of_video(video_id) if isinstance(video_id, int) else []
        if not ids:
            raise ActRefusedError(f"There is no video {video_id}.")
        if not desk.was_answered(key) and video_revision(desk, ids) != act.get("revision"):
            raise BehindError(
                "This video was changed in another window since.",
                remedy="It is shown as it is now.",
            )
        draft, ids = _draft(desk, act, ids)
        events = [event for one in ids for event in draft(desk.picture(one))]
        if not events:
            raise ActRefusedError("There is nothing of the kind in this video.")
        return desk.write(events, key=key)


def _draft(desk: Desk, act: Mapping[str, Any], ids: list[int]) -> tuple[Draft, list[int]]:
    """What is to be done to each frame, and to which frames."""
    kind = act.get("kind")
    if kind == "done":
        return _done_draft(desk, act), ids
    if kind not in {"accept", "relabel", "reject"}:
        raise ActRefusedError(f"There is no act called {kind!r} for a track.")
    track_id = act.get("track_id")
    if not isinstance(track_id, int) or track_id < 1:
        raise ActRefusedError(f"There is no track {track_id!r}.")
    name = checked_category_name(act.get("category")) if kind == "relabel" else None

    def draft(reviewed: ReviewedPicture) -> list[ReviewEvent]:
        own = [one for one in reviewed.picture.objects if one.track_id == track_id]
        if kind == "reject":
            return [reject_event(one, reviewed, by=desk.reviewer) for one in own]
        return [object_event(one, reviewed, by=desk.reviewer, category_name=name) for one in own]

    return draft, [one for one in ids if desk.rows[one].has_track(track_id)]


def _done_draft(desk: Desk, act: Mapping[str, Any]) -> Draft:
    least = act.get("min_score", 0)
    if not isinstance(least, int | float):
        raise ActRefusedError("A score is a number.")

    def draft(reviewed: ReviewedPicture) -> list[ReviewEvent]:
        if reviewed.picture.is_reviewed:
            return []
        uids = [
            one.uid
            for one in reviewed.picture.objects
            if one.state != "machine" or one.score is None or one.score >= least
        ]
        return [done_event(uids, reviewed, by=desk.reviewer)]

    return draft
