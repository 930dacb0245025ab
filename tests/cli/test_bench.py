"""The bench command: its tables, JSON and picture, exit codes, and what it refuses."""

import dataclasses
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

import cv2
import numpy as np
import pytest

from yolact_cli.cli import bench_words
from yolact_cli.cli.main import main
from yolact_cli.errors import DiskFullError
from yolact_cli.inference.runtimes.installed import is_installed
from yolact_cli.pipelines import bench as bench_pipeline
from yolact_cli.pipelines import bench_arithmetic, runtime_choice
from yolact_cli.pipelines.bench_timing import Spread, StageTimes
from yolact_cli.pipelines.model import ready_model

STEPS = ["decode", "preprocess", "network", "NMS", "masks", "RLE", "journal"]


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Two pictures, and a file that is none."""
    folder = tmp_path_factory.mktemp("photos")
    for seed, name in enumerate(("a.png", "b.png")):
        pixels = np.random.default_rng(seed).integers(0, 255, (60, 80, 3), np.uint8)
        cv2.imwrite(str(folder / name), pixels)
    (folder / "c.png").write_bytes(b"no picture")
    return folder


@pytest.fixture(scope="module")
def fixed(tiny_model):
    """The options of all these measurements."""
    few = ["--pictures", 4, "--batch-size", 2, "--write", "coco,masks"]
    return ["--model", tiny_model, "--device", "cpu", "--runtime", "torch", *few]


@pytest.fixture(scope="module")
def bench(fixed, photos, tmp_path_factory):
    """Run the command in this process: ``bench(*options)`` gives its code, stdout and stderr."""
    scratch = tmp_path_factory.mktemp("scratch")

    def run(*arguments: object, sources=(photos,), workers=0) -> tuple[int, str, str]:
        options = [*sources, *fixed, "--workers", workers, *arguments]
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(bench_arithmetic, "_SIDES", (64,))
            patch.setattr(bench_arithmetic, "_LONGER_S", 0.0)
            patch.setattr(tempfile, "tempdir", str(scratch))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            code = main(["bench", *map(str, options)])
        assert list(scratch.glob("yolact*")) == []
        return code, out.getvalue(), err.getvalue()

    return run


@pytest.fixture(scope="module")
def chart(tmp_path_factory):
    return tmp_path_factory.mktemp("charts") / "times.svg"


@pytest.fixture(scope="module")
def shown(bench, chart):
    """What is shown of a measurement with a chart."""
    return bench("--chart", chart)


def test_every_step_and_the_whole_are_shown(shown):
    _, out, _ = shown
    names = [line.split("  ")[0].strip() for line in out.splitlines()]
    for name in (*STEPS, "write masks", "write coco", "a picture, mean"):
        assert name in names, name
    for words in ("pictures/s", "times the network alone", "MB", "GFLOP/s", "torch", "fp32"):
        assert words in out
    assert "█" in out or "#" in out


def test_a_picture_that_cannot_be_read_is_told_and_counted(shown):
    code, _, err = shown
    assert code == 3
    assert "c.png" in err
    assert "Left out: 1 picture that cannot be read." in err


def test_the_chart_has_every_step(shown, chart):
    texts = {one.text for one in ElementTree.parse(chart).iter() if one.text}
    assert {*STEPS, "write masks", "write coco"} <= texts
    assert "times.svg" in shown[2]


def test_json_is_one_document_on_stdout(bench, photos):
    code, out, _ = bench("--json", sources=(photos / "a.png",), workers=1)
    document = json.loads(out)
    assert code == 0
    assert [stage["name"] for stage in document["stages"]] == [
        *("decode", "preprocess", "network", "nms", "masks", "rle", "write masks", "journal"),
        "write coco",
    ]
    shares = [stage["share_percent"] for stage in document["stages"]]
    assert sum(shares) == pytest.approx(100, abs=0.1)
    assert document["whole"]["pictures"] == 2
    assert document["whole"]["pictures_per_s"] > 0
    assert document["settings"]["batch_size"] == 2
    assert document["arithmetic"]["share_of_peak_percent"] > 0
    if sys.platform == "linux":
        assert document["memory"]["decoders_seen"] == 1
        assert document["memory"]["largest_decoder_peak_bytes"] > 10_000_000


def test_made_up_pictures_are_said_to_be_and_a_chart_is_replaced_when_told(bench, tmp_path):
    old = tmp_path / "times.svg"
    old.write_text("old")
    code, out, err = bench("--chart", old, "--overwrite", sources=())
    assert code == 0
    assert "the pictures are made up" in err
    assert "made-up pictures" in out
    assert old.read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("times.png", 2, "It is an SVG"), ("there.svg", 1, "there.svg is there already")],
)
def test_a_chart_that_cannot_be_is_told_before_anything_is_measured(
    bench, tmp_path, name, code, words
):
    (tmp_path / "there.svg").write_text("mine")
    found, out, err = bench("--chart", tmp_path / name)
    assert (found, out) == (code, "")
    assert words in err
    assert (tmp_path / "there.svg").read_text() == "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("folder", ["/dev/null/x", "/proc/x"])
def test_a_place_that_takes_no_chart_is_told_before_anything_is_measured(bench, folder):
    code, out, err = bench("--chart", f"{folder}/times.svg")
    assert (code, out) == (1, "")
    assert f"{folder}: cannot be written" in err


def test_a_chart_that_fails_at_the_end_does_not_cost_the_measurement(bench, tmp_path, monkeypatch):
    def refuse(report):
        raise DiskFullError("times.svg: no space left.")

    monkeypatch.setattr(bench_words, "chart_svg", refuse)
    code, out, err = bench("--chart", tmp_path / "times.svg", "--json")
    assert code == 1
    assert json.loads(out)["whole"]["pictures_per_s"] > 0
    assert "no space left" in err


@pytest.mark.skipif(not is_installed("openvino"), reason="needs openvino")
@pytest.mark.parametrize(("is_elsewhere", "where"), [(True, "intel-gpu"), (False, "cpu")])
def test_runtimes_on_two_devices_are_told_to_be(bench, monkeypatch, is_elsewhere, where):
    choose = bench_pipeline.choose_runtime

    def choose_other_device(card, settings, *, device):
        choice = choose(card, settings, device=device)
        is_second = choice.runtime == "openvino"
        return dataclasses.replace(choice, device=where) if is_second else choice

    def ready_on_cpu(model, settings, *, device):
        return ready_model(model, settings, device="cpu")

    monkeypatch.setattr(bench_pipeline, "choose_runtime", choose_other_device)
    monkeypatch.setattr(bench_pipeline, "ready_model", ready_on_cpu)
    _, out, err = bench("--against", "openvino", "--rounds", 2)
    rows = [line for line in out.splitlines() if "ms a picture" in line]
    assert " on cpu " in rows[0]
    assert f" on {where} " in rows[1]
    assert ("their times compare the devices too" in " ".join(err.split())) is is_elsewhere


def test_a_source_that_is_not_there_is_told(bench, tmp_path):
    code, out, err = bench(sources=(tmp_path / "nowhere",))
    assert (code, out) == (1, "")
    assert "nowhere" in err


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--against", "tensorflow"], "is not one of"),
        (["--write", "frames"], "'frames' is not one of"),
        (["--pictures", "3"], "less than two batches of 2"),
        (["--against", "torch"], "Both runtimes are torch"),
    ],
)
def test_settings_that_make_no_sense_are_wrong_usage(bench, options, words):
    code, _, err = bench(*options)
    assert code == 2
    assert words in " ".join(err.split())


def test_a_runtime_that_is_not_installed_is_told_with_the_command(bench, monkeypatch):
    def absent(module, *, what_for):
        from yolact_cli.inference.runtimes import installed

        monkeypatch.setattr(installed, "is_installed", lambda _: False)
        installed.require(module, what_for=what_for)

    monkeypatch.setattr(runtime_choice, "require", absent)
    code, _, err = bench("--against", "onnx")
    assert code == 2
    assert "pip install onnxruntime" in err


def test_settings_may_stand_in_a_file(bench, tmp_path):
    (tmp_path / "settings.toml").write_text("[bench]\nrounds = 'many'\n")
    code, _, err = bench("--config", tmp_path / "settings.toml")
    assert code == 2
    assert "'many' is not a valid integer range" in err


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_measurement_that_is_ended_leaves_nothing(fixed, photos, tmp_path, number, code):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    arguments = ["bench", photos, *fixed, "--pictures", 100_000, "--workers", 1]
    process = subprocess.Popen(
        [sys.executable, "-m", "yolact_cli", *map(str, arguments)],
        env={**os.environ, "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    while process.poll() is None and not any(scratch.glob("*/pictures")):
        time.sleep(0.05)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, b"")
    assert b"Traceback" not in err
    assert list(scratch.glob("yolact*")) == []


def test_help_loads_no_library_that_measures():
    code = (
        "import sys; from yolact_cli.cli.main import main; main(['bench', '--help']);"
        "print(sorted({'torch', 'numpy', 'cv2', 'rich'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "--against" in done.stdout
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_table_of_steps_fits_on_eighty_columns(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    longest = StageTimes(
        name="write coco-panoptic",
        wall_ms=Spread(median=99.994, p10=99.99, p90=99.99, mean=99.99),
        core_ms=Spread(median=99.99, p10=99.99, p90=99.99, mean=99.99),
        samples=3,
    )
    bench_words.show_stages([(longest, 0.999)])
    out = capsys.readouterr().out
    assert "99.99 to 99.99" in out
    assert "wall ms:" not in out  # which blocks would have
