"""What an order of inspection is worth."""

import numpy as np
import pytest

from yolact_cli.scoring.triage import Inspection, found_curve, triage_figures


@pytest.fixture
def make_inspection():
    """``make_inspection(values, wrong)``: an object a picture."""

    def build(values, wrong):
        return Inspection(
            picture=np.arange(len(values)),
            value=np.array(values, np.float64),
            is_wrong=np.array(wrong, bool),
            missed=np.ones(len(values), np.int64),
        )

    return build


def test_order_that_knows_the_truth_reaches_the_highest_lift(make_inspection):
    wrong = np.arange(100) < 40
    figures = triage_figures(make_inspection(wrong, wrong), resamples=20)
    assert figures.lift == pytest.approx(2.5)
    assert figures.highest_lift == pytest.approx(2.5)
    assert (figures.objects, figures.wrong, figures.missed) == (100, 40, 100)


def test_random_order_has_a_lift_of_one(make_inspection):
    rng = np.random.default_rng(0)
    inspection = make_inspection(rng.random(4000), rng.random(4000) < 0.3)
    figures = triage_figures(inspection, resamples=200)
    assert figures.interval.low < 1 < figures.interval.high
    assert figures.lift == pytest.approx(1, abs=0.1)


def test_interval_is_that_of_pictures_and_repeats(make_inspection):
    rng = np.random.default_rng(0)
    value = rng.random(200)
    inspection = make_inspection(value, value + rng.normal(0, 0.3, 200) > 0.7)
    one, two = (triage_figures(inspection, resamples=200) for _ in range(2))
    assert one == two
    assert one.interval.low < one.lift < one.interval.high


def test_curve_goes_from_nothing_to_everything(make_inspection):
    inspected, found = found_curve(make_inspection([0.1, 0.9, 0.5], [False, True, False]))
    assert inspected.tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert found.tolist() == [0, 1, 1, 1]


def test_nothing_wrong_is_nothing_to_be_found(make_inspection):
    with pytest.raises(ValueError, match="no object is wrong"):
        triage_figures(make_inspection([0.5], [False]))
