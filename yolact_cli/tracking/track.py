"""One live track: what it looked like, where it is going, what it was taken for."""

import math
from dataclasses import dataclass, field

from yolact_cli.tracking.motion import Box, Motion, Vector, surprise
from yolact_cli.tracking.overlap import Shape, moved_box

# A sighting of less than this part of the fullest one counts as partly hidden.
_FULL = 0.8
_FADING_GAPS = 2.0  # in longest gaps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class View:
    """A shape of a track, and the track's offset when it had it."""

    shape: Shape
    offset_xy_px: Vector
    seen_s: float

    def shift_to(self, offset_xy_px: Vector) -> tuple[int, int]:
        """Whole pixels from here to where the track is at that offset."""
        return (
            round(offset_xy_px[0] - self.offset_xy_px[0]),
            round(offset_xy_px[1] - self.offset_xy_px[1]),
        )


@dataclass(slots=True, eq=False)
class Track:
    """What is kept of a track: two shapes and some numbers.

    Attributes:
        track_id: 1-based.
        motion: Where it is going.
        last: As it was last seen.
        fullest: The last sighting but for those partly hidden. When an object comes out from
            behind another, this is what it will be.
        full_px: What counts as all of it: the largest area of late. It fades slowly, or a track
            once too large would never look whole again. Not the last area: each a little smaller
            than the one before, those would follow an object behind another.
        score_by_class: Sum of the scores it was taken for each class with.
    """

    track_id: int
    motion: Motion
    last: View
    fullest: View
    full_px: float
    score_by_class: dict[int, float] = field(default_factory=dict)

    @classmethod
    def begin(cls, track_id: int, time_s: float, shape: Shape) -> "Track":
        """A track seen for the first time; its class is counted apart."""
        view = View(shape=shape, offset_xy_px=(0.0, 0.0), seen_s=time_s)
        return cls(track_id, Motion(time_s), view, view, shape.area_px)

    def views(self) -> tuple[View, ...]:
        """The shapes it may have now."""
        return (self.last,) if self.fullest is self.last else (self.last, self.fullest)

    def see(
        self, time_s: float, shape: Shape, *, size_hw: tuple[int, int], max_gap_s: float
    ) -> None:
        """Go on with a new sighting."""
        expected = self.expected_box(time_s)
        self.motion.correct(time_s, surprise(expected, shape.box_xyxy_px, size_hw=size_hw))
        view = View(shape=shape, offset_xy_px=self.motion.offset_xy_px, seen_s=time_s)
        faded = math.exp((self.last.seen_s - time_s) / (_FADING_GAPS * max_gap_s))
        self.full_px = max(shape.area_px, self.full_px * faded)
        is_full = shape.area_px >= _FULL * self.full_px
        is_stale = time_s - self.fullest.seen_s > max_gap_s
        self.last = view
        if is_full or is_stale:
            self.fullest = view
        if is_stale:
            self.full_px = shape.area_px

    def count_class(self, class_id: int, score: float) -> None:
        """Remember what it was taken for."""
        self.score_by_class[class_id] = self.score_by_class.get(class_id, 0.0) + score

    def share_of(self, class_id: int) -> float:
        """The part of its scores that went to a class, [0, 1]."""
        total = sum(self.score_by_class.values())
        return self.score_by_class.get(class_id, 0.0) / total if total else 0.0

    def expected_box(self, time_s: float) -> Box:
        """Where all of it should be by then."""
        return moved_box(self.fullest.shape, self.fullest.shift_to(self.motion.forecast(time_s)))
