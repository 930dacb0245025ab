"""Resampling by weights is resampling by repetition."""

import math

import numpy as np
import pytest

from yolact_cli.scoring.evaluate import evaluate
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.prepare import prepare
from yolact_cli.scoring.resampling import (
    bootstrap,
    drawn_weights,
    mean_of_classes,
    resampled_precisions,
)

LEFT = (0, 0, 40, 40)


def repeated(records, key, counts):
    """Records of each picture as often as counted, under ids of their own."""
    return [
        {**record, key: record[key] + 1000 * copy}
        for record in records
        for copy in range(counts[record[key]])
    ]


def ap_and_ap50(truth, results, iou_type, weights):
    matches = match(prepare(truth, results, iou_type))
    drawn = resampled_precisions(matches, np.asarray(weights)[None])
    ap, ap50 = mean_of_classes(drawn.mean(axis=2)), mean_of_classes(drawn[:, :, 0])
    return ap[0], ap50[0]


@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_each_picture_once_gives_the_figures_themselves(random_pair, iou_type):
    truth, results = random_pair(1)
    figures = evaluate(truth, results, iou_type)
    drawn = ap_and_ap50(truth, results, iou_type, np.ones(12, int))
    assert drawn == pytest.approx((figures.ap, figures.ap50), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_weights_give_what_repeated_pictures_give(random_pair, seed):
    truth, results = random_pair(seed)
    for place, result in enumerate(results):
        result["score"] += place * 1e-6  # the order among equal scores is nobody's promise
    weights = np.random.default_rng(seed).integers(0, 4, 12)
    counts = dict(zip(range(1, 13), weights.tolist(), strict=True))
    copies = {
        **truth,
        "images": repeated(truth["images"], "id", counts),
        "annotations": repeated(truth["annotations"], "image_id", counts),
    }
    figures = evaluate(copies, repeated(results, "image_id", counts), "bbox")
    drawn = ap_and_ap50(truth, results, "bbox", weights)
    assert drawn == pytest.approx((figures.ap, figures.ap50), abs=1e-9)


def test_intervals_hold_the_figure_and_repeat_themselves(random_pair):
    truth, results = random_pair(2)
    matches = match(prepare(truth, results, "bbox"))
    first, second = bootstrap(matches, resamples=50), bootstrap(matches, resamples=50)
    assert first == second
    assert first.ap50.low < evaluate(truth, results, "bbox").ap50 < first.ap50.high


def test_perfect_predictions_leave_no_doubt(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT), (2, 1, LEFT)])
    results = make_results([(1, 1, LEFT, 0.9), (2, 1, LEFT, 0.8)])
    drawn = bootstrap(match(prepare(truth, results, "segm")), resamples=20)
    assert (drawn.ap.low, drawn.ap.high) == pytest.approx((1, 1))


def test_no_objects_give_no_interval(make_truth):
    drawn = bootstrap(match(prepare(make_truth([]), [], "bbox")), resamples=3)
    assert math.isnan(drawn.ap.low)
    assert drawn.to_json()["ap"] == {"low": None, "high": None}


def test_how_many_are_drawn_at_once_changes_nothing(monkeypatch):
    whole = np.concatenate(list(drawn_weights(7, 9, seed=3)))
    monkeypatch.setattr("yolact_cli.scoring.resampling._MOST_WEIGHTS", 14)
    parts = list(drawn_weights(7, 9, seed=3))
    assert len(parts) == 5
    assert np.array_equal(np.concatenate(parts), whole)
