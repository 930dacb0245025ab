"""How quick scoring is, beside pycocotools.

``-k memory`` runs what prints time and memory by itself, as a process's peak never falls again;
YOLACT_BENCH_SCORED=100000 sets for how many pictures.
"""

import copy
import resource
import time

import faster_coco_eval
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from yolact_cli.scoring.analysis import analyse
from yolact_cli.scoring.compare import compare
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.prepare import prepare

PICTURES = 5000
LEAST_RATIO = {"bbox": 4.0, "segm": 2.5}

pytestmark = [pytest.mark.bench, pytest.mark.timeout(3600)]


def seconds(coco, evaluator, truth, results, iou_type):
    """Of evaluation and accumulation alone, both sides being loaded and indexed."""
    gt = coco()
    gt.dataset = copy.deepcopy(truth)
    gt.createIndex()
    kept = ("image_id", "category_id", "score", {"bbox": "bbox", "segm": "segmentation"}[iou_type])
    evaluation = evaluator(
        gt, gt.loadRes([{key: one[key] for key in kept} for one in results]), iou_type
    )
    start = time.perf_counter()
    evaluation.evaluate()
    evaluation.accumulate()
    return time.perf_counter() - start


def test_evaluation_is_quicker_than_pycocotools(synthetic_set, capsys):
    truth, results = synthetic_set(PICTURES)
    for iou_type, least in LEAST_RATIO.items():
        theirs = seconds(COCO, COCOeval, truth, results, iou_type)
        ours = seconds(
            faster_coco_eval.COCO, faster_coco_eval.COCOeval_faster, truth, results, iou_type
        )
        with capsys.disabled():
            print(
                f"\n{iou_type}, {PICTURES} pictures of 640x480, {len(truth['annotations'])} objects, "
                f"{len(results)} predictions: pycocotools {theirs:.1f} s, "
                f"faster-coco-eval {ours:.1f} s, {theirs / ours:.1f} times as quick"
            )
        assert theirs / ours >= least


def test_a_thousand_resamples_of_a_comparison_take_less_than_a_minute(synthetic_set, capsys):
    truth, results = synthetic_set(PICTURES, with_masks=False)
    a, b = (match(prepare(truth, some, "bbox")) for some in (results, results[::2]))
    start = time.perf_counter()
    compare(a, b, resamples=1000)
    elapsed_s = time.perf_counter() - start
    with capsys.disabled():
        print(f"\n1,000 paired resamples of {PICTURES} pictures, 80 classes: {elapsed_s:.1f} s")
    assert elapsed_s < 60


def test_time_and_memory_of_everything_are_printed(synthetic_set, count_of, capsys):
    pictures = count_of("SCORED", 10_000)
    truth, results = synthetic_set(pictures)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    analyse(prepare(truth, results, "segm"))
    elapsed_s = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with capsys.disabled():
        print(
            f"\n{pictures} pictures, {len(truth['annotations'])} objects, {len(results)} "
            f"predictions, masks: everything in {elapsed_s:.0f} s, "
            f"{(peak - before) / 2**20:.2f} GiB on top of {before / 2**20:.2f} GiB of labels"
        )
