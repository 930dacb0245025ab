"""The vote along a track, and its calm display."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.tracking.votes import TrackVotes, elect

SIGHTINGS = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 10_000).map(lambda score: score / 10_000)),
    min_size=1,
    max_size=30,
)


def votes_of(*sightings, track_id=1):
    votes = TrackVotes()
    for class_id, score in sightings:
        votes.add(track_id, class_id, score)
    return votes


def test_scores_are_summed_by_class():
    assert votes_of((2, 0.9), (5, 0.5), (5, 0.5)).class_of(1) == 5


def test_the_lower_class_wins_among_equals():
    assert votes_of((5, 0.3), (2, 0.1), (2, 0.2)).class_of(1) == 2


def test_tracks_vote_by_themselves():
    votes = votes_of((2, 0.9))
    votes.add(2, 3, 0.4)
    assert (votes.class_of(1), votes.class_of(2)) == (2, 3)


@given(sightings=SIGHTINGS)
def test_streamed_election_gives_what_the_running_vote_gives(sightings):
    assert elect(sightings) == elect(reversed(sightings)) == votes_of(*sightings).class_of(1)


@given(sightings=SIGHTINGS)
def test_shown_score_stays_between_the_lowest_and_the_highest(sightings):
    scores = [score for _, score in sightings]
    assert min(scores) - 1e-9 <= votes_of(*sightings).shown(1)[1] <= max(scores) + 1e-9


def test_an_election_without_sightings_is_refused():
    with pytest.raises(ValueError, match="sighting"):
        elect([])


def test_shown_class_does_not_flicker_with_an_object_between_two_classes():
    votes, shown = TrackVotes(), []
    for place in range(40):
        votes.add(1, place % 2, 0.6 + 0.05 * (place % 3))
        shown.append(votes.shown(1)[0])
    assert set(shown) == {0}


def test_shown_class_is_corrected_once_the_majority_is_clear():
    votes = votes_of((0, 0.5), (1, 0.7))
    assert votes.shown(1)[0] == 0
    votes.add(1, 1, 0.7)
    assert votes.shown(1)[0] == 1


def test_shown_score_moves_less_than_the_scores():
    scores = 0.7 + 0.2 * np.random.default_rng(0).uniform(-1, 1, 200)
    votes, shown = TrackVotes(), []
    for score in scores:
        votes.add(1, 0, score)
        shown.append(votes.shown(1)[1])
    assert np.abs(np.diff(shown)).mean() < 0.3 * np.abs(np.diff(scores)).mean()


def test_forgotten_tracks_are_gone():
    votes = votes_of((0, 0.5))
    votes.forget([1, 7])
    with pytest.raises(KeyError):
        votes.class_of(1)
