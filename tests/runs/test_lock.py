"""One process at a time writes a run."""

import os
import signal
import subprocess
import sys

import pytest

from yolact_cli.errors import OutputError, RunLockedError
from yolact_cli.runs.lock import locked

HOLD = """
import pathlib, sys, time
from yolact_cli.runs.lock import locked
with locked(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path):
    """Another process that holds the lock of ``tmp_path / "run"``."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "run")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_folder_is_made(tmp_path):
    with locked(tmp_path / "a" / "run"):
        assert (tmp_path / "a" / "run").is_dir()


def test_a_second_process_is_refused_and_told_the_first_ones_pid(tmp_path, holder):
    with pytest.raises(RunLockedError, match=rf"another process \(pid {holder.pid}\)"):
        locked(tmp_path / "run").__enter__()


def test_the_lock_dies_with_its_process(tmp_path, holder):
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with locked(tmp_path / "run"):
        assert (tmp_path / "run" / ".lock.pid").read_text() == str(os.getpid())


def test_the_same_process_is_refused_too(tmp_path):
    with locked(tmp_path), pytest.raises(RunLockedError):
        locked(tmp_path).__enter__()


def test_the_lock_is_free_again_after_an_error(tmp_path):
    with pytest.raises(ZeroDivisionError), locked(tmp_path):
        1 / 0  # noqa: B018
    with locked(tmp_path):
        pass


def test_a_missing_pid_is_left_out_of_the_sentence(tmp_path):
    with locked(tmp_path):
        (tmp_path / ".lock.pid").write_text("nonsense")
        with pytest.raises(RunLockedError, match="another process\\."):
            locked(tmp_path).__enter__()


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(OutputError, match="cannot be written"):
        locked(tmp_path / "run").__enter__()
