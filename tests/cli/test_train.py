"""``yolact train`` as users meet it: refusals in sentences, signals, a result that annotates."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors.torch import load_file

from yolact_cli.cli.main import main

QUICK = ("--batch-size", 2, "--sizes", 64, "--optimizer", "adamw", "--warmup", 1)


@pytest.fixture
def data(tmp_path: Path, make_coco_set) -> Path:
    return make_coco_set(tmp_path / "data", 6)


@pytest.fixture
def command(tmp_path: Path, data: Path, tiny_model: Path) -> Callable[..., list[str]]:
    """``command(*options, output=)``: a training of a small network on six pictures."""

    def build(*options, output: str = "out", workers: int = 0) -> list[str]:
        fixed = ["train", data, "--images", data.parent / "images", "--model", tiny_model]
        placed = ["--output", tmp_path / output, "--name", "made", "--device", "cpu"]
        return [*map(str, [*fixed, *placed, *QUICK, "--workers", workers, *options])]

    return build


@pytest.fixture
def change(data: Path) -> Callable[[Callable[[dict], object]], None]:
    """``change(function)``: apply it to the parsed labels, and write them back."""

    def apply(function: Callable[[dict], object]) -> None:
        document = json.loads(data.read_text())
        function(document)
        data.write_text(json.dumps(document))

    return apply


BROKEN_RLE = {"size": [64, 80], "counts": [1, 2, 3]}


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        pytest.param(
            lambda d: d["images"][0].update(file_name="gone.png"),
            "gone.png is not in",
            id="picture",
        ),
        pytest.param(lambda d: d["categories"][0].pop("name"), "category 7", id="unnamed"),
        pytest.param(
            lambda d: d["annotations"][0].update(bbox=[0, 0, 90, 9]), "10.0 px out", id="outside"
        ),
        pytest.param(
            lambda d: d["annotations"][0]["bbox"].__setitem__(0, float("nan")),
            "annotation 1",
            id="nan",
        ),
        pytest.param(
            lambda d: d["annotations"][0].update(segmentation=BROKEN_RLE), "annotation 1", id="rle"
        ),
        pytest.param(
            lambda d: d.update(images=[], annotations=[]), "the set has no pictures", id="empty"
        ),
    ],
)
def test_bad_data_is_refused_before_anything_is_done(
    command, change, tmp_path, capsys, damage, told
):
    change(damage)
    assert main(command()) == 1
    assert told in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_the_first_twenty_problems_are_told_at_once(command, change, capsys):
    def repeat_badly(document):
        bad = {**document["annotations"][0], "bbox": [0, 0, 500, 9]}
        document["annotations"] = [{**bad, "id": number} for number in range(25)]

    change(repeat_badly)
    assert main(command()) == 1
    told = capsys.readouterr().err
    assert told.count("  - ") == 20
    assert "and 5 more" in told


def test_a_training_ends_in_a_model_that_annotates(command, data, tmp_path, capsys):
    options = ("--iterations", 2, "--val", data, "--sizes", "64,96", "--json")
    assert main(command(*options)) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["iterations"] == result["validated_iteration"] == 2
    assert 0 <= result["mask_ap50"] <= 1
    pictures, run = data.parent / "images", tmp_path / "run"
    given = ["annotate", pictures, "-o", run, "-m", result["card"], "--score-threshold", 0.01]
    rest = ["--write", "coco", "--workers", 0, "--device", "cpu", "--max-detections", 3]
    assert main([*map(str, given + rest)]) == 0
    document = json.loads((run / "annotations.json").read_text())
    assert {one["id"] for one in document["categories"]} == {7, 90}


def test_a_finished_training_says_so(command, capsys):
    assert main(command("--iterations", 1)) == 0
    assert main(command("--iterations", 1)) == 1
    assert "Give --resume" in capsys.readouterr().err
    assert main(command("--iterations", 1, "--resume")) == 0
    told = capsys.readouterr().err
    assert "The training is finished: 1 iterations were done." in told
    assert "--model" in told


@pytest.mark.parametrize("name", ["made.toml", "made.safetensors"])
def test_a_model_that_stands_in_the_folder_is_never_replaced(command, tmp_path, capsys, name):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"an older model")
    assert main(command("--iterations", 1)) == 1
    assert f"{name}, which the result would replace" in " ".join(capsys.readouterr().err.split())
    assert (tmp_path / "out" / name).read_bytes() == b"an older model"


def test_there_must_be_a_training_to_resume(command, capsys):
    assert main(command("--resume")) == 1
    assert "holds no training to resume" in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    "options",
    [("--sizes", "64,x"), ("--sizes", "32"), ("--seed", "-1"), ("--iterations", "0")],
)
def test_senseless_values_are_wrong_usage(command, options, capsys):
    assert main(command(*options)) == 2
    assert options[0] in capsys.readouterr().err


SLOW_STEPS = """
import time
from yolact_cli.training import loop
update = loop._update
def slow_update(*arguments):
    time.sleep(0.05)
    return update(*arguments)
loop._update = slow_update
from yolact_cli.cli.main import run
run()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(
    ("number", "code", "workers"),
    [
        pytest.param(signal.SIGINT, 130, 1, marks=pytest.mark.slow),
        (signal.SIGTERM, 143, 0),
    ],
)
def test_a_signal_stops_between_iterations_and_loses_none(command, tmp_path, number, code, workers):
    options = ("--iterations", 40)
    given = command(*options, workers=workers)
    with subprocess.Popen(
        [sys.executable, "-c", SLOW_STEPS, *given], stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        metrics = tmp_path / "out" / "metrics.jsonl"
        while process.poll() is None and not metrics.exists():
            time.sleep(0.05)
        os.killpg(process.pid, number)  # as from a terminal: workers hear it too
        told = process.stderr.read().decode()
        assert process.wait(timeout=60) == code
    assert "Go on with the same command and --resume" in told
    assert "Traceback" not in told
    assert main(command(*options, "--resume")) == 0
    assert main(command(*options, output="whole")) == 0
    found, expected = (load_file(tmp_path / o / "state.safetensors") for o in ("out", "whole"))
    assert all((found[name] == value).all() for name, value in expected.items())
    lines = metrics.read_text().splitlines()
    assert [json.loads(line)["iteration"] for line in lines] == [20, 40]
