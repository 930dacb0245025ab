"""Who takes whom."""

import numpy as np
import pytest

from yolact_cli.tracking.assignment import best_pairs, gains


def test_the_highest_total_is_taken():
    assert best_pairs(np.array([[0.9, 0.8], [0.8, 0.1]])) == [(0, 1), (1, 0)]


def test_one_excellent_pair_is_not_broken_up_for_two_poor_ones():
    assert best_pairs(np.array([[0.9, 0.2], [0.2, 0.0]])) == [(0, 0)]


@pytest.mark.parametrize("shape", [(0, 0), (0, 3), (2, 0), (2, 3)])
def test_nothing_to_gain_gives_no_pairs(shape):
    assert best_pairs(np.zeros(shape)) == []


def test_a_pair_at_the_limit_is_still_worth_something():
    worth = gains(np.array([[0.7, 0.70001]]), furthest=0.7)
    assert worth[0, 0] > 0 == worth[0, 1]
