"""Truth as LVIS makes it: only some classes are looked for in a picture, some not to the end."""

import copy

import numpy as np
import pytest
from faster_coco_eval import COCO, COCOeval_faster

from yolact_cli.datasets.truth import truth_from_coco
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.scoring.evaluate import evaluate, evaluate_prepared
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.precision import average_precisions
from yolact_cli.scoring.prepare import prepare
from yolact_cli.scoring.rules import ScoringRules

LVIS_RULES = ScoringRules(max_detections=300)


@pytest.fixture
def lvis_set(random_set):
    """A random set, in which each picture has classes that are absent and others not exhaustive."""

    def build(seed):
        truth, results = random_set(seed, objects=50, detections=200)
        rng = np.random.default_rng(seed)
        for one in truth["annotations"]:
            one["iscrowd"] = 0
        for image in truth["images"]:
            image["neg_category_ids"] = rng.choice([3, 4, 11, 90], 1).tolist()
            image["not_exhaustive_category_ids"] = rng.choice([3, 4, 11], 1).tolist()
        for category in truth["categories"]:
            category["frequency"] = "f"
        return truth, results

    return build


def in_lvis_style(truth, results, iou_type):
    """The engine's own LVIS mode, its published figures being those of the LVIS API."""
    gt, dt = COCO(), COCO()
    gt.dataset, dt.dataset = truth, {**truth, "annotations": []}
    gt.createIndex()
    side = {"segm": "segmentation", "bbox": "bbox"}[iou_type]
    kept = ("image_id", "category_id", "score", side)
    dt = gt.loadRes([{key: one[key] for key in kept} for one in results])
    evaluation = COCOeval_faster(gt, dt, iou_type, lvis_style=True)
    evaluation.params.maxDets = [300]
    evaluation.evaluate()
    evaluation.accumulate()
    precision = evaluation.eval["precision"][..., 0, -1]
    return [precision[:, :, place] for place in range(precision.shape[2])]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_classes_score_as_in_lvis(lvis_set, seed, iou_type):
    truth, results = lvis_set(seed)
    read = truth_to_coco(truth_from_coco(copy.deepcopy(truth), "truth"))
    ours = evaluate(read, results, iou_type, rules=LVIS_RULES)
    bare = [{k: v for k, v in one.items() if "_cat" not in k} for one in truth["images"]]
    plain = evaluate({**truth, "images": bare}, results, iou_type, rules=LVIS_RULES)
    theirs = [
        float(one[one > -1].mean()) if (one > -1).any() else np.nan
        for one in in_lvis_style(truth, results, iou_type)
    ]
    np.testing.assert_allclose(
        [one.ap for one in ours.per_class.values()], theirs, rtol=0, atol=1e-12
    )
    assert ours.ap > plain.ap


@pytest.mark.parametrize("seed", range(4))
def test_our_matches_forgive_what_the_engine_forgives(lvis_set, seed):
    truth, results = lvis_set(seed)
    read = truth_to_coco(truth_from_coco(truth, "truth"))
    prepared = prepare(read, results, "segm", rules=LVIS_RULES)
    ours = average_precisions(match(prepared)).mean(axis=1)
    theirs = [one.ap for one in evaluate_prepared(prepared).per_class.values()]
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)
