"""Identities of objects from frame to frame, in one causal pass.

Who is who is decided four times a frame, each time among those still without a partner:

1. objects of a high score and tracks whose forecast mask they overlap;
2. the others likewise: a weak object may go on a track, but not take one from a strong object;
3. objects of which only a part shows, or showed, by how much of the smaller mask is shared;
4. tracks whose place is not well known, by widened boxes: those seen once, as nobody knows their
   velocity, and those not seen for a while, as small errors of it have added up.

What is left begins tracks of its own. Rounds 1 and 2 are those of ByteTrack (arXiv 2110.06864),
on masks instead of boxes and without a Kalman filter.
"""

from collections.abc import Collection, Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Float64

from yolact_cli.settings import TrackSettings
from yolact_cli.structures import Detections, Instance
from yolact_cli.tracking.affinity import Affinity, affinity
from yolact_cli.tracking.assignment import best_pairs, gains
from yolact_cli.tracking.overlap import Shape, shape_of
from yolact_cli.tracking.track import Track

_ROUNDING_S = 1e-9
_HIGH_SCORE = 0.5
# Classes flicker on one object, so another class than the track's does not rule a pair out; but
# what does not overlap then counts by this much more.
_OTHER_CLASS = 0.4
# Of two tracks that fit alike, the one seen in the last frame is more likely to be there.
_UNSEEN = 0.9
# Parts, and boxes widened after a gap, are weak evidence: they need agreement on the class ...
_SAME_CLASS = 0.5
# ... and a part must lie almost wholly within the other.
_WITHIN = 0.7


class Tracker:
    """Gives every object of a video an identity.

    Depends on the sequence of times and detections alone: the same sequence gives the same ids,
    also on resume. Keeps the tracks seen within ``max_gap_s``, two masks' runs each.

    Args:
        settings: Least overlap and longest gap.
    """

    def __init__(self, settings: TrackSettings) -> None:
        self._settings = settings
        self._tracks: list[Track] = []
        self._count = 0
        self._time_s: Fraction | None = None

    @property
    def live_track_ids(self) -> frozenset[int]:
        """Tracks that may still go on; all others have ended for good."""
        return frozenset(track.track_id for track in self._tracks)

    def update(self, time_s: Fraction, detections: Detections) -> tuple[int, ...]:
        """The track id of each instance of the next frame, in the order of the instances.

        Ids count from 1 in the order of first appearance; among the new ones of a frame, the
        better score comes first. The order in which the instances stand changes nothing else.

        Args:
            time_s: When the frame is shown; later than the one before. Frames may be skipped.
            detections: The frame's labels; may be empty.

        Raises:
            ValueError: The time is not later than the last one.
        """
        if self._time_s is not None and time_s <= self._time_s:
            raise ValueError(f"a frame at {time_s} s cannot follow one at {self._time_s} s")
        ended_s = float(time_s) - self._settings.max_gap_s - _ROUNDING_S
        self._tracks = [one for one in self._tracks if one.motion.seen_s >= ended_s]
        instances = detections.instances
        order = sorted(range(len(instances)), key=lambda place: _rank(instances[place]))
        ordered = [instances[place] for place in order]
        tracks = self._place(float(time_s), ordered, detections.size_hw)
        self._time_s = time_s
        ids = {place: track.track_id for place, track in zip(order, tracks, strict=True)}
        return tuple(ids[place] for place in range(len(instances)))

    def _place(
        self, time_s: float, instances: Sequence[Instance], size_hw: tuple[int, int]
    ) -> list[Track]:
        """The track of each instance, after it has taken the instance in."""
        shapes = [shape_of(instance, size_hw) for instance in instances]
        track_of = self._match(time_s, instances, shapes, size_hw)
        placed = []
        for column, (instance, shape) in enumerate(zip(instances, shapes, strict=True)):
            track = track_of.get(column)
            if track is None:
                track = self._begin(time_s, shape)
            else:
                gap_s = self._settings.max_gap_s
                track.see(time_s, shape, size_hw=size_hw, max_gap_s=gap_s)
            track.count_class(instance.class_id, instance.score)
            placed.append(track)
        return placed

    def _begin(self, time_s: float, shape: Shape) -> Track:
        self._count += 1
        track = Track.begin(self._count, time_s, shape)
        self._tracks.append(track)
        return track

    def _match(
        self,
        time_s: float,
        instances: Sequence[Instance],
        shapes: Sequence[Shape],
        size_hw: tuple[int, int],
    ) -> dict[int, Track]:
        if not (self._tracks and instances):
            return {}
        class_ids = [instance.class_id for instance in instances]
        fit = affinity(
            self._tracks,
            shapes,
            class_ids,
            time_s=time_s,
            size_hw=size_hw,
            max_gap_s=self._settings.max_gap_s,
        )
        by_forecast, by_part, by_hint = self._gains(fit)
        is_high = [instance.score >= _HIGH_SCORE for instance in instances]
        every = range(len(instances))
        rounds = (
            (by_forecast, [column for column in every if is_high[column]]),
            (by_forecast, [column for column in every if not is_high[column]]),
            (by_part, list(every)),
            (by_hint, list(every)),
        )
        row_of: dict[int, int] = {}
        for gain, columns in rounds:
            row_of |= _matched(gain, columns, row_of)
        return {column: self._tracks[row] for column, row in row_of.items()}

    def _gains(self, fit: Affinity) -> tuple[Float64[np.ndarray, "t d"], ...]:
        """What each pair is worth by forecast, as a part of the other, and by a mere hint."""
        furthest = 1 - self._settings.min_overlap
        last_s = float(self._time_s or 0)
        seen_now = np.array([one.motion.seen_s == last_s for one in self._tracks])
        seen_once = np.array([one.motion.sightings == 1 for one in self._tracks])
        doubt = 1 + _OTHER_CLASS * (1 - fit.class_share)
        by_forecast = gains((1 - fit.iou) * doubt, furthest=furthest)
        is_same = fit.class_share >= _SAME_CLASS
        within = min(furthest, 1 - _WITHIN)
        by_part = gains(1 - fit.part, furthest=within) * is_same
        by_hint = np.where(
            (seen_once & seen_now)[:, None],
            gains((1 - fit.widened_iou) * doubt, furthest=furthest),
            gains(1 - fit.widened_part, furthest=within) * is_same * ~seen_now[:, None],
        )
        recent = np.where(seen_now, 1.0, _UNSEEN)[:, None]
        return by_forecast * recent, by_part * recent, by_hint


def _rank(instance: Instance) -> tuple[float, object, int, str]:
    """Orders the instances of a frame by themselves, best first, whatever order they came in."""
    return -instance.score, instance.bbox_xywh_px, instance.class_id, instance.rle_counts


def _matched(
    gain: Float64[np.ndarray, "t d"], columns: Collection[int], row_of: dict[int, int]
) -> dict[int, int]:
    """New pairs, column to row, among these columns and what no earlier round has taken."""
    taken = set(row_of.values())
    rows = [row for row in range(len(gain)) if row not in taken]
    free = [column for column in columns if column not in row_of]
    pairs = best_pairs(gain[np.ix_(rows, free)])
    return {free[column]: rows[row] for row, column in pairs}
