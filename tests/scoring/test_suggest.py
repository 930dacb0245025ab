"""Thresholds that keep their promise on pictures they were not chosen on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.scoring.matching import match
from yolact_cli.scoring.operating import Ranked
from yolact_cli.scoring.prepare import prepare
from yolact_cli.scoring.suggest import (
    FEWEST_PREDICTIONS,
    Goal,
    _reaching,
    suggest,
    wilson_lower,
    wilson_upper,
)

PRECISION, RECALL = Goal(kind="precision", value=0.9), Goal(kind="recall", value=0.5)
PLACE, ELSEWHERE = (10, 10, 30, 30), (60, 60, 30, 30)


@pytest.fixture
def scored(make_truth, make_results):
    """Matches of pictures with one prediction each: ``scored({class: [(score, is_hit), …]})``."""

    def build(by_class):
        predictions = [(key, *one) for key, pairs in by_class.items() for one in pairs]
        images = range(1, len(predictions) + 1)
        truth = make_truth(
            [(image, key, PLACE) for image, (key, _, _) in zip(images, predictions, strict=True)],
            images=images,
            categories=tuple(by_class),
        )
        results = make_results(
            [
                (image, key, PLACE if is_hit else ELSEWHERE, score)
                for image, (key, score, is_hit) in zip(images, predictions, strict=True)
            ]
        )
        return match(prepare(truth, results, "bbox"))

    return build


def line(good, bad, *, above=0.5):
    """So many hits above a score, and so many mistakes below it."""
    return [(above + 0.4 * place / good, True) for place in range(good)] + [
        (above - 0.4 * (place + 1) / bad, False) for place in range(bad)
    ]


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share(hits, misses):
    tries = hits + misses
    lower, upper = float(wilson_lower(hits, tries)), float(wilson_upper(hits, tries))
    assert 0 <= lower <= upper <= 1
    if tries:
        assert lower - 1e-9 <= hits / tries <= upper + 1e-9
    assert float(wilson_lower(9, 10)) == pytest.approx(0.59585, abs=1e-5)  # Wilson's, by tables


def test_the_lowest_threshold_that_promises_the_precision_is_taken(scored):
    found = suggest(scored({1: line(100, 60)}), PRECISION).by_class["class 1"]
    assert found.source == "own"
    assert found.bound >= 0.9
    # 100 hits carry a few mistakes: five more and the bound would not hold.
    assert 100 < found.point.predictions < 110
    one_more = wilson_lower(found.point.hits, found.point.predictions + 1)
    assert one_more < 0.9


def test_the_highest_threshold_that_promises_the_recall_is_taken(scored):
    found = suggest(scored({1: line(100, 60)}), RECALL).by_class["class 1"]
    assert found.source == "own"
    assert found.bound >= 0.5
    assert wilson_lower(found.point.hits - 1, found.point.objects) < 0.5


def test_the_best_f1_promises_nothing(scored):
    found = suggest(scored({1: line(40, 60)}), Goal(kind="f1")).by_class["class 1"]
    assert found.point.predictions == 40
    assert np.isnan(found.bound)
    assert str(Goal(kind="f1")) == "f1"


def test_a_class_with_few_predictions_takes_the_pooled_threshold_and_says_so(scored):
    found = suggest(scored({1: line(100, 60), 2: line(FEWEST_PREDICTIONS - 11, 10)}), PRECISION)
    few = found.by_class["class 2"]
    assert few.source == "pooled"
    assert few.threshold == found.pooled.threshold
    assert few.reason == "only 29 predictions"


def test_thirty_predictions_are_enough_for_a_threshold_of_their_own(scored):
    found = suggest(scored({1: line(100, 60), 2: line(20, 10)}), Goal(kind="f1"))
    assert found.by_class["class 2"].source == "own"


def test_a_class_that_speaks_against_the_pooled_threshold_is_left_out(scored):
    wrong = [(0.9 - place / 1000, place % 2 == 0) for place in range(200)]
    found = suggest(scored({1: line(3000, 60), 2: wrong}), PRECISION)
    left_out = found.by_class["class 2"]
    assert (left_out.source, left_out.threshold, left_out.point.predictions) == ("none", 1.0, 0)
    assert left_out.reason == "no threshold promises as much"


def test_a_recall_that_cannot_be_had_keeps_everything(scored):
    misses = [(0.5, False)] * 40 + [(0.6, True)] * 2
    found = suggest(scored({1: line(100, 10), 2: misses}), RECALL).by_class["class 2"]
    assert (found.source, found.threshold) == ("all", 0.0)


def test_nothing_can_be_promised_of_nothing(make_truth):
    found = suggest(match(prepare(make_truth([]), [], "bbox")), PRECISION)
    assert found.pooled is None
    assert {one.source for one in found.by_class.values()} == {"none"}


def test_only_the_classes_of_the_model_get_thresholds(scored):
    found = suggest(scored({1: line(40, 9), 2: line(40, 9)}), PRECISION, names={"class 2"})
    assert list(found.thresholds) == ["class 2"]


@pytest.mark.parametrize(
    "chance",
    [lambda score: score, lambda score: np.clip(3 * score - 1, 0, 0.98)],
    ids=["calibrated", "steep"],
)
def test_few_promises_are_broken_on_other_pictures_of_the_same_kind(chance):
    """Thresholds chosen on drawn predictions of which the true precision is known."""
    rng = np.random.default_rng(0)
    broken = promised = 0
    for _ in range(300):
        scores = np.sort(rng.random(1000))[::-1]
        is_hit = rng.random(1000) < chance(scores)
        point = _reaching(Ranked(scores=scores, is_hit=is_hit, objects=1000), PRECISION)
        if point is not None:
            promised += 1
            broken += chance(np.linspace(point.threshold, 1, 1000)).mean() < 0.9
    assert promised > 200
    assert broken / 300 < 0.06  # of the bound 0.025, and what choosing among cuts adds
