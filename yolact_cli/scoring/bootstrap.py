"""How far AP would move with other pictures of the same kind: a bootstrap over pictures.

Matching of detections to objects happens within a picture, so it is done once. A resample then
only changes how often each picture counts, which is a weight on its detections and objects.
Precision at a recall comes out the same as if the pictures were really repeated: copies of a hit
only fill the curve between two of its points, copies of a false alarm only lower points that are
under the curve. (Among equal scores, COCO's order follows that of the pictures, and so does ours.)

Symbols: ``d`` detections of one class, ``t`` IoU thresholds, ``i`` pictures.
"""

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from yolact_cli.scoring.figures import Interval
from yolact_cli.scoring.prepare import EvaluationInput

RECALLS = np.linspace(0.0, 1.0, 101)  # COCO's


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClassMatches:
    """Detections of one class in all pictures, best first, with what became of them.

    Attributes:
        picture: Whose detection it is, as a place in the list of pictures.
        is_hit: Matched an object, at each threshold.
        counts: Neither matched a region to be ignored nor lies in one, at each threshold.
        objects: How many there are to find in each picture.
    """

    picture: Int[np.ndarray, " d"]
    is_hit: Bool[np.ndarray, "t d"]
    counts: Bool[np.ndarray, "t d"]
    objects: Int[np.ndarray, " i"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Percentile intervals of AP and AP50.

    Attributes:
        resamples: How many were drawn.
        level: How many of them lie within, (0, 1).
        ap: Of AP.
        ap50: Of AP50.
    """

    resamples: int
    level: float
    ap: Interval
    ap50: Interval

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "resamples": self.resamples,
            "level": self.level,
            "ap": self.ap.to_json(),
            "ap50": self.ap50.to_json(),
        }


def bootstrap(
    given: EvaluationInput, *, resamples: int = 200, level: float = 0.95, seed: int = 0
) -> Bootstrap:
    """Intervals from as many resamples, each of as many pictures as there are, drawn with return.

    A class that a resample has no object of does not count in it.

    Args:
        given: From :func:`yolact_cli.scoring.prepare.prepare`.
        resamples: At least 1; 200 settle the second digit.
        level: Share of resamples within the interval.
        seed: The same one gives the same intervals.
    """
    matches = list(class_matches(given))
    pictures = len(given.truth["images"])
    rng = np.random.default_rng(seed)
    drawn = np.array(
        [
            average_precisions(
                matches, np.bincount(rng.integers(0, pictures, pictures), minlength=pictures)
            )
            for _ in range(resamples)
        ]
    )
    tail = 50 * (1 - level)
    bounds = [_percentiles(column, tail) for column in drawn.T]
    return Bootstrap(resamples=resamples, level=level, ap=bounds[0], ap50=bounds[1])


def average_precisions(
    matches: list[ClassMatches], weights: Int[np.ndarray, " i"]
) -> tuple[float, float]:
    """AP and AP50 where picture ``i`` counts ``weights[i]`` times; NaN when nothing is to find."""
    by_class = [_class_precisions(one, weights) for one in matches if (one.objects * weights).any()]
    if not by_class:
        return float("nan"), float("nan")
    by_threshold = np.mean(by_class, axis=0)
    return float(by_threshold.mean()), float(by_threshold[0])


def class_matches(given: EvaluationInput) -> Iterator[ClassMatches]:
    """The matches of every class, as COCO makes them."""
    # pycocotools and not the faster engine, which keeps its matches to itself. It prints.
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(_coco(given.truth), _coco(given.predictions), given.iou_type)
        evaluation.params.areaRng = evaluation.params.areaRng[:1]
        evaluation.params.areaRngLbl = evaluation.params.areaRngLbl[:1]
        evaluation.evaluate()
    pictures = len(evaluation.params.imgIds)
    for start in range(0, len(evaluation.evalImgs), pictures):
        yield _one_class(
            evaluation.evalImgs[start : start + pictures], len(evaluation.params.iouThrs)
        )


def _one_class(by_picture: list[dict[str, np.ndarray] | None], thresholds: int) -> ClassMatches:
    scores, pictures, hits, ignored = [np.zeros(0)], [np.zeros(0, np.int64)], [], []
    nothing = np.zeros((thresholds, 0), bool)
    objects = np.zeros(len(by_picture), np.int64)
    for place, found in enumerate(by_picture):
        if found is None:
            continue
        scores.append(np.asarray(found["dtScores"], np.float64))
        pictures.append(np.full(len(found["dtScores"]), place))
        hits.append(found["dtMatches"] > 0)
        ignored.append(found["dtIgnore"].astype(bool))
        objects[place] = np.count_nonzero(np.asarray(found["gtIgnore"]) == 0)
    order = np.argsort(-np.concatenate(scores), kind="mergesort")
    is_hit = np.concatenate([nothing, *hits], axis=1)[:, order]
    counts = ~np.concatenate([nothing, *ignored], axis=1)[:, order]
    picture = np.concatenate(pictures)[order]
    return ClassMatches(picture=picture, is_hit=is_hit, counts=counts, objects=objects)


def _class_precisions(
    matches: ClassMatches, weights: Int[np.ndarray, " i"]
) -> Float[np.ndarray, " t"]:
    weight = weights[matches.picture]
    hits = np.cumsum((matches.is_hit & matches.counts) * weight, axis=1)
    alarms = np.cumsum((~matches.is_hit & matches.counts) * weight, axis=1)
    recall = hits / (matches.objects * weights).sum()
    precision = hits / np.maximum(hits + alarms, 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    # One column of zeros at the end answers for recalls that are never reached.
    envelope = np.pad(envelope, ((0, 0), (0, 1)))
    rows = zip(recall, envelope, strict=True)
    return np.array([row[np.searchsorted(reached, RECALLS)].mean() for reached, row in rows])


def _percentiles(figures: Float[np.ndarray, " n"], tail: float) -> Interval:
    defined = figures[~np.isnan(figures)]
    if not defined.size:
        return Interval(low=float("nan"), high=float("nan"))
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Interval(low=float(low), high=float(high))


def _coco(document: dict[str, object]) -> COCO:
    coco = COCO()
    coco.dataset = document
    coco.createIndex()
    return coco
