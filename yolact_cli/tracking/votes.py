"""What class a track is of: a vote of all its sightings, weighted by their scores.

Frames keep their own classes; the vote is for what speaks of the object as a whole. Scores have
four decimals, so votes are summed as whole ten-thousandths: exact, in any order.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

_VOTES_A_SCORE = 10_000
# How much of the way to a new score the shown one goes. At 30 frames a second it follows a change
# within a third of a second, and leaves a tenth of the flicker.
_SCORE_STEP = 0.2
# A class takes over what is shown when it has this many times the votes of the shown one. At 1, an
# object between two classes would change its name with every other frame.
_CLEAR_MAJORITY = 1.5


@dataclass(slots=True)
class _Votes:
    score: float
    shown_class_id: int
    by_class: dict[int, int] = field(default_factory=dict)


class TrackVotes:
    """Running votes of many tracks; memory is that of the tracks not yet forgotten.

    Depends on the sightings and their order alone, so that a replay shows the same.
    """

    def __init__(self) -> None:
        self._tracks: dict[int, _Votes] = {}

    def add(self, track_id: int, class_id: int, score: float) -> None:
        """Count one sighting of a track.

        Args:
            track_id: Whose.
            class_id: What it was taken for in this frame.
            score: How sure that is, [0, 1].
        """
        votes = self._tracks.get(track_id)
        if votes is None:
            votes = self._tracks[track_id] = _Votes(score, class_id)
        else:
            votes.score += _SCORE_STEP * (score - votes.score)
        _count(votes.by_class, class_id, score)
        leader = _leader(votes.by_class)
        if votes.by_class[leader] >= _CLEAR_MAJORITY * votes.by_class[votes.shown_class_id]:
            votes.shown_class_id = leader

    def class_of(self, track_id: int) -> int:
        """The class with the most votes so far; the lower id among equals.

        Raises:
            KeyError: The track was never seen, or is forgotten.
        """
        return _leader(self._tracks[track_id].by_class)

    def shown(self, track_id: int) -> tuple[int, float]:
        """The class and score to draw: they follow the sightings, but calmly.

        The class changes only for one with a clear majority; the score is smoothed
        exponentially, [0, 1].

        Raises:
            KeyError: The track was never seen, or is forgotten.
        """
        votes = self._tracks[track_id]
        return votes.shown_class_id, votes.score

    def forget(self, track_ids: Iterable[int]) -> None:
        """Drop tracks that have ended; unknown ones are passed over."""
        for track_id in track_ids:
            self._tracks.pop(track_id, None)


def elect(sightings: Iterable[tuple[int, float]]) -> int:
    """The id with the most votes among (id, score) pairs; the lower id among equals.

    The same election as :meth:`TrackVotes.class_of`, for sightings that stream by; the ids may be
    of classes or of categories.

    Raises:
        ValueError: There are no sightings.
    """
    by_class: dict[int, int] = {}
    for class_id, score in sightings:
        _count(by_class, class_id, score)
    if not by_class:
        raise ValueError("an election needs a sighting")
    return _leader(by_class)


def _count(by_class: dict[int, int], class_id: int, score: float) -> None:
    by_class[class_id] = by_class.get(class_id, 0) + round(score * _VOTES_A_SCORE)


def _leader(by_class: dict[int, int]) -> int:
    return min(by_class, key=lambda class_id: (-by_class[class_id], class_id))
