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

ALL_AREAS, MOST_DETECTIONS = 0, -1
TWELVE = (
    "ap", "ap50", "ap75", "ap_small", "ap_medium", "ap_large",
    "ar1", "ar10", "ar100", "ar_small", "ar_medium", "ar_large",
)  # fmt: skip


def evaluate(
    truth_coco: Mapping[str, Any],
    results: Sequence[Mapping[str, Any]],
    iou_type: IouType,
    *,
    image_ids: Collection[int] | None = None,
    category_ids: Collection[int] | None = None,
) -> CocoFigures:
    """COCO's figures for results against truth.

    Args:
        truth_coco: A checked COCO data set: ``images``, ``categories``, ``annotations`` with
            ``bbox``, ``area`` and, for masks, ``segmentation``. What it lacks and which pictures
            are partly labelled is respected as :func:`prepare` says.
        results: ``image_id``, ``category_id``, ``score``, ``bbox`` [x, y, width, height] and, for
            masks, ``segmentation`` as compressed RLE at the picture's size. May be empty.
        iou_type: ``bbox`` or ``segm``.
        image_ids: Only these pictures.
        category_ids: Only these categories.
    """
    given = prepare(truth_coco, results, iou_type, image_ids=image_ids, category_ids=category_ids)
    return evaluate_prepared(given)


def evaluate_prepared(given: EvaluationInput) -> CocoFigures:
    """As :func:`evaluate`, of what :func:`prepare` made."""
    evaluation = COCOeval_faster(_coco(given.truth), _coco(given.predictions), given.iou_type)
    evaluation.run()
    stats = (_defined(figure) for figure in evaluation.stats[: len(TWELVE)])
    figures = dict(zip(TWELVE, stats, strict=True))
    return CocoFigures(**figures, per_class=_per_class(given, evaluation.eval))


def _per_class(given: EvaluationInput, tables: Mapping[str, Any]) -> dict[int, ClassFigures]:
    objects = Counter(
        one["category_id"] for one in given.truth["annotations"] if not one["iscrowd"]
    )
    categories = sorted(given.truth["categories"], key=lambda one: int(one["id"]))
    precision = tables["precision"][:, :, :, ALL_AREAS, MOST_DETECTIONS]
    recall = tables["recall"][:, :, ALL_AREAS, MOST_DETECTIONS]
    return {
        category["id"]: ClassFigures(
            category_id=category["id"],
            name=category["name"],
            objects=objects[category["id"]],
            ap=_mean(precision[:, :, place]),
            ap50=_mean(precision[0, :, place]),
            ar100=_mean(recall[:, place]),
        )
        for place, category in enumerate(categories)
    }


def _coco(document: dict[str, Any]) -> COCO:
    coco = COCO()
    coco.dataset = document
    coco.createIndex()
    return coco


def _mean(figures: np.ndarray) -> float:
    defined = figures[figures > -1]
    return float(defined.mean()) if defined.size else math.nan


def _defined(figure: float) -> float:
    return float(figure) if figure > -1 else math.nan
