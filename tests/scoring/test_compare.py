"""Whether B is better than A: what can be said, and what cannot."""

import json

import numpy as np
import pytest

from yolact_cli.scoring.compare import FEWEST_PICTURES, compare
from yolact_cli.scoring.evaluate import evaluate
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.prepare import prepare


@pytest.fixture
def sides(random_set):
    """Truth, results, and the matches of any results: ``match_of(results)``."""
    truth, results = random_set(11, pictures=40, objects=160, detections=400)
    return truth, results, lambda some: match(prepare(truth, some, "bbox"))


def without(results, part, *, seed=0):
    rng = np.random.default_rng(seed)
    return [one for one in results if rng.random() >= part]


def test_the_same_predictions_do_not_differ(sides):
    _, results, match_of = sides
    found = compare(match_of(results), match_of(list(results)), resamples=50)
    assert (found.ap.verdict, found.ap.change) == ("same", 0)
    assert (found.ap.interval.low, found.ap.interval.high) == (0, 0)


def test_a_side_that_lost_many_predictions_is_worse(sides):
    truth, results, match_of = sides
    fewer = without(results, 0.6)
    found = compare(match_of(results), match_of(fewer), resamples=200)
    assert found.ap.verdict == found.ap50.verdict == "worse"
    assert found.ap.interval.high < 0
    assert found.ap.a == pytest.approx(evaluate(truth, results, "bbox").ap, abs=1e-12)
    assert found.ap.b == pytest.approx(evaluate(truth, fewer, "bbox").ap, abs=1e-12)
    turned = compare(match_of(fewer), match_of(results), resamples=200)
    assert turned.ap.verdict == "better"
    assert turned.ap.interval.low == pytest.approx(-found.ap.interval.high)


def test_a_small_difference_cannot_be_told(sides):
    _, results, match_of = sides
    found = compare(match_of(without(results, 0.1)), match_of(without(results, 0.1, seed=1)))
    assert found.ap.verdict == "undecided"
    assert found.ap.interval.low < 0 < found.ap.interval.high


def test_classes_in_few_pictures_say_nothing(random_set):
    truth, results = random_set(1, pictures=FEWEST_PICTURES - 1, objects=40, detections=90)
    a, b = (match(prepare(truth, some, "bbox")) for some in (results, []))
    found = compare(a, b, resamples=20)
    assert {one.verdict for one in found.ap_by_class.values()} == {"too few pictures"}
    assert set(found.ap_by_class) == {"class 3", "class 4", "class 11"}  # the other has no object


def test_the_same_seed_gives_the_same_intervals(sides):
    _, results, match_of = sides
    a, b = match_of(results), match_of(without(results, 0.2))
    assert compare(a, b, resamples=30) == compare(a, b, resamples=30)
    assert compare(a, b, resamples=30, seed=1) != compare(a, b, resamples=30)


def test_a_comparison_is_plain_json(sides):
    _, results, match_of = sides
    document = compare(match_of(results), match_of([]), resamples=5).to_json()
    assert json.loads(json.dumps(document, allow_nan=False))["ap"]["verdict"] == "worse"
