"""A picture in the queue: all that filters and the filmstrip need, light enough for a million."""

from dataclasses import dataclass
from typing import Any

from yolact_cli.labels import LabelledObject
from yolact_cli.review.fold import ReviewedPicture

STATES = ("machine", "accepted", "corrected", "added", "rejected")
_PER_MILLE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureRow:
    """A picture as the filmstrip knows it.

    Attributes:
        picture_id: From the run.
        name: From the run.
        size_hw: In px.
        is_reviewed: Whether a person marked it done.
        reviewer: Who did, or None.
        video_id: Of a frame, 0 for pictures.
        frame_index: Of a frame, 0 for pictures.
        time_s: Of a frame, 0 for pictures.
        priority: Whether to look at it, [0, 1], or None where nobody asked.
        objects: For each the category's id, the score in thousandths (-1 for none), the place of
            its state in ``STATES``, and its track (0 for none).
    """

    picture_id: int
    name: str
    size_hw: tuple[int, int]
    is_reviewed: bool
    reviewer: str | None
    video_id: int
    frame_index: int
    time_s: float
    priority: float | None
    objects: tuple[tuple[int, int, int, int], ...]

    def has_track(self, track_id: int) -> bool:
        """Whether an object of that track counts here."""
        rejected = STATES.index("rejected")
        return any(one[3] == track_id and one[2] != rejected for one in self.objects)

    def to_record(self) -> list[Any]:
        """Plain JSON types, by place: there may be very many."""
        return [
            self.picture_id, self.name, self.size_hw[1], self.size_hw[0], int(self.is_reviewed),
            self.reviewer, self.video_id, self.frame_index, round(self.time_s, 3), self.priority,
            self.objects,
        ]  # fmt: skip


def picture_row(reviewed: ReviewedPicture) -> PictureRow:
    """The row of a picture as it stands."""
    picture, place = reviewed.picture, reviewed.picture.place
    objects = [_short(one, one.state) for one in picture.objects]
    objects += [_short(one, "rejected") for one in reviewed.rejected]
    return PictureRow(
        picture_id=picture.picture_id,
        name=picture.name,
        size_hw=picture.size_hw,
        is_reviewed=picture.is_reviewed,
        reviewer=picture.reviewer,
        video_id=0 if place is None else place.video_id,
        frame_index=0 if place is None else place.frame_index,
        time_s=0.0 if place is None else float(place.time_s),
        priority=None if picture.priority is None else picture.priority.value,
        objects=tuple(objects),
    )


def _short(one: LabelledObject, state: str) -> tuple[int, int, int, int]:
    score = -1 if one.score is None else round(one.score * _PER_MILLE)
    return one.category.category_id, score, STATES.index(state), one.track_id or 0
