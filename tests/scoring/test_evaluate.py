"""Figures: constructed cases, pycocotools as the oracle, and the published ones."""

import contextlib
import io
import json
import math

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from yolact_cli.scoring.evaluate import evaluate

LEFT, RIGHT = (0, 0, 40, 40), (50, 50, 40, 40)


@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_perfect_predictions_score_one(make_truth, make_results, iou_type):
    truth = make_truth([(1, 1, LEFT), (2, 2, RIGHT)])
    figures = evaluate(truth, make_results([(1, 1, LEFT, 0.9), (2, 2, RIGHT, 0.8)]), iou_type)
    assert figures.ap == pytest.approx(1)
    assert figures.ar == pytest.approx(1)
    assert figures.ap_by_area["medium"] == pytest.approx(1)
    assert math.isnan(figures.ap_by_area["large"])


def test_annotations_numbered_from_zero_are_found(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT)])
    assert truth["annotations"][0]["id"] == 0
    assert evaluate(truth, make_results([(1, 1, LEFT, 0.9)]), "bbox").ap == pytest.approx(1)


def test_no_results_score_zero(make_truth):
    figures = evaluate(make_truth([(1, 1, LEFT)]), [], "segm")
    assert figures.ap == 0
    assert figures.ar == 0


def test_truth_without_objects_has_no_figures(make_truth, make_results):
    figures = evaluate(make_truth([]), make_results([(1, 1, LEFT, 0.9)]), "bbox")
    assert math.isnan(figures.ap)
    assert figures.to_json()["ap"] is None


def test_classes_without_truth_do_not_count(make_truth, make_results):
    results = make_results([(1, 1, LEFT, 0.9), (1, 2, RIGHT, 0.9)])
    figures = evaluate(make_truth([(1, 1, LEFT)]), results, "bbox")
    assert figures.ap == pytest.approx(1)
    assert math.isnan(figures.per_class[2].ap)
    assert figures.per_class[1].name == "class 1"
    assert [one.objects for one in figures.per_class.values()] == [1, 0]


@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_finds_inside_a_crowd_are_ignored(make_truth, make_results, iou_type):
    truth = make_truth([(1, 1, LEFT), (1, 1, RIGHT)])
    truth["annotations"][1]["iscrowd"] = 1
    inside = (55, 55, 10, 10)
    figures = evaluate(truth, make_results([(1, 1, inside, 0.9), (1, 1, LEFT, 0.8)]), iou_type)
    assert figures.ap == pytest.approx(1)


def test_a_false_alarm_ahead_halves_precision(make_truth, make_results):
    results = make_results([(1, 1, RIGHT, 0.9), (1, 1, LEFT, 0.8)])
    assert evaluate(make_truth([(1, 1, LEFT)]), results, "bbox").ap == pytest.approx(0.5)


def test_box_only_objects_are_ignored_where_masks_are_compared(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT), (1, 1, RIGHT)])
    del truth["annotations"][1]["segmentation"]
    results = make_results([(1, 1, RIGHT, 0.9), (1, 1, LEFT, 0.8)])
    assert evaluate(truth, results, "segm").ap == pytest.approx(1)
    assert evaluate(truth, results[1:], "segm").ap == pytest.approx(1)
    assert evaluate(truth, results[1:], "bbox").ap < 0.6


def test_partly_labelled_pictures_forgive_other_classes(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT), (2, 2, LEFT)])
    results = make_results([(1, 2, RIGHT, 0.9), (1, 1, LEFT, 0.8), (2, 2, LEFT, 0.7)])
    assert evaluate(truth, results, "bbox").ap == pytest.approx(0.75)
    truth["images"][0]["labelled_category_ids"] = [1]
    assert evaluate(truth, results, "bbox").ap == pytest.approx(1)


def test_pictures_and_categories_can_be_chosen(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT), (2, 1, LEFT), (1, 2, RIGHT)])
    results = make_results([(1, 1, LEFT, 0.9)])
    figures = evaluate(truth, results, "bbox", image_ids={1}, category_ids={1})
    assert figures.ap == pytest.approx(1)
    assert list(figures.per_class) == [1]


def test_boxes_come_from_masks_where_absent(make_truth, make_results):
    results = make_results([(1, 1, LEFT, 0.9)])
    del results[0]["bbox"]
    assert evaluate(make_truth([(1, 1, LEFT)]), results, "bbox").ap == pytest.approx(1)


def test_nothing_given_is_changed(random_pair):
    truth, results = random_pair(0)
    before = json.dumps([truth, results])
    evaluate(truth, results, "segm")
    assert json.dumps([truth, results]) == before


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_figures_are_those_of_pycocotools(random_pair, seed, iou_type):
    truth, results = random_pair(seed)
    ours = list(evaluate(truth, results, iou_type).named().values())
    for place, annotation in enumerate(truth["annotations"], start=1):
        annotation["id"] = place  # its matches of id 0 are taken for none
    if iou_type == "segm":
        results = [{k: v for k, v in one.items() if k != "bbox"} for one in results]
    with contextlib.redirect_stdout(io.StringIO()):
        oracle = COCO()
        oracle.dataset = truth
        oracle.createIndex()
        evaluation = COCOeval(oracle, oracle.loadRes(results), iou_type)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    theirs = np.where(evaluation.stats < 0, np.nan, evaluation.stats)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)


PUBLISHED = {
    "bbox": [.504580699, .696972725, .572981667, .585625721, .519399695, .501397899,
             .386812780, .593679576, .595352983, .639810963, .566420598, .564290598],
    "segm": [.319545276, .562288397, .298926534, .387374032, .310182724, .326933907,
             .268229723, .415448681, .416839499, .469449862, .376759227, .381471510],
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_the_published_figures_are_reproduced(shared_dir, iou_type):
    folder = shared_dir / "data/scoring"
    truth = json.loads((folder / "instances_val2014_100.json").read_text())
    results = folder / f"instances_val2014_fake{iou_type}100_results.json"
    figures = evaluate(truth, json.loads(results.read_text()), iou_type)
    np.testing.assert_allclose(
        list(figures.named().values()), PUBLISHED[iou_type], rtol=0, atol=1e-9
    )
