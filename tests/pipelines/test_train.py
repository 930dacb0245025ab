"""Trainings stop, go on, refuse and leave a card that works."""

import json
import multiprocessing
import sys
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from yolact_cli.errors import (
    BadCocoError,
    ModelError,
    OutputExistsError,
    RunMismatchError,
    TrainingError,
)
from yolact_cli.pipelines.train import Finished, Started, run_training
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.pipelines.validate import Validation, Validator
from yolact_cli.training import loop
from yolact_cli.training.loop import Step
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model


def events_of(request: TrainRequest) -> list:
    return list(run_training(request))


def stop_after(request: TrainRequest, iterations: int) -> None:
    events = run_training(request)
    for event in events:
        if isinstance(event, Step) and event.iteration == iterations:
            break
    events.close()


def state_of(request: TrainRequest) -> dict[str, torch.Tensor]:
    return load_file(request.output / "state.safetensors")


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert list(found) == list(expected)
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=0, atol=0, msg=name)


WAYS = [
    pytest.param({"input_sizes": (64, 96)}, 1, id="adamw with a worker"),
    pytest.param(
        {"optimizer": "sgd", "schedule": "cosine", "precision": "fp16", "accumulate": 2},
        0,
        id="sgd in fp16",
    ),
]


@pytest.mark.parametrize(("settings", "workers"), WAYS)
def test_an_interrupted_training_ends_as_one_that_was_not(make_training, settings, workers):
    whole, stopped = (make_training(out, settings=settings) for out in ("whole", "stopped"))
    events_of(whole)
    stop_after(stopped, 2)
    events_of(replace(stopped, should_resume=True, workers=workers))
    assert_same(state_of(stopped), state_of(whole))
    assert_same(load_file(stopped.output / "made.safetensors"),
                load_file(whole.output / "made.safetensors"))  # fmt: skip


def test_what_breaks_an_iteration_saves_nothing_half_done(make_training, monkeypatch):
    whole, broken = make_training("whole"), make_training("broken")
    events_of(whole)
    stop_after(broken, 1)
    calls = []
    set_rates = loop.set_learning_rates

    def break_off(optimizer, factor):
        calls.append(factor)
        set_rates(optimizer, factor)

    def interrupted_clip(*_):
        # Gradients are there and statistics have moved.
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(loop, "set_learning_rates", break_off)
        patched.setattr(torch.nn.utils, "clip_grad_norm_", interrupted_clip)
        with pytest.raises(KeyboardInterrupt):
            events_of(replace(broken, should_resume=True))
    assert len(calls) == 1
    events_of(replace(broken, should_resume=True))
    assert_same(state_of(broken), state_of(whole))


def test_a_validation_that_was_broken_off_is_done_on_resuming(make_training, monkeypatch):
    request = make_training(settings={"iterations": 3})
    request = replace(request, validation_data=request.data, validate_every=2)

    def broken_off(*_):
        raise SystemExit(143)

    with monkeypatch.context() as patched:
        patched.setattr(Validator, "validate", broken_off)
        with pytest.raises(SystemExit):
            events_of(request)
    events = events_of(replace(request, should_resume=True))
    assert [type(event) for event in events] == [Started, Validation, Step, Validation, Finished]
    assert events[0].first_iteration == 2


def test_resuming_a_finished_training_gives_its_result_again(make_training):
    request = make_training(settings={"iterations": 2})
    request = replace(request, validation_data=request.data)
    before = events_of(request)[-1]
    weights = (request.output / "made.safetensors").read_bytes()
    (request.output / "made.safetensors").unlink()
    started, after = events_of(replace(request, should_resume=True))
    assert started.first_iteration == 2
    assert after.validation == before.validation
    assert (request.output / "made.safetensors").read_bytes() == weights
    (request.output / "best.safetensors").unlink()
    events_of(replace(request, should_resume=True))


def test_the_result_is_a_model_with_the_datas_classes(make_training):
    request = make_training()
    finished = events_of(request)[-1]
    assert isinstance(finished, Finished)
    source = resolve_model(str(finished.card))
    assert source.card.labels.names == ("class 7", "class 90")
    assert source.card.labels.category_ids == (7, 90)
    assert load_network(source).config.num_classes == 2


def test_the_new_card_says_what_its_network_is_and_what_it_began_from(make_training):
    fresh = {"settings": {"iterations": 1}}
    first = resolve_model(str(events_of(make_training(**fresh))[-1].card)).card
    assert first.summary == "efficientnet_lite0 at 96 px, 2 classes, trained from tiny"
    file = str(make_training().output / "made.safetensors")
    second = events_of(make_training("again", start=file, **fresh))[-1].card
    assert resolve_model(str(second)).card.summary.endswith("trained from made.safetensors")


def test_layers_of_other_classes_start_afresh_and_are_named(make_training):
    started = next(iter(run_training(make_training())))
    assert isinstance(started, Started)
    assert any("conf_layer" in layer for layer in started.fresh_layers)


def test_a_trained_card_is_a_start_that_keeps_every_layer(make_training):
    card = events_of(make_training())[-1].card
    started = next(iter(run_training(make_training("again", model=str(card)))))
    assert started.fresh_layers == ()


def test_a_file_of_weights_is_a_warm_start_whatever_the_model_knows(make_training):
    card = events_of(make_training(settings={"iterations": 1}))[-1].card
    file = str(card.with_suffix(".safetensors"))
    again = make_training("again", start=file, settings={"iterations": 1, "learning_rate": 1e-12})
    started, *_ = events_of(again)
    assert started.fresh_layers == ()
    name = "prediction_layers.0.conf_layer.weight"
    torch.testing.assert_close(
        load_file(again.output / "made.safetensors")[name], load_file(file)[name]
    )


def test_a_file_whose_card_tells_other_classes_gives_no_class_layers(make_training):
    card = events_of(make_training(settings={"iterations": 1}))[-1].card
    card.write_text(card.read_text().replace("class 7", "something else"))
    start = str(card.with_suffix(".safetensors"))
    started = next(iter(run_training(make_training("again", start=start))))
    assert "prediction_layers.0.conf_layer" in started.fresh_layers


def test_a_file_to_start_from_must_be_there(make_training, tmp_path):
    with pytest.raises(ModelError, match=r"gone\.pth"):
        events_of(make_training(start=str(tmp_path / "gone.pth")))


def test_categories_of_one_name_are_refused(make_training):
    request = make_training()
    document = json.loads(request.data.read_text())
    document["categories"][1]["name"] = document["categories"][0]["name"]
    request.data.write_text(json.dumps(document))
    with pytest.raises(BadCocoError, match="'class 7' is there twice"):
        events_of(request)


def test_the_best_validation_is_kept_and_told(make_training):
    request = make_training()
    request = make_training(validation_data=request.data, validate_every=2)
    validations = [event for event in events_of(request) if isinstance(event, Validation)]
    assert [one.iteration for one in validations] == [2, 4]
    best = max(one.mask_ap50 for one in validations)
    row = resolve_model(str(request.output / "made.toml")).card.measured[0]
    assert row["mask_ap50"] == pytest.approx(best, abs=1e-5)
    assert (request.output / "curves.svg").read_text().startswith("<?xml")


@pytest.mark.timeout(400)
def test_a_validation_set_without_objects_is_no_obstacle(make_training, tmp_path):
    request = make_training(settings={"iterations": 2})
    document = json.loads(request.data.read_text())
    document["annotations"] = []
    bare = tmp_path / "bare.json"
    bare.write_text(json.dumps(document))
    finished = events_of(replace(request, validation_data=bare))[-1]
    assert finished.validation["mask_ap50"] is None
    for line in (request.output / "metrics.jsonl").read_text().splitlines():
        json.loads(line, parse_constant=pytest.fail)


def test_without_matplotlib_there_is_one_word_and_no_picture(make_training, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    request = make_training(settings={"iterations": 2})
    events_of(replace(request, validation_data=request.data, validate_every=1))
    assert len([r for r in caplog.records if "matplotlib" in r.message]) == 1
    assert not (request.output / "curves.svg").exists()


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


def test_settings_that_an_older_version_did_not_know_are_as_by_default(make_training):
    request = make_training(settings={"input_sizes": (), "iterations": 2})
    stop_after(request, 1)
    path = request.output / "training.json"
    record = json.loads(path.read_text())
    del record["settings"]["input_sizes"], record["settings"]["augment"]["crop"]
    path.write_text(json.dumps(record))
    assert isinstance(events_of(replace(request, should_resume=True))[-1], Finished)


def test_a_training_without_its_settings_cannot_be_resumed(make_training):
    stop_after(make_training(), 1)
    (make_training().output / "training.json").write_text("{")
    with pytest.raises(TrainingError, match=r"training\.json is missing or damaged"):
        events_of(make_training(should_resume=True))


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
def test_a_picture_that_breaks_after_the_start_is_named(make_training, workers):
    request = make_training(workers=workers)
    events = run_training(request)
    next(events)
    for path in request.images_dir.iterdir():
        path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(TrainingError, match=r"\d\.png"):
        list(events)


def test_validation_truth_may_lack_what_can_be_computed(make_training):
    request = make_training()
    document = json.loads(request.data.read_text())
    for annotation in document["annotations"]:
        for key in ("bbox", "area", "iscrowd"):
            annotation.pop(key, None)
    bare = request.data.with_name("bare.json")
    bare.write_text(json.dumps(document))
    figures = []
    for name, data in (("whole", request.data), ("bare", bare)):
        events = events_of(make_training(name, validation_data=data, validate_every=4))
        figures += [event for event in events if isinstance(event, Validation)]
    assert figures[0].mask_ap50 == pytest.approx(figures[1].mask_ap50)


def test_pictures_that_were_scaled_since_are_no_obstacle(make_training):
    request = make_training(settings={"iterations": 1})
    document = json.loads(request.data.read_text())
    for image in document["images"]:
        image["width"], image["height"] = 161, 128
    request.data.write_text(json.dumps(document))
    assert isinstance(events_of(request)[-1], Finished)


@pytest.mark.slow
def test_a_worker_that_is_killed_is_told(make_training):
    request = make_training(workers=1, settings={"iterations": 50})
    events = run_training(request)
    next(events), next(events)
    for worker in multiprocessing.active_children():
        worker.kill()
    with pytest.raises(TrainingError, match="process that loads pictures died"):
        list(events)


def test_a_step_that_was_not_finite_leaves_everything_as_it_was(make_training):
    settings = {"iterations": 40, "learning_rate": 1e30, "optimizer": "sgd"}
    request = make_training(settings=settings)
    events = run_training(request)
    for event in events:
        if isinstance(event, Step) and event.is_skipped and event.iteration > 3:
            break
    events.close()
    statistics = {n: v for n, v in state_of(request).items() if ".running_" in n}
    assert all(torch.isfinite(value).all() for value in statistics.values())


def test_losses_that_stay_infinite_end_the_training(make_training):
    settings = {"iterations": 40, "learning_rate": 1e30, "optimizer": "sgd", "ema_decay": 0.0}
    with pytest.raises(TrainingError, match="--learning-rate"):
        events_of(make_training(settings=settings))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"optimizer": "sgd", "schedule": "step"}, id="sgd"),
        # Of 64 px the coarsest level is made of a single cell. Where a processor has bf16, oneDNN
        # adds memory that nobody wrote to the gradient of that layer's weights.
        pytest.param({"precision": "bf16", "input_sizes": (128,)}, id="bf16"),
        pytest.param({"accumulate": 2}, id="accumulate"),
        pytest.param({"freeze_stages": 4, "freeze_norm": True}, id="frozen"),
        pytest.param({"box_mask_weight": 1.0, "repeat_threshold": 0.9}, id="boxes"),
        pytest.param({"dice_weight": 2.0}, id="dice"),
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


def test_half_precision_finds_its_scale(make_training, monkeypatch):
    monkeypatch.setattr(loop, "FIRST_SCALE", 2.0**6)
    request = make_training(settings={"iterations": 4, "precision": "fp16"})
    skipped = [event.is_skipped for event in events_of(request) if isinstance(event, Step)]
    assert skipped[0]
    assert not all(skipped)


def test_pictures_without_objects_are_learnt_from(make_training):
    request = make_training(settings={"iterations": 2})
    document = json.loads(request.data.read_text())
    document["annotations"] = document["annotations"][:1]
    request.data.write_text(json.dumps(document))
    steps = [event for event in events_of(request) if isinstance(event, Step)]
    assert all(step.losses["class"] > 0 for step in steps)
