"""Signals: the first asks, the second ends; and what real processes leave behind."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from yolact_cli.cli.interruption import Interruption
from yolact_cli.cli.main import main

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals")

SLOW = """
import time
from yolact_cli.runs.journal import Journal
append = Journal.append
def slow_append(journal, records):
    append(journal, records)
    time.sleep(0.3)
Journal.append = slow_append
from yolact_cli.cli.main import run
run()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_first_signal_is_noted(number) -> None:
    with Interruption() as interruption:
        signal.raise_signal(number)
        assert interruption
    assert interruption.exit_code == 128 + number


def test_second_signal_ends_the_process() -> None:
    with Interruption():
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(SystemExit) as ending:
            signal.raise_signal(signal.SIGTERM)
    assert ending.value.code == 143


def test_handlers_are_given_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with Interruption():
        pass
    assert signal.getsignal(signal.SIGINT) is before


@pytest.fixture
def command(tiny_model, make_photos):
    photos = make_photos(*(f"{number:02d}.png" for number in range(12)))

    def build(output: Path) -> list[str]:
        fixed = ["annotate", photos, "-o", output, "--model", tiny_model, "--device", "cpu"]
        quick = ["--workers", 0, "--max-detections", 3, "--write", "coco", "--batch-size", 2]
        return list(map(str, [*fixed, *quick]))

    return build


@pytest.fixture
def start_slowly(command):
    """Start the command in a process of its own, and wait until two batches are done."""
    started = []

    def start(output: Path) -> subprocess.Popen:
        process = subprocess.Popen([sys.executable, "-c", SLOW, *command(output)])
        started.append(process)
        journal = output / "journal/0-000000.jsonl"
        while process.poll() is None and _lines(journal) < 4:
            time.sleep(0.02)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def _resumed_equals_whole(command, output: Path, tmp_path: Path) -> bool:
    assert 0 < _lines(output / "journal/0-000000.jsonl") < 12
    assert not (output / "annotations.json").exists()
    assert main(command(output)) == 0
    assert main(command(tmp_path / "whole")) == 0
    whole = (tmp_path / "whole/annotations.json").read_bytes()
    return (output / "annotations.json").read_bytes() == whole


def test_killed_process_resumes_to_the_same_bytes(command, start_slowly, tmp_path) -> None:
    process = start_slowly(tmp_path / "run")
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert _resumed_equals_whole(command, tmp_path / "run", tmp_path)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_signalled_process_finishes_its_batch(
    command, start_slowly, tmp_path, number, code
) -> None:
    process = start_slowly(tmp_path / "run")
    process.send_signal(number)
    assert process.wait(timeout=60) == code
    assert _lines(tmp_path / "run/journal/0-000000.jsonl") % 2 == 0
    assert _resumed_equals_whole(command, tmp_path / "run", tmp_path)


def test_second_process_is_refused_while_the_first_runs(
    command, start_slowly, tmp_path, capsys
) -> None:
    start_slowly(tmp_path / "run")
    assert main(command(tmp_path / "run")) == 1
    assert "being written by another process" in capsys.readouterr().err
