"""Average precision of tracks: cases made for it, and the reference's loops over dense masks."""

import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.geometry import rle
from yolact_cli.scoring.rules import ScoringRules
from yolact_cli.scoring.track_ap import TRACK_AREAS, track_ap, track_ious
from yolact_cli.video import Track

SIZE_HW = (12, 16)
NAMES = {3: "cat", 5: "dog"}
THRESHOLDS = np.linspace(0.5, 0.95, 10)
SMALL_AREAS = {"small": (0.0, 20.0), "large": (20.0, 1e10)}


def mask(box=None):
    """A rectangle x, y, width, height as an RLE; None stays None."""
    if box is None:
        return None
    x, y, width, height = box
    pixels = np.zeros(SIZE_HW, bool)
    pixels[y : y + height, x : x + width] = True
    return {"size": list(SIZE_HW), "counts": rle.encode_mask(pixels)}


def track(*boxes, score=1.0, category_id=3, video_id=1, is_crowd=False):
    return Track(
        place="",
        video_id=video_id,
        category_id=category_id,
        masks=tuple(mask(box) for box in boxes),
        score=score,
        is_crowd=is_crowd,
    )


def scored(truth, predicted, **fields):
    return track_ap(truth, predicted, category_names=NAMES, **fields)


HERE, THERE = (0, 0, 4, 4), (8, 4, 4, 4)


def test_the_overlap_is_over_all_frames():
    one = track(HERE, HERE, None)
    other = track(HERE, None, HERE)
    assert track_ious([one], [other])[0, 0] == pytest.approx(1 / 3)


def test_the_overlap_of_nothing_with_nothing_is_none():
    assert track_ious([track(None, None)], [track(None, None)]).tolist() == [[0.0]]
    assert track_ious([], [track(HERE)]).shape == (0, 1)


def test_an_empty_mask_is_as_none():
    empty = Track(place="", video_id=1, category_id=3, masks=(mask((0, 0, 0, 0)), mask(HERE)))
    assert track_ious([empty], [track(None, HERE)])[0, 0] == 1


def test_truth_itself_scores_one():
    truth = [track(HERE, THERE), track(THERE, HERE), track(HERE, None, category_id=5)]
    figures = scored(truth, truth)
    assert (figures.ap, figures.ap50, figures.ap75, figures.ar) == pytest.approx((1, 1, 1, 1))


def test_a_track_cut_in_two_is_found_by_neither_half_at_high_thresholds():
    truth = [track(HERE, HERE, HERE, HERE)]
    halves = [track(HERE, HERE, None, None, score=0.9), track(None, None, HERE, HERE, score=0.8)]
    figures = scored(truth, halves)
    assert figures.ap50 == pytest.approx(1)  # one half is enough of it at 0.5, and comes first
    assert figures.ap75 == 0


def test_identities_that_are_swapped_halfway_are_both_half_right():
    truth = [track(HERE, HERE), track(THERE, THERE)]
    swapped = [track(HERE, THERE, score=0.9), track(THERE, HERE, score=0.8)]
    # a third each: 16 pixels of the 48 that either has
    assert track_ious(swapped, truth) == pytest.approx(np.full((2, 2), 1 / 3))
    assert scored(truth, swapped).ap50 == 0


def test_a_second_track_of_the_same_object_is_a_mistake():
    truth = [track(HERE), track(THERE)]
    twice = [track(HERE, score=0.9), track(HERE, score=0.8), track(THERE, score=0.7)]
    # precision 1 up to recall 0.5, then 2/3: 51 and 50 of 101 recalls
    assert scored(truth, twice).ap50 == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_tracks_of_another_video_or_class_do_not_match():
    truth = [track(HERE)]
    assert scored(truth, [track(HERE, video_id=2)]).ap == 0
    assert scored(truth, [track(HERE, category_id=5)]).ap == 0


def test_a_crowd_is_neither_found_nor_missed():
    truth = [track(HERE), track(THERE, is_crowd=True)]
    predicted = [track(THERE, score=0.9), track(THERE, score=0.8), track(HERE, score=0.7)]
    figures = scored(truth, predicted)
    assert figures.ap == pytest.approx(1)
    assert figures.per_class[3].objects == 1


def test_sizes_are_means_over_the_frames_in_which_a_track_is_seen():
    truth = [track(HERE, None, None, None), track(None, THERE, (8, 4, 8, 8), None)]
    rules = ScoringRules(areas={"small": (0.0, 16.0), "large": (17.0, 1e10)})
    figures = scored(truth, [truth[0]], rules=rules)
    assert figures.ap_by_area == pytest.approx({"small": 1.0, "large": 0.0})


def test_recall_is_given_by_how_many_tracks_count():
    truth = [track(HERE), track(THERE)]
    assert scored(truth, truth).ar_by_limit == {1: 0.5, 10: 1.0, 100: 1.0}


def test_tracks_beyond_the_limit_do_not_count():
    truth = [track(THERE)]
    predicted = [track(HERE, score=0.9), track(THERE, score=0.8)]
    assert scored(truth, predicted, rules=ScoringRules(max_detections=1)).ap == 0


def test_classes_without_truth_are_not_defined():
    figures = scored([track(HERE)], [])
    assert figures.ap == 0
    assert math.isnan(figures.per_class[5].ap)
    assert math.isnan(scored([], [track(HERE)]).ap)


def test_sizes_are_those_of_youtube_vis():
    assert list(scored([], []).ap_by_area) == ["small", "medium", "large"]
    assert TRACK_AREAS == {
        "small": (0, 128**2),
        "medium": (128**2, 256**2),
        "large": (256**2, 1e10),
    }


@lru_cache(maxsize=1000)
def dense(one):
    none = np.zeros(SIZE_HW, bool)
    return np.stack(
        [none if m is None else rle.decode_mask(m["counts"], SIZE_HW) for m in one.masks]
    )


@lru_cache(maxsize=10000)
def overlap(one, other):
    union = (dense(one) | dense(other)).sum()
    return (dense(one) & dense(other)).sum() / union if union else 0.0


@lru_cache(maxsize=1000)
def size(one):
    seen = [frame.sum() for frame in dense(one) if frame.any()]
    return float(np.mean(seen)) if seen else 0.0


def reference_rows(gts, dts, threshold, bounds):
    """Score, whether matched, whether left out, of the predicted tracks of one class and video."""

    def is_outside(one):
        return not bounds[0] <= size(one) <= bounds[1]

    ignore = [g.is_crowd or is_outside(g) for g in gts]
    order = sorted(range(len(gts)), key=lambda g: ignore[g])
    taken, rows = set(), []
    for d in sorted(dts, key=lambda d: -d.score):
        best, match = min(threshold, 1 - 1e-10), None
        for g in order:
            if g in taken and not gts[g].is_crowd:
                continue
            if match is not None and not ignore[match] and ignore[g]:
                break
            if (iou := overlap(d, gts[g])) >= best:
                best, match = iou, g
        taken.add(match)
        skip = is_outside(d) if match is None else ignore[match]
        rows.append((d.score, match is not None, skip))
    return rows, ignore.count(False)


def reference_curve(truth, predicted, threshold, bounds):
    """AP and recall of one class, or None without objects."""
    rows, wanted = [], 0
    for video_id in (1, 2):
        sides = ([t for t in side if t.video_id == video_id] for side in (truth, predicted))
        found, objects = reference_rows(*sides, threshold, bounds)
        rows += found
        wanted += objects
    if not wanted:
        return None
    rows.sort(key=lambda row: -row[0])
    hits = np.array([hit for _, hit, skip in rows if not skip], float)
    precision = np.cumsum(hits) / (np.arange(1, len(hits) + 1) + np.spacing(1))
    recall = np.cumsum(hits) / wanted
    at = [max(precision[recall >= r], default=0.0) for r in np.linspace(0, 1, 101)]
    return np.mean(at), recall[-1] if len(recall) else 0.0


def reference(truth, predicted, areas):
    """Figures by (kind, area) as youtubevos/cocoapi computes them, on dense masks."""
    figures = {}
    for name, bounds in areas.items():
        curves = [
            reference_curve(
                [t for t in truth if t.category_id == category_id],
                [p for p in predicted if p.category_id == category_id],
                threshold,
                bounds,
            )
            for category_id in NAMES
            for threshold in THRESHOLDS
        ]
        defined = np.array([curve for curve in curves if curve]).reshape(-1, 2)
        for place, kind in enumerate(("ap", "ar")):
            figures[kind, name] = defined[:, place].mean() if len(defined) else math.nan
    return figures


@st.composite
def tracks(draw, *, is_truth):
    side = st.integers(0, 6)
    box = st.none() | st.tuples(st.integers(0, 3), st.integers(0, 3), side, side)
    return track(
        *(draw(box) for _ in range(3)),
        score=1.0 if is_truth else draw(st.sampled_from([0.2, 0.4, 0.4, 0.6, 0.8])),
        category_id=draw(st.sampled_from(list(NAMES))),
        video_id=draw(st.integers(1, 2)),
        is_crowd=is_truth and draw(st.booleans()) and draw(st.booleans()),
    )


@settings(max_examples=40, deadline=None)
@given(
    truth=st.lists(tracks(is_truth=True), max_size=5),
    predicted=st.lists(tracks(is_truth=False), max_size=6),
)
def test_figures_are_the_references(truth, predicted):
    wanted = reference(truth, predicted, {"all": (0.0, 1e10), **SMALL_AREAS})
    figures = scored(truth, predicted, rules=ScoringRules(areas=SMALL_AREAS))
    found = {("ap", "all"): figures.ap, ("ar", "all"): figures.ar}
    found |= {("ap", name): value for name, value in figures.ap_by_area.items()}
    found |= {("ar", name): value for name, value in figures.ar_by_area.items()}
    assert found.keys() == wanted.keys()
    for key, value in wanted.items():
        assert found[key] == pytest.approx(value, abs=1e-12, nan_ok=True), key
