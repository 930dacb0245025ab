"""What the page gets to see of the desk, as plain JSON types."""

from collections.abc import Sequence
from typing import Any

from yolact_cli.labels import LabelledObject, Priority
from yolact_cli.review.desk import Desk
from yolact_cli.review.fold import ReviewedPicture
from yolact_cli.review.rows import STATES


def queue_payload(
    desk: Desk, *, title: str, colours: Sequence[tuple[int, int, int]], least_score: float
) -> dict[str, Any]:
    """Everything at the page's start: the queue in its order, categories and colours."""
    return {
        "title": title,
        "reviewer": desk.reviewer,
        "states": list(STATES),
        "least_score": least_score,
        "colours": [list(colour) for colour in colours],
        "categories": [[one.category_id, one.name] for one in desk.categories],
        "videos": _videos(desk),
        "rows": [row.to_record() for row in desk.rows.values()],
        "undoable": desk.undoable,
        "redoable": desk.redoable,
    }


def picture_payload(reviewed: ReviewedPicture, *, revision: int) -> dict[str, Any]:
    """One picture with all its objects, those that were rejected too."""
    picture = reviewed.picture
    objects = [_object(one, one.state) for one in picture.objects]
    objects += [_object(one, "rejected") for one in reviewed.rejected]
    return {
        "id": picture.picture_id,
        "name": picture.name,
        "size": list(picture.size_hw),
        "revision": revision,
        "is_reviewed": picture.is_reviewed,
        "reviewer": picture.reviewer,
        "video_id": 0 if picture.place is None else picture.place.video_id,
        "priority": _priority(picture.priority),
        "objects": objects,
    }


def _object(one: LabelledObject, state: str) -> dict[str, Any]:
    return {
        "uid": one.uid,
        "category": one.category.name,
        "state": state,
        "score": one.score,
        "bbox": list(one.bbox_xywh_px),
        "area": one.area_px,
        "counts": one.rle_counts,
        "track_id": one.track_id,
        "priority": _priority(one.priority),
    }


def _priority(priority: Priority | None) -> dict[str, Any] | None:
    if priority is None:
        return None
    return {"value": priority.value, "reasons": [list(reason) for reason in priority.reasons]}


def _videos(desk: Desk) -> list[list[Any]]:
    names = {
        row.video_id: row.name.rpartition("/")[0] for row in desk.rows.values() if row.video_id
    }
    return [[video_id, name] for video_id, name in names.items()]
