"""COCO's figures in memory; the evaluation itself is faster-coco-eval's.

Symbols: precision[t, r, k, a, m] over IoU thresholds, recalls, classes, areas and most detections;
recall likewise without r.
"""

import math
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np
from faster_coco_eval import COCO, COCOeval_faster

from yolact_cli.scoring.figures import ClassFigures, CocoFigures
from yolact_cli.scoring.prepare import EvaluationInput, IouType, prepare
from yolact_cli.scoring.rules import LARGEST_PX, ScoringRules

IOU_50, IOU_75 = 0, 5
ALL_AREAS, MOST_DETECTIONS = 0, -1


def evaluate(
    truth_coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    iou_type: IouType,
    *,
    image_ids: Collection[int] | None = None,
    category_ids: Collection[int] | None = None,
    rules: ScoringRules | None = None,
) -> CocoFigures:
    """COCO's figures for results against truth.

    Args:
        truth_coco: A checked COCO data set: ``images``, ``categories``, ``annotations`` with
            ``bbox``, ``area`` and, for masks, ``segmentation``. What it lacks and which pictures
            are partly labelled is respected as :func:`prepare` says.
        results: ``image_id``, ``category_id``, ``score``, ``bbox`` [x, y, width, height] and, for
            masks, ``segmentation`` as compressed RLE at the picture's size. May be empty.
        iou_type: ``bbox``, ``segm`` or ``boundary``.
        image_ids: Only these pictures.
        category_ids: Only these categories.
        rules: What the score is taken of; COCO's when left out.
    """
    given = prepare(
        truth_coco, results, iou_type, image_ids=image_ids, category_ids=category_ids, rules=rules
    )
    return evaluate_prepared(given)


def evaluate_prepared(given: EvaluationInput) -> CocoFigures:
    """As :func:`evaluate`, of what :func:`prepare` made."""
    areas, limits = given.rules.areas, given.rules.detection_limits
    evaluation = COCOeval_faster(_coco(given.truth), _coco(given.predictions), given.iou_type)
    evaluation.params.maxDets = list(limits)
    evaluation.params.areaRng = [[0.0, LARGEST_PX], *(list(bounds) for bounds in areas.values())]
    evaluation.params.areaRngLbl = ["all", *areas]
    evaluation.evaluate()
    evaluation.accumulate()
    precision, recall = evaluation.eval["precision"], evaluation.eval["recall"]
    best = precision[..., MOST_DETECTIONS]
    return CocoFigures(
        ap=_mean(best[..., ALL_AREAS]),
        ap50=_mean(best[IOU_50, ..., ALL_AREAS]),
        ap75=_mean(best[IOU_75, ..., ALL_AREAS]),
        ap_by_area={name: _mean(best[..., at]) for at, name in enumerate(areas, start=1)},
        ar_by_limit={limit: _mean(recall[:, :, ALL_AREAS, at]) for at, limit in enumerate(limits)},
        ar_by_area={
            name: _mean(recall[:, :, at, MOST_DETECTIONS]) for at, name in enumerate(areas, start=1)
        },
        per_class=_per_class(given, best, recall[..., MOST_DETECTIONS]),
    )


def _per_class(
    given: EvaluationInput, precision: np.ndarray, recall: np.ndarray
) -> dict[int, ClassFigures]:
    objects = Counter(
        one["category_id"] for one in given.truth["annotations"] if not one["iscrowd"]
    )
    categories = sorted(given.truth["categories"], key=lambda one: int(one["id"]))
    return {
        category["id"]: ClassFigures(
            category_id=category["id"],
            name=category["name"],
            objects=objects[category["id"]],
            ap=_mean(precision[:, :, place, ALL_AREAS]),
            ap50=_mean(precision[IOU_50, :, place, ALL_AREAS]),
            ap75=_mean(precision[IOU_75, :, place, ALL_AREAS]),
            ar=_mean(recall[:, place, ALL_AREAS]),
            ap_by_area={
                name: _mean(precision[:, :, place, at])
                for at, name in enumerate(given.rules.areas, start=1)
            },
        )
        for place, category in enumerate(categories)
    }


def _coco(document: dict[str, Any]) -> COCO:
    coco = COCO()
    # The engine writes into the records it is given.
    copies = [dict(one) for one in document["annotations"]]
    coco.dataset = {**document, "annotations": copies}
    coco.createIndex()
    return coco


def _mean(figures: np.ndarray) -> float:
    defined = figures[figures > -1]
    return float(defined.mean()) if defined.size else math.nan
