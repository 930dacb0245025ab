"""Trainings stop, go on, refuse and leave a card that works."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from yolact_cli.errors import (
    BadCocoError,
    OutputExistsError,
    RunMismatchError,
    TrainingError,
)
from yolact_cli.pipelines.train import Finished, Started, run_training
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.pipelines.validate import Validation
from yolact_cli.settings import AugmentSettings, TrainSettings
from yolact_cli.training.loop import Step
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model


@pytest.fixture
def make_training(tmp_path: Path, tiny_model: Path, make_coco_set) -> Callable[..., TrainRequest]:
    """``make_training(output, settings=, **fields)``: six pictures, batches of two, 64 px."""
    data = make_coco_set(tmp_path / "data", 6)

    def build(output: str = "out", *, settings: dict | None = None, **fields) -> TrainRequest:
        chosen = {
            "iterations": 4,
            "batch_size": 2,
            "input_sizes": (64,),
            "warmup_iterations": 1,
            "optimizer": "adamw",
            "ema_decay": 0.5,
            "augment": AugmentSettings(mosaic=0.3),
            **(settings or {}),
        }
        defaults = {
            "data": data,
            "images_dir": tmp_path / "data" / "images",
            "output": tmp_path / output,
            "model": str(tiny_model),
            "start": "model",
            "name": "made",
            "settings": TrainSettings(**chosen),
            "device": "cpu",
            "workers": 0,
        }
        return TrainRequest(**(defaults | fields))

    return build


def events_of(request: TrainRequest) -> list:
    return list(run_training(request))


def stop_after(request: TrainRequest, iterations: int) -> None:
    events = run_training(request)
    for event in events:
        if isinstance(event, Step) and event.iteration == iterations:
            break
    events.close()


def test_an_interrupted_training_ends_as_one_that_was_not(make_training):
    whole, stopped = make_training("whole"), make_training("stopped")
    events_of(whole)
    stop_after(stopped, 2)
    events_of(make_training("stopped", should_resume=True, workers=1))
    expected = load_file(whole.output / "made.safetensors")
    found = load_file(stopped.output / "made.safetensors")
    assert list(found) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0)


def test_the_result_is_a_model_with_the_datas_classes(make_training):
    request = make_training()
    finished = events_of(request)[-1]
    assert isinstance(finished, Finished)
    source = resolve_model(str(finished.card))
    assert source.card.labels.names == ("class 7", "class 90")
    assert source.card.labels.category_ids == (7, 90)
    assert load_network(source).config.num_classes == 2


def test_layers_of_other_classes_start_afresh_and_are_named(make_training):
    started = next(iter(run_training(make_training())))
    assert isinstance(started, Started)
    assert any("conf_layer" in layer for layer in started.fresh_layers)


def test_a_trained_card_is_a_start_that_keeps_every_layer(make_training):
    card = events_of(make_training())[-1].card
    started = next(iter(run_training(make_training("again", model=str(card)))))
    assert started.fresh_layers == ()


def test_the_best_validation_is_kept_and_told(make_training):
    request = make_training(settings={"iterations": 4})
    request = make_training(validation_data=request.data, validate_every=2)
    validations = [event for event in events_of(request) if isinstance(event, Validation)]
    assert [one.iteration for one in validations] == [2, 4]
    best = max(one.mask_ap50 for one in validations)
    row = resolve_model(str(request.output / "made.toml")).card.measured[0]
    assert row["mask_ap50"] == pytest.approx(best, abs=1e-5)
    assert (request.output / "curves.svg").read_text().startswith("<?xml")


@pytest.mark.timeout(400)
def test_metrics_have_one_line_for_each_twenty_iterations_however_often_resumed(make_training):
    settings = {"iterations": 40, "batch_size": 1}
    stop_after(make_training(settings=settings), 25)
    events_of(make_training(settings=settings, should_resume=True))
    lines = (make_training().output / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines] == [20, 40]


def test_a_folder_with_a_training_is_gone_on_with_only_when_asked(make_training):
    stop_after(make_training(), 1)
    with pytest.raises(OutputExistsError, match="--resume"):
        events_of(make_training())


def test_resuming_with_other_settings_names_them(make_training):
    stop_after(make_training(), 1)
    with pytest.raises(RunMismatchError, match="seed was 0 and is 1"):
        events_of(make_training(settings={"seed": 1}, should_resume=True))


def test_there_must_be_something_to_resume(make_training):
    with pytest.raises(TrainingError, match="no training to resume"):
        events_of(make_training(should_resume=True))


def test_a_damaged_state_is_told(make_training):
    stop_after(make_training(), 1)
    (make_training().output / "state.safetensors").write_bytes(b"nothing of use")
    with pytest.raises(TrainingError, match="cannot be resumed"):
        events_of(make_training(should_resume=True))


def test_bad_data_is_refused_with_all_its_problems_before_anything_is_written(make_training):
    request = make_training()
    document = json.loads(request.data.read_text())
    document["annotations"][0]["bbox"] = [0, 0, 500, 5]
    document["annotations"][1]["bbox"][0] = float("nan")
    document["images"][2]["file_name"] = "gone.png"
    request.data.write_text(json.dumps(document))
    with pytest.raises(BadCocoError) as caught:
        events_of(request)
    assert len(caught.value.problems) == 3
    assert not request.output.exists()


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_that_cannot_be_decoded_is_named(make_training, workers):
    request = make_training(workers=workers)
    for path in request.images_dir.iterdir():
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(TrainingError, match=r"\d\.png"):
        events_of(request)


def test_losses_that_stay_infinite_end_the_training(make_training):
    settings = {"iterations": 40, "learning_rate": 1e30, "optimizer": "sgd", "ema_decay": 0.0}
    with pytest.raises(TrainingError, match="--learning-rate"):
        events_of(make_training(settings=settings))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"optimizer": "sgd", "schedule": "step"}, id="sgd"),
        pytest.param({"precision": "bf16"}, id="bf16"),
        pytest.param({"accumulate": 2}, id="accumulate"),
        pytest.param({"freeze_stages": 4, "freeze_norm": True}, id="frozen"),
        pytest.param({"box_mask_weight": 1.0, "repeat_threshold": 0.9}, id="boxes"),
    ],
)
def test_every_way_of_training_gives_finite_losses(make_training, settings):
    request = make_training(settings={"iterations": 2, **settings})
    if "box_mask_weight" in settings:
        document = json.loads(request.data.read_text())
        for annotation in document["annotations"][::2]:
            del annotation["segmentation"]
        request.data.write_text(json.dumps(document))
    steps = [event for event in events_of(request) if isinstance(event, Step)]
    assert len(steps) == 2
    assert not any(step.is_skipped for step in steps)


def test_pictures_without_objects_are_learnt_from(make_training):
    request = make_training(settings={"iterations": 2})
    document = json.loads(request.data.read_text())
    document["annotations"] = document["annotations"][:1]
    request.data.write_text(json.dumps(document))
    steps = [event for event in events_of(request) if isinstance(event, Step)]
    assert all(step.losses["class"] > 0 for step in steps)
