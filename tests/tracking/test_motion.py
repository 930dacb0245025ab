"""Forecasts of where tracks go."""

import pytest

from yolact_cli.tracking.motion import Motion, surprise

SIZE_HW = (100, 200)


def test_even_motion_is_forecast_exactly_after_two_sightings_at_any_times():
    motion = Motion(0.0)
    motion.correct(0.1, (6.0, -1.0))
    for time_s in (0.13, 0.4, 1.0):
        assert motion.forecast(time_s) == pytest.approx((60 * time_s, -10 * time_s))
        motion.correct(time_s, (0.0, 0.0))


def test_jitter_is_smoothed():
    motion = Motion(0.0)
    for number in range(1, 61):
        x, _ = motion.forecast(number / 30)
        motion.correct(number / 30, (2.0 * number + (-1) ** number - x, 0.0))
    assert motion.velocity_xy_px_s[0] == pytest.approx(60, abs=12)


def test_a_turn_is_learnt_within_the_memory():
    motion = Motion(0.0)
    for number in range(1, 61):
        true_x = 2.0 * min(number, 30) - 2.0 * max(number - 30, 0)
        motion.correct(number / 30, (true_x - motion.forecast(number / 30)[0], 0.0))
    assert motion.velocity_xy_px_s[0] == pytest.approx(-60, abs=5)


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ((55, 40, 75, 60), (5, 0)),  # all of it moved
        ((50, 40, 60, 60), (0, 0)),  # its right side went behind something
        ((45, 35, 75, 65), (0, 0)),  # it grew
        ((50, 40, 70, 60), (0, 0)),
    ],
)
def test_the_calm_edge_tells_the_motion(seen, expected):
    box = (50, 40, 70, 60)
    assert surprise(box, seen, size_hw=SIZE_HW) == pytest.approx(expected)


def test_edges_on_the_border_tell_nothing():
    assert surprise((0, 40, 20, 60), (0, 40, 27, 60), size_hw=SIZE_HW) == (7, 0)
    assert surprise((180, 40, 200, 60), (174, 40, 200, 60), size_hw=SIZE_HW) == (-6, 0)
    assert surprise((5, 0, 190, 60), (0, 0, 200, 70), size_hw=SIZE_HW) == (0, 10)
