"""How far AP would move with other pictures of the same kind: a bootstrap over pictures.

Matching of detections to objects happens within a picture, so it is done once. A resample then
only changes how often each picture counts, which is a weight on its detections and objects.
Precision at a recall comes out the same as if the pictures were really repeated: copies of a hit
only fill the curve between two of its points, copies of a false alarm only lower points that are
under the curve. (Among equal scores, COCO's order follows that of the pictures, and so does ours.)

Symbols: ``s`` resamples, ``c`` classes, ``t`` IoU thresholds, ``d`` detections of one class,
``h`` hits among them, ``i`` pictures.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from yolact_cli.scoring.figures import Interval
from yolact_cli.scoring.matching import IOU_THRESHOLDS, Matches
from yolact_cli.scoring.precision import IOU_50, RECALLS

LEVEL = 0.95
_MOST_WEIGHTS = 4_000_000  # at once; bounds the memory, changes no figure

Weights = Int[np.ndarray, "s i"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bootstrap:
    """Percentile intervals of AP and AP50.

    Attributes:
        resamples: How many were drawn.
        level: How many of them lie within, (0, 1).
        ap: Of AP.
        ap50: Of AP50.
        ap_by_class: Of AP, by class name.
    """

    resamples: int
    level: float
    ap: Interval
    ap50: Interval
    ap_by_class: Mapping[str, Interval]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "resamples": self.resamples,
            "level": self.level,
            "ap": self.ap.to_json(),
            "ap50": self.ap50.to_json(),
            "classes": {name: one.to_json() for name, one in self.ap_by_class.items()},
        }


def bootstrap(
    matches: Matches, *, resamples: int = 200, level: float = LEVEL, seed: int = 0
) -> Bootstrap:
    """Intervals from as many resamples, each of as many pictures as there are, drawn with return.

    A class that a resample has no object of does not count in it.

    Args:
        matches: The record.
        resamples: At least 1; 200 settle the second digit.
        level: Share of resamples within the interval.
        seed: The same one gives the same intervals.
    """
    drawn = np.concatenate(
        [
            resampled_precisions(matches, weights)
            for weights in drawn_weights(len(matches.image_ids), resamples, seed=seed)
        ]
    )
    by_class = drawn.mean(axis=2)
    return Bootstrap(
        resamples=resamples,
        level=level,
        ap=percentiles(mean_of_classes(by_class), level),
        ap50=percentiles(mean_of_classes(drawn[:, :, IOU_50]), level),
        ap_by_class={
            name: percentiles(column, level)
            for name, column in zip(matches.class_names, by_class.T, strict=True)
        },
    )


def drawn_weights(pictures: int, resamples: int, *, seed: int) -> Iterator[Weights]:
    """How often each picture is drawn in each resample, some resamples at a time.

    The whole follows from the seed, however it is cut.
    """
    rng = np.random.default_rng(seed)
    at_once = max(1, _MOST_WEIGHTS // max(pictures, 1))
    for start in range(0, resamples, at_once):
        rows = [
            np.bincount(rng.integers(0, pictures, pictures), minlength=pictures)
            if pictures
            else np.zeros(0, np.int64)
            for _ in range(min(at_once, resamples - start))
        ]
        yield np.stack(rows).astype(np.int32)


def resampled_precisions(matches: Matches, weights: Weights) -> Float64[np.ndarray, "s c t"]:
    """AP of every class at every IoU threshold, where picture ``i`` counts ``weights[s, i]`` times.

    NaN where a resample has no object of the class.
    """
    figures = np.full((len(weights), len(matches.category_ids), len(IOU_THRESHOLDS)), np.nan)
    wanted = ~matches.is_ignored
    for place in np.flatnonzero(matches.objects_by_class).tolist():
        pictures = matches.object_picture[wanted & (matches.object_class == place)]
        objects = weights[:, pictures].sum(axis=1)
        ranked = matches.ranking[place]
        weight = weights[:, matches.detection_picture[ranked]]
        for iou in range(len(IOU_THRESHOLDS)):
            counts = matches.counts[iou, ranked]
            is_hit = matches.is_hit[iou, ranked]
            figures[:, place, iou] = _weighted_precision(weight, is_hit, counts, objects)
    return figures


def _weighted_precision(
    weight: np.ndarray, is_hit: np.ndarray, counts: np.ndarray, objects: np.ndarray
) -> np.ndarray:
    """AP of one class at one threshold in each resample.

    Only hits are points of the curve: between them precision falls and recall stays.
    """
    weight, is_hit = weight[:, counts], is_hit[counts]
    so_far = np.cumsum(weight, axis=1)[:, is_hit]
    hits = np.cumsum(weight[:, is_hit], axis=1)
    precision = hits / np.maximum(so_far, 1)
    envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
    recall = hits / np.maximum(objects, 1)[:, None]
    reached = np.searchsorted(RECALLS, recall, side="right")
    newly = np.diff(reached, axis=1, prepend=0)
    figures: np.ndarray = (envelope * newly).sum(axis=1) / len(RECALLS)
    return np.where(objects > 0, figures, np.nan)


def mean_of_classes(figures: Float64[np.ndarray, "s c"]) -> Float64[np.ndarray, " s"]:
    """The mean of those that are defined; NaN where none is."""
    is_defined = ~np.isnan(figures)
    sums = np.where(is_defined, figures, 0.0).sum(axis=1)
    means = np.full(len(figures), np.nan)
    np.divide(sums, is_defined.sum(axis=1), out=means, where=is_defined.any(axis=1))
    return means


def percentiles(figures: Float64[np.ndarray, " s"], level: float) -> Interval:
    """The middle part of the figures that are defined; NaN for none."""
    defined = figures[~np.isnan(figures)]
    if not defined.size:
        return Interval(low=float("nan"), high=float("nan"))
    tail = 50 * (1 - level)
    low, high = np.percentile(defined, [tail, 100 - tail])
    return Interval(low=float(low), high=float(high))
