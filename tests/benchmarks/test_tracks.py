"""Identities against a matcher without motion, on clips whose identities are known."""

import time
from fractions import Fraction

import pytest

from yolact_cli.scoring.identities import together
from yolact_cli.settings import TrackSettings
from yolact_cli.tracking.tracker import Tracker


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_identities_with_and_without_motion(compare_with_no_motion, scenes):
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
            pair = compare_with_no_motion(cast, range(4), **option)
            print_row(f"{scene}, {timing}", pair)
            for figures, one in zip(everything, pair, strict=True):
                figures.append(one)
    total = tuple(together(figures) for figures in everything)
    print_row("all", total)
    assert total[0].switches < total[1].switches / 3
    assert total[0].idf1 > total[1].idf1


@pytest.mark.bench
@pytest.mark.timeout(900)
def test_time_of_a_frame_with_ten_tracks_at_720p(make_clip, actor, trouble):
    cast = [
        actor(name=str(n), size_wh=(160, 300), start_xy=(100 + 110 * n, 300 + 60 * (n % 3)), speed_xy=(40 - 10 * n, 5))
        for n in range(10)
    ]  # fmt: skip
    clip = make_clip(cast, frames=40, size_hw=(720, 1280), **trouble)
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
