"""Identities from frame to frame."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.settings import TrackSettings
from yolact_cli.structures import Detections
from yolact_cli.tracking.tracker import Tracker

RATE = 30


@pytest.fixture
def square(make_instance):
    """An instance on a 120x240 px frame: ``square(x, y, side, score=0.9, class_id=0)``."""

    def build(x, y, side=20, **fields):
        mask = np.zeros((120, 240), bool)
        mask[y : y + side, x : x + side] = True
        return make_instance(mask, **fields)

    return build


def follow(frames, *, rate=RATE, **options):
    """Ids of frames at a steady rate; None stands for a frame that is skipped."""
    tracker = Tracker(TrackSettings(**options))
    return [
        tracker.update(Fraction(number, rate), frame_of(*instances))
        for number, instances in enumerate(frames)
        if instances is not None
    ]


def frame_of(*instances, size_hw=(120, 240)):
    return Detections(picture_id=1, name="f.png", size_hw=size_hw, instances=tuple(instances))


def ids_of(clip):
    tracker = Tracker(TrackSettings())
    return [tracker.update(shot.time_s, shot.detections) for shot in clip]


def test_frames_without_objects_have_no_ids():
    assert follow([[], [], []]) == [(), (), ()]


def test_ids_count_from_one_by_first_appearance_best_score_first(square):
    first = [square(10, 10, score=0.4), square(90, 10, score=0.8)]
    assert follow([[], first, [*first, square(170, 60)]]) == [(), (2, 1), (2, 1, 3)]


def test_an_object_that_moves_less_than_its_size_keeps_its_id(square):
    assert follow([[square(10 + 5 * n, 40)] for n in range(20)]) == [(1,)] * 20


def test_an_object_faster_than_its_size_is_followed_once_its_motion_is_known(square):
    assert follow([[square(5 + 21 * n, 40)] for n in range(8)]) == [(1,)] * 8


def test_a_missed_object_keeps_its_id_where_its_motion_leads(square):
    frames = [[square(6 * n, 40)] for n in range(35)]
    for missed in (4, 5, 11, *range(18, 28)):
        frames[missed] = []
    assert {ids for ids in follow(frames) if ids} == {(1,)}


def test_skipped_frames_are_bridged_by_their_times(square):
    frames = [[square(6 * n, 40)] if n < 5 or n % 4 == 0 else None for n in range(35)]
    assert set(follow(frames)) == {(1,)}


def test_after_the_longest_gap_an_object_is_another_one(square):
    still = [square(50, 40)]
    frames = [still, *[[]] * 14, still]
    assert follow(frames, max_gap_s=0.5)[-1] == (1,)
    assert follow([still, *[[]] * 15, still], max_gap_s=0.5)[-1] == (2,)


def test_the_longest_gap_is_as_long_whenever_it_begins(square):
    still = [square(50, 40)]
    for start in range(40):
        clip = [*[[]] * start, still, *[[]] * 14, still]
        assert follow(clip, max_gap_s=0.5)[-1] == (1,), start


def test_what_shows_of_an_object_behind_another_keeps_its_id(square, make_instance):
    strip = np.zeros((120, 240), bool)
    strip[40:45, 50:90] = True  # an eighth of it
    whole = square(50, 40, side=40)
    assert follow([[whole]] * 3 + [[make_instance(strip)]] * 2) == [(1,)] * 5


def test_object_beside_another_within_its_box_is_not_that_one(square, make_instance):
    corner = np.zeros((120, 240), bool)
    corner[10:70, 10:20] = corner[60:70, 10:70] = True
    assert follow([[make_instance(corner)]] * 3 + [[square(30, 20)]])[-1] == (2,)


def test_objects_that_cross_keep_their_ids(make_clip, scenes):
    clip = make_clip(scenes["crossing"], frames=70)
    pairs = {
        (name, track_id)
        for shot, ids in zip(clip, ids_of(clip), strict=True)
        for name, track_id in zip(shot.names, ids, strict=True)
    }
    assert pairs == {("b", 1), ("a", 2)} or pairs == {("a", 1), ("b", 2)}


def test_an_object_wholly_hidden_for_a_while_keeps_its_id(make_clip, scenes):
    clip = make_clip(scenes["occluded"], frames=60)
    ids = ids_of(clip)
    walker = [
        track_ids[shot.names.index("walker")]
        for shot, track_ids in zip(clip, ids, strict=True)
        if "walker" in shot.names
    ]
    assert len(walker) < 55
    assert len(set(walker)) == 1


def test_a_flickering_class_does_not_break_a_track(square):
    frames = [[square(10 + 3 * n, 40, class_id=n % 2)] for n in range(20)]
    assert set(follow(frames)) == {(1,)}


def test_of_two_objects_the_one_of_the_tracks_class_is_preferred(square):
    first = [square(50, 40, class_id=1)]
    then = [square(47, 40, class_id=2, score=0.95), square(54, 40, class_id=1)]
    assert follow([first, first, then])[-1] == (2, 1)


def test_a_weak_object_does_not_take_a_track_from_a_strong_one(square):
    strong = square(50, 40, score=0.9)
    weak, moved = square(51, 40, score=0.35), square(54, 40, score=0.9)
    assert follow([[strong], [moved, weak]])[-1] == (1, 2)


def test_a_weak_object_goes_on_a_track(square):
    frames = [[square(50 + n, 40, score=0.9 if n < 3 else 0.31)] for n in range(6)]
    assert set(follow(frames)) == {(1,)}


def test_objects_below_the_least_overlap_are_others(square):
    still, shifted = [square(50, 40)], [square(60, 40)]  # IoU 1/3
    assert follow([still, still, shifted], min_overlap=0.3)[-1] == (1,)
    assert follow([still, still, shifted], min_overlap=0.9)[-1] == (2,)


def test_masks_count_and_not_boxes(make_instance):
    lower = np.zeros((120, 240), bool)
    lower[20:80, 20:80] = np.tri(60, dtype=bool)
    upper = np.zeros_like(lower)
    upper[20:80, 20:80] = ~np.tri(60, dtype=bool)
    one, other = make_instance(lower), make_instance(upper)
    first, second = follow([[one, other], [other, one]])
    assert second == first[::-1]


def test_memory_is_that_of_live_tracks(square):
    tracker = Tracker(TrackSettings(max_gap_s=0.2))
    for number in range(60):
        place = square(20 * (number % 10), 40 * (number % 3), 15)
        tracker.update(Fraction(number), frame_of(place))
    assert tracker.live_track_ids == {60}


def test_time_that_does_not_go_on_is_refused():
    tracker = Tracker(TrackSettings())
    tracker.update(Fraction(1), frame_of())
    with pytest.raises(ValueError, match="cannot follow"):
        tracker.update(Fraction(1), frame_of())


TROUBLE = {"missed": 0.15, "jitter": 0.03, "flicker": 0.2}


@pytest.fixture(scope="module")
def crowd(make_clip, scenes):
    return make_clip(scenes["crowd"], frames=25, is_uneven=True, seed=3, **TROUBLE)


def test_the_same_sequence_gives_the_same_ids(crowd):
    assert ids_of(crowd) == ids_of(crowd)


def test_the_future_changes_nothing(crowd):
    assert ids_of(crowd[:12]) == ids_of(crowd)[:12]


def test_when_a_clip_begins_changes_nothing(crowd):
    tracker = Tracker(TrackSettings())
    late = [tracker.update(shot.time_s + 86_400, shot.detections) for shot in crowd]
    assert late == ids_of(crowd)


@given(seed=st.integers(0, 1_000))
@settings(max_examples=5, deadline=None)
def test_order_of_instances_only_orders_the_ids(crowd, seed):
    rng, tracker = np.random.default_rng(seed), Tracker(TrackSettings())
    for shot, ids in zip(crowd, ids_of(crowd), strict=True):
        instances = shot.detections.instances
        order = rng.permutation(len(instances))
        turned = frame_of(*(instances[i] for i in order), size_hw=shot.detections.size_hw)
        assert tracker.update(shot.time_s, turned) == tuple(ids[i] for i in order)


def test_ids_of_a_frame_are_never_shared(crowd):
    assert all(len(set(ids)) == len(ids) for ids in ids_of(crowd))


def test_size_of_the_picture_changes_nothing(crowd, make_instance):
    from yolact_cli.geometry import rle

    tracker = Tracker(TrackSettings())
    for shot, ids in zip(crowd, ids_of(crowd), strict=True):
        height, width = shot.detections.size_hw
        instances = [
            make_instance(
                rle.decode_mask(one.rle_counts, (height, width)).repeat(3, 0).repeat(3, 1),
                score=one.score,
                class_id=one.class_id,
            )
            for one in shot.detections.instances
        ]
        assert (
            tracker.update(shot.time_s, frame_of(*instances, size_hw=(3 * height, 3 * width)))
            == ids
        )
