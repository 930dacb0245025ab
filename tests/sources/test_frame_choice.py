"""Which frames are labelled: the law of frame_choice, on any frame rate."""

from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.settings import FrameSettings
from yolact_cli.sources.frame_choice import ChosenFrame, choose
from yolact_cli.video import VideoFrame, VideoGap

NO_PIXELS = np.zeros((1, 1, 3), np.uint8)


def frames_at(times, keyframes=()):
    return [
        VideoFrame(
            frame_index=index,
            pts=index,
            time_s=Fraction(time),
            is_keyframe=index in keyframes,
            pixels=NO_PIXELS,
        )
        for index, time in enumerate(times)
    ]


def labelled(frames, **settings):
    chosen = choose(iter(frames), FrameSettings(**settings))
    return [one.frame.frame_index for one in chosen if one.is_labelled]


def steady(count, rate):
    return frames_at(Fraction(n) / rate for n in range(count))


def test_all_frames_are_labelled_unless_said_otherwise():
    assert labelled(steady(5, 30)) == [0, 1, 2, 3, 4]


def test_the_range_takes_its_start_and_leaves_its_end():
    frames = frames_at(Fraction(n, 10) for n in range(10))
    assert labelled(frames, start_s=0.3, end_s=0.7) == [3, 4, 5, 6]


def test_frames_outside_the_range_are_not_given_at_all_and_no_more_are_asked_for():
    frames = iter(frames_at(range(10)))
    given_back = list(choose(frames, FrameSettings(start_s=2, end_s=4)))
    assert [one.frame.frame_index for one in given_back] == [2, 3]
    assert next(frames).frame_index == 5


def test_every_counts_from_the_first_of_the_range():
    assert labelled(steady(12, 10), every=4) == [0, 4, 8]
    assert labelled(steady(12, 10), every=4, start_s=0.2) == [2, 6, 10]


def test_keyframes_alone_and_every_second_of_them():
    frames = frames_at(range(20), keyframes={0, 5, 10, 15})
    assert labelled(frames, keyframes=True) == [0, 5, 10, 15]
    assert labelled(frames, keyframes=True, every=2) == [0, 10]


def test_thinning_of_steady_rates_is_even():
    assert labelled(steady(12, 30), fps=10) == [0, 3, 6, 9]
    assert labelled(steady(12, 30), fps=15) == [0, 2, 4, 6, 8, 10]
    assert labelled(steady(6, 30), fps=30) == list(range(6))
    assert labelled(steady(6, 30), fps=100) == list(range(6))
    assert len(labelled(steady(300, Fraction(30_000, 1001)), fps=29.97)) == 300


def test_times_rounded_to_milliseconds_lose_no_frame():
    frames = frames_at(Fraction(round(n * 1000 / 30), 1000) for n in range(300))
    assert len(labelled(frames, fps=30)) == 300
    assert labelled(frames, fps=15) == list(range(0, 300, 2))


def test_gaps_that_reach_into_the_range_are_given():
    def gap(start_s, end_s):
        return VideoGap(start_s=Fraction(start_s), end_s=end_s and Fraction(end_s), reason="Lost.")

    gaps = [gap(0, 1), gap(1, 3), gap(2, 2), gap(3, 4), gap(5, 9), gap(3, None)]
    found = list(choose(gaps, FrameSettings(start_s=2, end_s=5)))
    assert found == [gaps[1], gaps[2], gaps[3], gaps[5]]


def _summed(steps_ms):
    return [Fraction(int(time_ms), 1000) for time_ms in np.cumsum([0, *steps_ms])]


times = st.lists(st.integers(1, 3000), max_size=40).map(_summed)


@given(times, st.floats(0.1, 120).map(lambda value: round(value, 2)))
def test_no_span_has_two_and_the_first_of_each_is_taken(times, fps):
    rate = Fraction(str(fps))
    due = [int(time * rate + Fraction(1, 4)) for time in times]
    expected = [n for n in range(len(times)) if n == 0 or due[n] != due[n - 1]]
    found = labelled(frames_at(times), fps=fps)
    assert found == expected
    assert len(found) <= times[-1] * rate + Fraction(5, 4)


@given(times, st.integers(1, 7), st.floats(0, 20), st.floats(0, 40))
def test_every_frame_of_the_range_is_given_once_in_order(times, every, start_s, length_s):
    settings = FrameSettings(every=every, start_s=start_s, end_s=start_s + length_s)
    found = list(choose(frames_at(times), settings))
    assert all(isinstance(one, ChosenFrame) for one in found)
    start, end = Fraction(str(start_s)), Fraction(str(start_s + length_s))
    expected = [n for n, time in enumerate(times) if start <= time < end]
    assert [one.frame.frame_index for one in found] == expected
    assert [n for n, one in enumerate(found) if one.is_labelled] == list(
        range(0, len(found), every)
    )
