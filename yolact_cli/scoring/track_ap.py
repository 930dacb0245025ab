"""Average precision of tracks: masks through a whole video against one another.

Two tracks overlap by the pixels they share over all frames, over the pixels that either has. From
there on all is as with COCO's pictures, a video in the place of a picture; but for sizes, which
are the mean of a track's masks over the frames in which it is seen.

Source: Yang, Fan and Xu, "Video Instance Segmentation" (arXiv 1905.04804), section 3;
youtubevos/cocoapi, ``ytvoseval.py`` (BSD). Written anew.

Symbols: ``t`` IoU thresholds, ``d`` predicted and ``g`` true tracks of a class in a video.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int64
from pycocotools import mask as coco_mask

from yolact_cli.scoring.figures import ClassFigures, CocoFigures
from yolact_cli.scoring.matching import IOU_THRESHOLDS
from yolact_cli.scoring.precision import precision_at_recalls
from yolact_cli.scoring.rules import LARGEST_PX, AreaRange, ScoringRules
from yolact_cli.video import Track

TRACK_AREAS: Mapping[str, AreaRange] = MappingProxyType(
    {
        "small": (0.0, 128.0**2),
        "medium": (128.0**2, 256.0**2),
        "large": (256.0**2, LARGEST_PX),
    }
)
"""Both ends belong to the range. Source: youtubevos/cocoapi."""

TRACK_RULES = ScoringRules(areas=TRACK_AREAS)
_ALL: AreaRange = (0.0, LARGEST_PX)
_IOU_50, _IOU_75 = 0, 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Meeting:
    """The tracks of one class in one video, the predicted ones best first."""

    ious: Float64[np.ndarray, "d g"]
    scores: Float64[np.ndarray, " d"]
    predicted_areas: Float64[np.ndarray, " d"]
    true_areas: Float64[np.ndarray, " g"]
    is_crowd: Bool[np.ndarray, " g"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Curves:
    """One class in one range of areas, each figure by IoU threshold; NaN without objects."""

    ap: Float64[np.ndarray, " t"]
    recall_by_limit: Mapping[int, Float64[np.ndarray, " t"]]


def track_ap(
    truth: Sequence[Track],
    predicted: Sequence[Track],
    *,
    category_names: Mapping[int, str],
    rules: ScoringRules = TRACK_RULES,
) -> CocoFigures:
    """COCO's figures, for tracks.

    Args:
        truth: Masks as compressed RLE, one or None for each frame of the track's video.
        predicted: Likewise, with scores; the same videos and categories. May be empty.
        category_names: The classes that are compared, by id.
        rules: How many tracks of a class in a video count, and which sizes are told apart.
    """
    areas = {"all": _ALL, **rules.areas}
    true_by, predicted_by = _by_class_and_video(truth), _by_class_and_video(predicted)
    curves: dict[int, dict[str, _Curves]] = {}
    for category_id in sorted(category_names):
        ours, theirs = predicted_by[category_id], true_by[category_id]
        meetings = [
            _meeting(theirs.get(video, []), ours.get(video, []), rules.max_detections)
            for video in sorted(ours.keys() | theirs.keys())
        ]
        curves[category_id] = {
            name: _curves(meetings, bounds, rules.detection_limits)
            for name, bounds in areas.items()
        }
    objects = {
        key: sum(not track.is_crowd for tracks in true_by[key].values() for track in tracks)
        for key in curves
    }
    return _figures(curves, rules, names=category_names, objects=objects)


def track_ious(predicted: Sequence[Track], truth: Sequence[Track]) -> Float64[np.ndarray, "d g"]:
    """Overlaps over whole videos, all tracks being of the same one; 0 where both are empty."""
    ours, theirs = _areas(predicted), _areas(truth)
    shared = np.zeros((len(predicted), len(truth)), np.int64)
    for frame in range(min(ours.shape[1], theirs.shape[1])):
        rows, columns = np.flatnonzero(ours[:, frame]), np.flatnonzero(theirs[:, frame])
        if len(rows) and len(columns):
            sides = [
                [_plain(tracks[int(place)].masks[frame] or {}) for place in places]
                for tracks, places in ((predicted, rows), (truth, columns))
            ]
            ious = np.asarray(coco_mask.iou(*sides, [0] * len(columns)), np.float64)
            both = ours[rows, frame][:, None] + theirs[columns, frame][None]
            # whole pixels: what is shared of two areas follows from their IoU
            shared[np.ix_(rows, columns)] += np.rint(ious / (1 + ious) * both).astype(np.int64)
    union = ours.sum(axis=1)[:, None] + theirs.sum(axis=1)[None] - shared
    overlaps: np.ndarray = np.where(union > 0, shared / np.maximum(union, 1), 0.0)
    return overlaps


def _by_class_and_video(tracks: Iterable[Track]) -> dict[int, dict[int, list[Track]]]:
    groups: dict[int, dict[int, list[Track]]] = defaultdict(lambda: defaultdict(list))
    for track in tracks:
        groups[track.category_id][track.video_id].append(track)
    return groups


def _meeting(truth: list[Track], predicted: list[Track], most: int) -> _Meeting:
    best = sorted(predicted, key=lambda track: -track.score)[:most]
    return _Meeting(
        ious=track_ious(best, truth),
        scores=np.array([track.score for track in best], np.float64),
        predicted_areas=_mean_areas(best),
        true_areas=_mean_areas(truth),
        is_crowd=np.array([track.is_crowd for track in truth], bool),
    )


def _areas(tracks: Sequence[Track]) -> Int64[np.ndarray, "n frames"]:
    """Pixels of each track in each frame."""
    frames = max((len(track.masks) for track in tracks), default=0)
    areas = np.zeros((len(tracks), frames), np.int64)
    for row, track in enumerate(tracks):
        for frame, mask in enumerate(track.masks):
            areas[row, frame] = 0 if mask is None else int(coco_mask.area(_plain(mask)))
    return areas


def _plain(mask: Mapping[str, Any]) -> dict[str, Any]:
    return dict(mask)


def _mean_areas(tracks: Sequence[Track]) -> Float64[np.ndarray, " n"]:
    """Over the frames in which a track is seen; 0 for one that never is."""
    areas = _areas(tracks)
    seen = np.maximum((areas > 0).sum(axis=1), 1)
    mean: np.ndarray = areas.sum(axis=1) / seen
    return mean


def _curves(meetings: Sequence[_Meeting], bounds: AreaRange, limits: tuple[int, ...]) -> _Curves:
    """Source: youtubevos/cocoapi, ``evaluateVid`` and ``accumulate``."""
    objects = 0
    hits, counts, scores, ranks = [], [], [], []
    for one in meetings:
        is_ignored = one.is_crowd | _outside(one.true_areas, bounds)
        objects += int((~is_ignored).sum())
        hit, forgiven = _match(one.ious, is_ignored, one.is_crowd)
        forgiven |= ~hit & _outside(one.predicted_areas, bounds)
        hits.append(hit)
        counts.append(~forgiven)
        scores.append(one.scores)
        ranks.append(np.arange(len(one.scores)))
    nothing = np.full(len(IOU_THRESHOLDS), math.nan)
    if not objects:
        return _Curves(ap=nothing, recall_by_limit=dict.fromkeys(limits, nothing))
    hit, count = np.concatenate(hits, axis=1), np.concatenate(counts, axis=1)
    order = np.argsort(-np.concatenate(scores), kind="stable")
    rank = np.concatenate(ranks)
    precision = [
        precision_at_recalls(hit[place][order], count[place][order], objects)
        for place in range(len(IOU_THRESHOLDS))
    ]
    found = hit & count
    return _Curves(
        ap=np.mean(precision, axis=1),
        recall_by_limit={limit: found[:, rank < limit].sum(axis=1) / objects for limit in limits},
    )


def _outside(areas: Float64[np.ndarray, " n"], bounds: AreaRange) -> Bool[np.ndarray, " n"]:
    outside: np.ndarray = (areas < bounds[0]) | (areas > bounds[1])
    return outside


def _match(
    ious: Float64[np.ndarray, "d g"],
    is_ignored: Bool[np.ndarray, " g"],
    is_crowd: Bool[np.ndarray, " g"],
) -> tuple[Bool[np.ndarray, "t d"], Bool[np.ndarray, "t d"]]:
    """Which predicted tracks match any, and which of those match one to be ignored.

    The best chooses first: of those not taken the one that overlaps most, of equal ones the last;
    one to be ignored only where there is no other. Any number may take a crowd.
    """
    is_hit = np.zeros((len(IOU_THRESHOLDS), len(ious)), bool)
    is_forgiven = np.zeros_like(is_hit)
    for place, threshold in enumerate(IOU_THRESHOLDS):
        is_taken = np.zeros(ious.shape[1], bool)
        for row, overlap in enumerate(ious):
            open_to = (overlap >= min(threshold, 1 - 1e-10)) & (~is_taken | is_crowd)
            group = open_to & ~is_ignored
            group = group if group.any() else open_to
            if group.any():
                best = int(np.flatnonzero(group & (overlap == overlap[group].max()))[-1])
                is_taken[best] = is_hit[place, row] = True
                is_forgiven[place, row] = is_ignored[best]
    return is_hit, is_forgiven


def _figures(
    curves: Mapping[int, Mapping[str, _Curves]],
    rules: ScoringRules,
    *,
    names: Mapping[int, str],
    objects: Mapping[int, int],
) -> CocoFigures:
    per_class = {
        key: ClassFigures(
            category_id=key,
            name=names[key],
            objects=objects[key],
            ap=_mean(one["all"].ap),
            ap50=float(one["all"].ap[_IOU_50]),
            ap75=float(one["all"].ap[_IOU_75]),
            ar=_mean(one["all"].recall_by_limit[rules.max_detections]),
            ap_by_area={area: _mean(one[area].ap) for area in rules.areas},
        )
        for key, one in curves.items()
    }
    whole = [one["all"] for one in curves.values()]
    most = rules.max_detections
    return CocoFigures(
        ap=_mean([one.ap for one in whole]),
        ap50=_mean([one.ap[_IOU_50] for one in whole]),
        ap75=_mean([one.ap[_IOU_75] for one in whole]),
        ap_by_area={area: _mean([one[area].ap for one in curves.values()]) for area in rules.areas},
        ar_by_limit={
            limit: _mean([one.recall_by_limit[limit] for one in whole])
            for limit in rules.detection_limits
        },
        ar_by_area={
            area: _mean([one[area].recall_by_limit[most] for one in curves.values()])
            for area in rules.areas
        },
        per_class=per_class,
    )


def _mean(figures: Any) -> float:
    """Of those that are defined; NaN for none."""
    values = np.asarray(figures, np.float64)
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if defined.size else math.nan
