"""Figures of a training: lines that resume, the best of them, a picture."""

import json
import math
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

import pytest

from yolact_cli.store import LocalStore
from yolact_cli.training.curves import curves_svg
from yolact_cli.training.loop import Step
from yolact_cli.training.metrics import MetricsLog, read_metrics


@dataclass(frozen=True)
class Figures:
    iteration: int
    mask_ap50: float
    box_ap50: float = 0.5


def step(iteration, loss=1.0):
    return Step(
        iteration=iteration,
        losses={"box": loss, "class": 2.0},
        learning_rate_factor=1.0,
        is_skipped=not math.isfinite(loss),
        seconds=0.1,
    )


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


def test_a_line_is_the_mean_of_twenty_iterations_without_those_skipped(store):
    log = MetricsLog(store, first_iteration=0)
    for iteration in range(1, 21):
        log.add_step(step(iteration, math.nan if iteration == 5 else float(iteration)))
    (record,) = read_metrics(store)
    assert record["losses"] == {"box": pytest.approx(205 / 19, abs=1e-4), "class": 2.0}
    assert record["skipped"] == 1


def test_resuming_drops_what_came_after_the_state(store):
    log = MetricsLog(store, first_iteration=0)
    for iteration in range(1, 61):
        log.add_step(step(iteration))
    log.add_validation(Figures(40, 0.5))
    log.add_validation(Figures(60, 0.9))
    resumed = MetricsLog(store, first_iteration=45)
    assert [record["iteration"] for record in read_metrics(store)] == [20, 40, 40]
    assert resumed.has_validation(40)
    assert not resumed.has_validation(60)
    assert resumed.best_validation["mask_ap50"] == 0.5


def test_a_torn_last_line_is_left_out(store):
    store.append("metrics.jsonl", b'{"iteration": 20}\n{"iterat')
    assert read_metrics(store) == [{"iteration": 20}]


def test_the_first_of_equally_good_validations_is_the_best(store):
    log = MetricsLog(store, first_iteration=0)
    for iteration, mask_ap50 in ((10, 0.2), (20, 0.3), (30, 0.3)):
        figures = Figures(iteration, mask_ap50)
        assert log.is_best(figures) == (iteration < 30)
        log.add_validation(figures)
    assert log.best_validation["iteration"] == 20


def test_without_a_mask_in_the_validation_set_boxes_decide(store):
    log = MetricsLog(store, first_iteration=0)
    log.add_validation(Figures(10, math.nan, 0.4))
    assert log.is_best(Figures(20, math.nan, 0.6))
    assert not log.is_best(Figures(20, math.nan, 0.3))
    assert json.loads(store.read_bytes("metrics.jsonl"))["mask_ap50"] is None


def records():
    made = [
        {"iteration": n, "losses": {"box": 3 / n, "class": None if n == 40 else 9 / n}}
        for n in range(20, 100, 20)
    ]
    figures = {"mask_ap50": 0.3, "mask_ap": None, "box_ap50": 0.4, "box_ap": 0.2}
    return [*made, {"iteration": 80, **figures}]


def test_curves_are_the_same_bytes_for_the_same_records():
    picture = curves_svg(records())
    assert picture == curves_svg(records())
    texts = {one.text.strip() for one in ElementTree.fromstring(picture).iter() if one.text}
    assert {"box", "class", "mask AP50", "iterations"} <= texts


@pytest.mark.parametrize("given", [[], records()[:1], records()[-1:]], ids=["none", "one", "val"])
def test_few_records_make_a_picture_too(given):
    assert curves_svg(given).startswith(b"<?xml")
