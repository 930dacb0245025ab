"""Precision, recall and F1 above a threshold; calibration; precision-recall curves."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.scoring.calibration import calibration
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.operating import Ranked, kept_points, ranked_all, ranked_class, together
from yolact_cli.scoring.precision import RECALLS, precision_recall
from yolact_cli.scoring.prepare import prepare

LEFT, RIGHT = (0, 0, 40, 40), (50, 50, 40, 40)


def ranked(*pairs, objects=10):
    scores, hits = zip(*pairs, strict=True) if pairs else ((), ())
    return Ranked(scores=np.array(scores, float), is_hit=np.array(hits, bool), objects=objects)


def test_a_score_at_the_threshold_is_not_kept():
    point = ranked((0.9, 1), (0.5, 0)).above(0.5)
    assert (point.predictions, point.hits, point.precision, point.recall) == (1, 1, 1.0, 0.1)
    assert point.f1 == pytest.approx(2 / 11)


def test_nothing_kept_has_no_precision_and_no_recall():
    point = ranked(objects=3).above(0.5)
    assert math.isnan(point.precision)
    assert (point.recall, point.f1) == (0, 0)
    assert json.loads(json.dumps(point.to_json()))["precision"] is None


def test_neither_predictions_nor_objects_have_no_figure():
    assert math.isnan(ranked(objects=0).above(0.0).f1)


def test_the_best_f1_is_found_between_scores():
    point = ranked((0.9, 1), (0.8, 1), (0.6, 0), (0.4, 0), objects=2).best_f1()
    assert (point.predictions, point.f1) == (2, 1.0)
    assert point.threshold == 0.7


@given(
    st.lists(st.tuples(st.integers(0, 20), st.booleans()), max_size=40),
    st.integers(0, 60),
)
def test_every_cut_has_a_threshold_that_keeps_just_so_many(pairs, extra):
    falling = sorted(((score / 20, hit) for score, hit in pairs), reverse=True)
    one = ranked(*falling, objects=sum(hit for _, hit in falling) + extra)
    for kept in one.cuts().tolist():
        assert one.above(one.threshold_of(kept)).predictions == kept
    curve = one.curve()
    points = [one.above(threshold) for threshold in curve.thresholds]
    assert [point.predictions for point in points] == curve.predictions.tolist()
    assert [point.hits for point in points] == curve.hits.tolist()
    best = one.best_f1()
    assert not any(point.f1 > best.f1 + 1e-12 for point in points if one.objects)


def test_classes_are_cut_each_at_its_own(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT), (1, 2, RIGHT)])
    results = make_results([(1, 1, LEFT, 0.5), (1, 2, RIGHT, 0.5), (2, 2, LEFT, 0.2)])
    points = kept_points(match(prepare(truth, results, "bbox")), {"class 1": 0.6}, 0.1)
    assert {name: point.predictions for name, point in points.items()} == {
        "class 1": 0,
        "class 2": 2,
    }
    both = together(points)
    assert (both.predictions, both.hits, both.objects) == (2, 1, 2)
    assert math.isnan(both.threshold)


@pytest.mark.parametrize("seed", range(3))
def test_keeping_only_the_best_scores_first_gives_the_same_hits(random_set, seed):
    truth, results = random_set(seed, objects=40, detections=150)
    whole = match(prepare(truth, results, "bbox"))
    part = match(prepare(truth, [one for one in results if one["score"] > 0.5], "bbox"))
    for place in range(len(whole.class_names)):
        point = ranked_class(whole, place).above(0.5)
        rest = ranked_class(part, place).above(0.0)
        assert (point.predictions, point.hits) == (rest.predictions, rest.hits)


def test_the_mean_of_the_curve_is_ap(random_set):
    truth, results = random_set(1, objects=40)
    matches = match(prepare(truth, results, "bbox"))
    curve = precision_recall(matches, 1)
    assert len(curve.precision) == len(RECALLS)
    assert (np.diff(curve.precision) <= 1e-12).all()
    assert 0 < curve.ap < 1
    assert math.isnan(precision_recall(matches, 3).ap)  # a class without objects


def test_scores_that_mean_what_they_say_are_calibrated():
    pairs = [(0.75, hit) for hit in (1, 1, 1, 0)] + [(0.25, hit) for hit in (1, 0, 0, 0)]
    diagram = calibration(ranked(*pairs))
    assert diagram.expected_error == pytest.approx(0)
    assert diagram.count.tolist() == [0, 0, 4, 0, 0, 0, 0, 4, 0, 0]
    assert diagram.precision[7] == 0.75


def test_scores_that_promise_too_much_are_not():
    diagram = calibration(ranked((1.0, 1), (1.0, 0), (0.05, 0), (0.05, 0)))
    assert diagram.expected_error == pytest.approx((0.5 + 0.05) / 2)
    assert math.isnan(diagram.mean_score[5])
    assert json.loads(json.dumps(diagram.to_json()))["mean_score"][5] is None


def test_no_detections_and_odd_scores_have_no_calibration(make_truth):
    nothing = ranked_all(match(prepare(make_truth([]), [], "bbox")))
    assert math.isnan(calibration(nothing).expected_error)
    assert math.isnan(calibration(ranked((7.0, 1), (2.0, 0))).expected_error)
