"""Identities against a matcher without motion, on clips whose identities are known.

``pytest -m bench -s tests/tracking/test_tracks_bench.py`` prints the numbers.
"""

import time
from fractions import Fraction

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.scoring.identities import IdentityScorer, together
from yolact_cli.settings import TrackSettings
from yolact_cli.tracking.tracker import Tracker

TROUBLE = {"missed": 0.1, "jitter": 0.02, "flicker": 0.15}


class NoMotionMatcher:
    """Frame to frame: each object takes the id of what it overlaps most, best pairs first."""

    def __init__(self, min_iou):
        self._min_iou, self._count, self._last = min_iou, 0, ([], [])

    def update(self, _time_s, detections):
        size = list(detections.size_hw)
        regions = [{"size": size, "counts": one.rle_counts} for one in detections.instances]
        last_regions, last_ids = self._last
        ids = [0] * len(regions)
        if regions and last_regions:
            ious = np.array(coco_mask.iou(regions, last_regions, [0] * len(last_regions)))
            for place in np.argsort(-ious, axis=None, kind="stable"):
                one, other = np.unravel_index(place, ious.shape)
                if (
                    ious[one, other] >= self._min_iou
                    and not ids[one]
                    and last_ids[other] not in ids
                ):
                    ids[one] = last_ids[other]
        for place, track_id in enumerate(ids):
            if not track_id:
                self._count += 1
                ids[place] = self._count
        self._last = (regions, ids)
        return tuple(ids)


def figures_of(tracker, clip):
    scorer = IdentityScorer("segm")
    for shot in clip:
        ids = tracker.update(shot.time_s, shot.detections)
        size = list(shot.detections.size_hw)
        predicted = {
            track_id: {"size": size, "counts": instance.rle_counts}
            for track_id, instance in zip(ids, shot.detections.instances, strict=True)
        }
        scorer.add(shot.truth, predicted)
    return scorer.figures()


def compare(make_clip, cast, seeds, **options):
    """Figures of the tracker and of the matcher without motion, over a clip for each seed."""
    clips = [make_clip(cast, seed=seed, **TROUBLE, **options) for seed in seeds]
    settings = TrackSettings()
    return tuple(
        together([figures_of(make(), clip) for clip in clips])
        for make in (lambda: Tracker(settings), lambda: NoMotionMatcher(settings.min_overlap))
    )


@pytest.mark.parametrize(
    "scene", ["crossing", "occluded", "coming and going", "crowd", "fast and small"]
)
def test_motion_keeps_identities_better_than_overlap_alone(make_clip, scenes, scene):
    with_motion, without = compare(make_clip, scenes[scene], range(2))
    assert with_motion.switches < without.switches
    assert with_motion.idf1 > without.idf1


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_identities_with_and_without_motion(make_clip, scenes):
    options = {
        "30 frames a second": {"frames": 75},
        "uneven times": {"frames": 75, "is_uneven": True},
        "10 frames a second": {"frames": 25, "frame_rate": Fraction(10)},
    }
    print(f"\n{'':38}{'identity switches':>22}{'IDF1':>18}")
    print(f"{'scene':38}{'tracker':>12}{'no motion':>10}{'tracker':>9}{'no motion':>10}")
    everything = ([], [])
    for timing, option in options.items():
        for scene, cast in scenes.items():
            pair = compare(make_clip, cast, range(4), **option)
            print_row(f"{scene}, {timing}", pair)
            for figures, one in zip(everything, pair, strict=True):
                figures.append(one)
    total = tuple(together(figures) for figures in everything)
    print_row("all", total)
    assert total[0].switches < total[1].switches / 3
    assert total[0].idf1 > total[1].idf1


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_time_of_a_frame_with_ten_tracks_at_720p(make_clip, actor):
    cast = [
        actor(name=str(n), size_wh=(160, 300), start_xy=(100 + 110 * n, 300 + 60 * (n % 3)), speed_xy=(40 - 10 * n, 5))
        for n in range(10)
    ]  # fmt: skip
    clip = make_clip(cast, frames=40, size_hw=(720, 1280), **TROUBLE)
    tracker = Tracker(TrackSettings())
    tracker.update(clip[0].time_s, clip[0].detections)
    begun = time.process_time()
    for shot in clip[1:]:
        tracker.update(shot.time_s, shot.detections)
    elapsed_ms = 1e3 * (time.process_time() - begun) / (len(clip) - 1)
    print(f"\n{elapsed_ms:.2f} core-ms a frame")


def print_row(name, pair):
    motion, none = pair
    print(f"{name:38}{motion.switches:>12}{none.switches:>10}{motion.idf1:>9.3f}{none.idf1:>10.3f}")
