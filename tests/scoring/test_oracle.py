"""Every figure is pycocotools', and what follows from our own matches is the engine's."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from yolact_cli.datasets.truth import truth_from_coco
from yolact_cli.datasets.truth_coco import truth_to_coco
from yolact_cli.scoring.evaluate import evaluate, evaluate_prepared
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.precision import average_precisions
from yolact_cli.scoring.prepare import prepare
from yolact_cli.scoring.rules import ScoringRules

MANY = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
SETS = {
    "seed": st.integers(0, 10**6),
    "pictures": st.integers(1, 6),
    "objects": st.integers(0, 30),
    "detections": st.integers(0, 60),
}


def same(ours, theirs):
    assert list(ours) == list(theirs)
    np.testing.assert_allclose(list(ours.values()), list(theirs.values()), rtol=0, atol=1e-12)


@MANY
@given(**SETS)
@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_every_figure_of_a_random_set_is_pycocotools(random_set, oracle, iou_type, seed, **sizes):
    truth, results = random_set(seed, **sizes)
    same(evaluate(truth, results, iou_type).named(), oracle(truth, results, iou_type))


@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
@pytest.mark.parametrize("max_detections", [1, 5, 100, 300])
def test_detections_beyond_the_limit_do_not_count(random_set, oracle, iou_type, max_detections):
    truth, results = random_set(5, pictures=2, objects=60, detections=900)
    rules = ScoringRules(max_detections=max_detections)
    ours = evaluate(truth, results, iou_type, rules=rules).named()
    same(ours, oracle(truth, results, iou_type, max_detections=max_detections))


@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_areas_of_ones_own_are_told_apart(random_set, oracle, iou_type):
    truth, results = random_set(6, objects=60, detections=150)
    areas = {"tiny": (0.0, 400.0), "rest": (400.0, 1e10)}
    ours = evaluate(truth, results, iou_type, rules=ScoringRules(areas=areas)).named()
    assert "ap_tiny" in ours
    same(ours, oracle(truth, results, iou_type, areas=areas))


@MANY
@given(**SETS, max_detections=st.sampled_from([1, 10, 100]))
@pytest.mark.parametrize("iou_type", ["bbox", "segm", "boundary"])
def test_our_matches_give_the_precision_of_the_engine(
    random_set, iou_type, seed, max_detections, **sizes
):
    truth, results = random_set(seed, **sizes)
    prepared = prepare(truth, results, iou_type, rules=ScoringRules(max_detections=max_detections))
    ours = average_precisions(match(prepared))
    theirs = evaluate_prepared(prepared).per_class.values()
    np.testing.assert_allclose(ours.mean(axis=1), [one.ap for one in theirs], rtol=0, atol=1e-12)
    np.testing.assert_allclose(ours[:, 0], [one.ap50 for one in theirs], rtol=0, atol=1e-12)


@pytest.mark.shared
@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_made_up_results_of_coco_photographs_score_as_in_pycocotools(shared_dir, oracle, iou_type):
    folder = shared_dir / "data/scoring"
    truth = json.loads((folder / "instances_val2014_100.json").read_text())
    results = json.loads((folder / f"instances_val2014_fake{iou_type}100_results.json").read_text())
    read = truth_to_coco(truth_from_coco(json.loads(json.dumps(truth)), "truth"))
    same(evaluate(read, results, iou_type).named(), oracle(truth, results, iou_type))


@pytest.mark.shared
@pytest.mark.parametrize("iou_type", ["bbox", "segm"])
def test_shaken_truth_of_coco80_scores_as_in_pycocotools(shared_dir, oracle, iou_type):
    truth = json.loads((shared_dir / "data/coco80-val/annotations.json").read_text())
    read = truth_to_coco(truth_from_coco(json.loads(json.dumps(truth)), "truth"))
    results = shaken(read)
    figures = evaluate(read, results, iou_type)
    assert 0.1 < figures.ap < 0.9
    same(figures.named(), oracle(truth, results, iou_type))


def shaken(truth):
    """Objects of truth under noise: moved, some twice, some of another class, crowds too."""
    from pycocotools import mask as coco_mask

    rng = np.random.default_rng(0)
    sizes = {one["id"]: (one["height"], one["width"]) for one in truth["images"]}
    category_ids = [one["id"] for one in truth["categories"]]
    results = []
    for annotation in truth["annotations"] * 2:
        x, y, w, h = annotation["bbox"]
        x, y = x + rng.normal(0, 0.05) * w, y + rng.normal(0, 0.05) * h
        is_right = rng.random() < 0.9
        corners = [[x, y, x + w, y, x + w, y + h, x, y + h]]
        rle = coco_mask.merge(coco_mask.frPyObjects(corners, *sizes[annotation["image_id"]]))
        results.append(
            {
                "image_id": annotation["image_id"],
                "category_id": annotation["category_id"]
                if is_right
                else int(rng.choice(category_ids)),
                "bbox": [x, y, w, h],
                "score": round(float(rng.random()), 2),
                "segmentation": {
                    "size": list(rle["size"]),
                    "counts": rle["counts"].decode(),
                },
            }
        )
    return results
