"""Frames come in order, whatever the pictures do to the workers."""

import contextlib
import dataclasses
import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import threading
import time
import types
from pathlib import Path

import numpy as np
import pytest
from torch.utils.data.dataloader import _MultiProcessingDataLoaderIter

from yolact_cli.errors import DiskFullError, InputError
from yolact_cli.sources import crew, worker
from yolact_cli.sources.budget import Admitted, Budget
from yolact_cli.sources.gate import BYTES_A_PIXEL
from yolact_cli.sources.loader import load_frames
from yolact_cli.sources.room import HeldFrames, Room
from yolact_cli.sources.worker import (
    BugInWorkerError,
    NoRoom,
    PreparedPictures,
    SpooledFrame,
    remove_spool,
)
from yolact_cli.structures import Failure, ListedPicture

PREPARERS = '''
import dataclasses, os, pathlib, signal, time
import numpy as np
from yolact_cli.errors import UnreadablePictureError
from yolact_cli.structures import Frame

@dataclasses.dataclass(frozen=True)
class Prepare:
    """Does to each picture what its name says, as far as the name begins with a known word."""
    folder: str = ""

    def __call__(self, picture, admit=None):
        word, _, value = picture.name.partition("-")
        if word == "large":
            admit((int(value), 1), "large")
        if value.startswith("after"):
            admit((int(value.removeprefix("after-")), 1), "dies")
        getattr(self, f"do_{word}", lambda value: None)(value)
        pixels = np.full((5, 5, 3), picture.picture_id, np.float32)
        preview = np.full((2, 3, 3), picture.picture_id, np.uint8) if word == "preview" else None
        return Frame(picture_id=picture.picture_id, name=picture.name, size_hw=(3, 4),
                     pixels=pixels, preview=preview)

    def do_sleep(self, value):
        time.sleep(float(value))

    def do_bad(self, value):
        raise UnreadablePictureError("broken.", remedy="Mend it.")

    def do_hungry(self, value):
        raise MemoryError

    def do_bug(self, value):
        raise {"runtime": RuntimeError, "key": KeyError}[value]("a bug of ours")

    def do_kill(self, value):
        os.kill(os.getpid(), signal.SIGKILL)

    def do_once(self, value):
        mark = pathlib.Path(self.folder, value)
        if not mark.exists():
            mark.touch()
            self.do_kill(value)

    def do_pid(self, value):
        pathlib.Path(self.folder, f"{os.getpid()}.pid").touch()

    def do_noise(self, value):
        os.write(2, b"a library complains")
'''


@pytest.fixture
def prepare(tmp_path, monkeypatch):
    """A preparer that workers can import, and which does what pictures' names say."""
    (tmp_path / "told_preparers.py").write_text(PREPARERS)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "told_preparers", raising=False)
    import told_preparers

    return told_preparers.Prepare(folder=str(tmp_path))


@pytest.fixture
def soon_noticed(monkeypatch):
    """Dead workers are looked for more often than torch's every five seconds."""
    monkeypatch.setattr(_MultiProcessingDataLoaderIter._try_get_data, "__defaults__", (0.3,))


def listed(*names: str) -> list[ListedPicture]:
    return [
        ListedPicture(picture_id=number, name=name, location="", size_bytes=0, mtime_ns=0)
        for number, name in enumerate(names, start=1)
    ]


def told(frames) -> list[str]:
    """Each result in short: its id, or its id and why it failed."""
    return [
        f"{frame.picture_id} {frame.error}" if isinstance(frame, Failure) else str(frame.picture_id)
        for frame in frames
    ]


@pytest.mark.parametrize("workers", [0, 2])
def test_frames_come_in_order_though_some_take_long(prepare, workers):
    pictures = listed("sleep-0.2", "a", "b", "sleep-0.1", "c", "d")
    assert told(load_frames(pictures, prepare, workers=workers)) == ["1", "2", "3", "4", "5", "6"]


@pytest.mark.parametrize("workers", [0, 1])
def test_a_frame_arrives_as_it_was_made(prepare, workers):
    plain, with_preview = load_frames(listed("a", "preview"), prepare, workers=workers)
    assert (plain.name, plain.size_hw, plain.preview) == ("a", (3, 4), None)
    np.testing.assert_array_equal(with_preview.pixels, np.full((5, 5, 3), 2, np.float32))
    np.testing.assert_array_equal(with_preview.preview, np.full((2, 3, 3), 2, np.uint8))


@pytest.mark.parametrize("workers", [0, 2])
def test_a_bad_picture_is_a_failure_in_its_place(prepare, workers):
    results = list(load_frames(listed("a", "bad", "hungry", "b"), prepare, workers=workers))
    assert told(results) == ["1", "2 UnreadablePictureError", "3 MemoryError", "4"]
    assert results[1].stage == "decode"
    assert results[1].message == "broken. Mend it."


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("kind", ["runtime", "key"])
def test_a_bug_is_raised_and_not_taken_for_a_dead_worker(prepare, workers, kind):
    with pytest.raises(Exception, match="a bug of ours"):
        list(load_frames(listed("a", f"bug-{kind}"), prepare, workers=workers))


@pytest.mark.parametrize("workers", [0, 1])
def test_no_pictures_give_no_frames(prepare, workers):
    assert list(load_frames([], prepare, workers=workers)) == []


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.slow), 2])
def test_a_picture_that_kills_its_worker_twice_fails_alone(prepare, soon_noticed, workers):
    pictures = listed("a", "b", "c", "kill", "d", "e", "f", "g")
    results = list(load_frames(pictures, prepare, workers=workers))
    assert told(results) == ["1", "2", "3", "4 WorkerDied", "5", "6", "7", "8"]
    assert "killed the worker process twice" in results[3].message


@pytest.mark.slow
def test_neighbours_that_kill_fail_each_by_itself(prepare, soon_noticed):
    results = told(load_frames(listed("kill", "kill", "a", "kill"), prepare, workers=2))
    assert results == ["1 WorkerDied", "2 WorkerDied", "3", "4 WorkerDied"]


def test_a_worker_that_dies_once_costs_no_picture(prepare, soon_noticed):
    pictures = listed("a", "once-x", "b", "once-y", "c")
    assert told(load_frames(pictures, prepare, workers=2)) == ["1", "2", "3", "4", "5"]


def test_pictures_are_drawn_as_they_are_needed(prepare):
    drawn = []

    def draw():
        for picture in listed(*"abcdefghijklmnopqrstuvwxyz"):
            drawn.append(picture)
            yield picture

    frames = load_frames(draw(), prepare, workers=1, prefetch=2)
    next(frames)
    frames.close()
    assert len(drawn) <= 4


def test_nothing_is_left_behind_when_closed_early(prepare, monkeypatch, tmp_path):
    spools = []

    def mkdtemp(**_):
        spools.append(tempfile.mkdtemp(dir=tmp_path))
        return spools[-1]

    # Of this module alone: the server that starts workers keeps its socket in a folder of the same
    # maker, and lives on after this test.
    monkeypatch.setattr(worker, "tempfile", types.SimpleNamespace(mkdtemp=mkdtemp))
    frames = load_frames(listed("a", "b", "c"), prepare, workers=1)
    next(frames)
    assert Path(spools[0]).is_dir()
    frames.close()
    assert not Path(spools[0]).exists()


def test_the_global_random_state_is_left_alone(prepare):
    import torch

    before = torch.get_rng_state()
    list(load_frames(listed("a"), prepare, workers=1))
    assert torch.equal(torch.get_rng_state(), before)


def test_libraries_in_workers_do_not_write_to_the_terminal(prepare, capfd):
    list(load_frames(listed("noise"), prepare, workers=1))
    assert capfd.readouterr().err == ""


def test_a_full_spool_is_told(monkeypatch, prepare):
    stream = crew.Crew._start
    monkeypatch.setattr(
        crew.Crew, "_start", lambda *args: (NoRoom(reason="/tmp: full") for _ in stream(*args))
    )
    with pytest.raises(DiskFullError, match="/tmp: full"):
        list(load_frames(listed("a"), prepare, workers=1))


def test_workers_that_never_come_up_are_told(monkeypatch, prepare):
    def start(self, pictures, budget, workers, prefetch):
        next(pictures)

        def results():
            raise RuntimeError("DataLoader worker exited unexpectedly")
            yield

        return results()

    monkeypatch.setattr(crew.Crew, "_start", start)
    with pytest.raises(InputError, match="die as they start"):
        list(load_frames(listed("a", "b"), prepare, workers=2))


@pytest.fixture
def small_room():
    """For decoding a million pixels at once."""
    return Room(total_bytes=4 * 1_000_000 * BYTES_A_PIXEL // 3)


def test_large_pictures_wait_for_one_another_and_all_come(prepare, small_room):
    names = ["large-900000", "a", "large-800000", "large-5000000", "b", "large-700000"] * 3
    results = told(load_frames(listed(*names), prepare, workers=3, room=small_room))
    assert results == [str(number) for number in range(1, 19)]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_picture_that_no_limit_leaves_room_for_fails_alone(prepare, small_room, workers):
    limit = dataclasses.replace(small_room, is_limit=True)
    pictures = listed("a", "large-1000001", "large-1000000")
    results = list(load_frames(pictures, prepare, workers=workers, room=limit))
    assert told(results) == ["1", "2 UnreadablePictureError", "3"]
    assert "takes about 11 MB" in results[1].message
    assert "--memory 14MB" in results[1].message


def test_frames_larger_than_the_room_come_all_the_same(prepare):
    pictures = listed(*["large-3"] * 6)
    room = Room(total_bytes=4, held=HeldFrames(count=3))
    frames = load_frames(pictures, prepare, workers=2, room=room)
    assert told(frames) == ["1", "2", "3", "4", "5", "6"]


def test_room_that_dead_workers_held_is_free_again(prepare, small_room, soon_noticed):
    names = ["large-900000", "kill-after-900000", "large-900000", "large-900000"]
    results = told(load_frames(listed(*names), prepare, workers=2, room=small_room))
    assert results == ["1", "2 WorkerDied", "3", "4"]


class Counted:
    """A budget that lets everybody in."""

    def __init__(self):
        self.left = []

    def enter(self, size_wh, name, *, bytes_a_pixel, picture_id):
        return Admitted(decoding_bytes=7, frame_bytes=2)

    def leave(self, admitted, *, frame_bytes):
        self.left.append((admitted.decoding_bytes, admitted.frame_bytes, frame_bytes))


def test_what_a_picture_took_up_is_given_back_whatever_becomes_of_it(prepare, tmp_path):
    budget = Counted()
    prepared = PreparedPictures(prepare, tmp_path, budget)
    large, bad, bug = listed("large-5", "bad", "bug-runtime")
    assert isinstance(prepared[large], SpooledFrame)
    assert isinstance(prepared[bad], Failure)
    with pytest.raises(BugInWorkerError):
        prepared[bug]
    assert budget.left == [(7, 2, 300), (0, 0, 0), (0, 0, 0)]  # 25 pixels of three floats


def test_frames_that_were_taken_make_room_for_others(prepare, monkeypatch):
    taken, take = [], Budget.take

    def noted(budget, frame_bytes):
        taken.append(frame_bytes)
        take(budget, frame_bytes)

    monkeypatch.setattr(Budget, "take", noted)
    assert len(list(load_frames(listed("a", "bad", "b"), prepare, workers=1))) == 3
    assert taken == [300, 0, 300]


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from told_preparers import Prepare
from yolact_cli.sources.loader import load_frames
from yolact_cli.structures import ListedPicture

def listed():
    for number in range(1, 1000):
        name = "pid" if number < 9 else "sleep-0.05"
        yield ListedPicture(picture_id=number, name=name, location="", size_bytes=0, mtime_ns=0)

if __name__ == "__main__":
    try:
        for frame in load_frames(listed(), Prepare(folder=sys.argv[1]), workers=2):
            print(frame.picture_id, flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@pytest.fixture
def running(prepare, tmp_path):
    """A process, in a group of its own, whose workers have all begun; and their ids."""
    (tmp_path / "script.py").write_text(textwrap.dedent(SCRIPT))
    command = [sys.executable, str(tmp_path / "script.py"), str(tmp_path)]
    working_folder = tmp_path / "work"
    working_folder.mkdir()
    (working_folder / "torch.py").write_text(f"open({str(tmp_path / 'was-run')!r}, 'w')")
    with subprocess.Popen(
        command,
        cwd=working_folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        for _ in range(12):
            process.stdout.readline()
        yield process, [int(path.stem) for path in tmp_path.glob("*.pid")]
        process.kill()


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc")
def test_workers_end_with_their_parent_and_run_no_code_of_the_working_folder(running, tmp_path):
    process, workers = running
    assert len(workers) == 2
    assert not (tmp_path / "was-run").exists()
    process.kill()
    deadline = time.monotonic() + 15
    while any(map(is_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(is_alive, workers))


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_ctrl_c_is_left_to_the_parent(running):
    process, _ = running
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert err == ""  # looked at first: it tells of an interruption that something swallowed
    assert out.endswith("interrupted\n")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_workers_work_on_after_a_signal_to_all(running):
    process, workers = running
    for pid in workers:
        os.kill(pid, signal.SIGTERM)
        os.kill(pid, signal.SIGINT)
    seen = [process.stdout.readline() for _ in range(30)]
    assert seen == [f"{number}\n" for number in range(13, 43)]
    assert all(map(is_alive, workers))


def test_a_folder_of_frames_that_is_still_written_into_goes_for_good(tmp_path):
    spool = tmp_path / "spool"
    spool.mkdir()
    is_filled = threading.Event()

    def write() -> None:
        with contextlib.suppress(FileNotFoundError):
            for number in range(20_000):
                (spool / str(number)).write_bytes(b"frame")
                if number == 200:
                    is_filled.set()

    writer = threading.Thread(target=write)
    writer.start()
    is_filled.wait()
    remove_spool(spool)
    writer.join()
    assert list(tmp_path.iterdir()) == []
