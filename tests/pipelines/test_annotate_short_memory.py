"""What a run does when memory is short."""

import json
import subprocess
import sys
import threading
import time

import cv2
import numpy as np
import psutil
import pytest
import torch

from yolact_cli.errors import SettingsError
from yolact_cli.inference.runtimes.torch_runtime import TorchRuntime
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_events import BatchShrunk

MIB = 1 << 20
LARGE_HW = (3000, 4000)
PROGRAM_BYTES = 400_000_000
"""Of five interpreters with torch, most of it shared."""


@pytest.fixture(params=["GPU", "processor"])
def no_room_for_two(request, monkeypatch):
    """A device that a single picture fits into."""
    forward = TorchRuntime._forward

    def limited(runtime, pixels):
        if len(pixels) > 1 and request.param == "GPU":
            raise torch.OutOfMemoryError("no room")
        if len(pixels) > 1:
            torch.empty(1 << 55)
        return forward(runtime, pixels)

    monkeypatch.setattr(TorchRuntime, "_forward", limited)


def manifest_of(request):
    return json.loads((request.output / "manifest.json").read_bytes())


def test_batches_that_do_not_fit_are_halved_told_and_recorded(
    make_photos, make_request, no_room_for_two
):
    request = make_request(
        make_photos("a.png", "b.png", "c.png"), batch_size=4, labels={"runtime": "torch"}
    )
    shrunk = [event for event in annotate(request) if isinstance(event, BatchShrunk)]
    assert [one.largest_batch for one in shrunk] == [1]
    assert manifest_of(request)["counts"]["pictures"] == 3
    assert manifest_of(request)["settings"]["largest_batch"] == 1


def test_a_resumed_run_goes_on_with_batches_halved_before_and_tells_it(
    make_photos, make_request, no_room_for_two, monkeypatch
):
    photos = make_photos(*(f"{letter}.png" for letter in "abcd"))
    request = make_request(photos, batch_size=2, labels={"runtime": "torch"})
    stopped = iter([True])
    list(annotate(request, should_stop=lambda: next(stopped)))
    monkeypatch.undo()
    forward, sizes = TorchRuntime._forward, set()

    def noted(runtime, pixels):
        sizes.add(len(pixels))
        return forward(runtime, pixels)

    monkeypatch.setattr(TorchRuntime, "_forward", noted)
    list(annotate(request))
    assert sizes == {1}
    assert manifest_of(request)["settings"]["largest_batch"] == 1


def test_batches_that_fit_are_not_spoken_of(make_photos, make_request):
    request = make_request(make_photos("a.png"))
    assert not [event for event in annotate(request) if isinstance(event, BatchShrunk)]
    assert manifest_of(request)["settings"]["largest_batch"] is None


@pytest.mark.parametrize("workers", [0, 1])
def test_a_picture_too_large_for_the_memory_given_fails_and_the_others_do_not(
    make_photos, make_request, workers
):
    photos = make_photos("a.png", "c.png")
    cv2.imwrite(str(photos / "b.png"), np.zeros((2000, 5000), np.uint8))
    request = make_request(photos, memory_bytes=100_000_000, workers=workers)
    list(annotate(request))
    assert manifest_of(request)["counts"]["failures"] == 1
    failures = (request.output / "failures.csv").read_text()
    assert "5000x2000" in failures
    assert "--memory 134MB" in failures


def test_frames_of_a_batch_that_do_not_fit_beside_decoding_fail_their_pictures_alone(
    make_photos, make_request
):
    """Previews as large as the pictures: eight of 18 MB are too many, four are not."""
    photos = make_photos("a.png", "c.png")
    cv2.imwrite(str(photos / "b.png"), np.zeros((2000, 3000), np.uint8))
    whole = {"write": ("coco", "overlay"), "overlay_max_px": 0, "overwrite": True}
    request = make_request(photos, memory_bytes=180_000_000, batch_size=4, **whole)
    list(annotate(request))
    assert manifest_of(request)["counts"]["failures"] == 1
    assert "--overlay-size" in (request.output / "failures.csv").read_text()

    request = make_request(photos, memory_bytes=180_000_000, batch_size=2, **whole)
    list(annotate(request))
    assert manifest_of(request)["counts"]["failures"] == 0


def test_memory_that_no_picture_fits_into_is_refused_before_anything_is_done(
    make_photos, make_request
):
    request = make_request(make_photos("a.png"), memory_bytes=MIB, batch_size=64)
    with pytest.raises(SettingsError, match="128 pictures"):
        next(annotate(request))
    assert not request.output.exists()


def test_memory_given_changes_no_label(make_photos, make_request, run):
    photos = make_photos(*(f"{letter}.png" for letter in "abcde"))
    plain = run(photos)
    little = run(photos, memory_bytes=MIB, workers=2, overwrite=True)
    assert little == plain


@pytest.fixture
def peak_of_workers(tmp_path, tiny_model):
    """``peak_of_workers(*options)``: bytes that four decoding processes hold at a time, at most,
    and those in files on their way to the network.
    """  # fmt: skip
    photos = tmp_path / "photos"
    photos.mkdir()
    small = np.random.default_rng(0).integers(0, 255, (30, 40, 3), np.uint8)
    is_encoded, data = cv2.imencode(".jpg", cv2.resize(small, LARGE_HW[::-1]))
    assert is_encoded
    for number in range(32):
        (photos / f"{number:02d}.jpg").write_bytes(data.tobytes())

    def measure(*options):
        run = ["annotate", str(photos), "-o", str(tmp_path / "run"), "--model", str(tiny_model)]
        quick = ["--max-detections", "1", "--workers", "4", "--device", "cpu", "--overwrite"]
        whole = ["--overlay-size", "0", "--batch-size", "1", "--runtime", "torch", "--json"]
        command = [sys.executable, "-m", "yolact_cli", *run, *quick, *whole, *options]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            peak = _Peak(process.pid)
            thread = threading.Thread(target=peak.watch)
            thread.start()
            out, err = process.communicate()
            peak.is_over = True
            thread.join()
        assert process.returncode == 0, err.decode()
        return peak.most_bytes, json.loads(out)["counts"]

    return measure


class _Peak:
    """Of a process's descendants, each page once, and what lies in memory's own file system."""

    def __init__(self, pid):
        self.is_over, self.most_bytes, self._pid = False, 0, pid
        self._before = psutil.disk_usage("/dev/shm").used

    def watch(self):
        while not self.is_over:
            files = psutil.disk_usage("/dev/shm").used - self._before
            self.most_bytes = max(self.most_bytes, files + self._held())
            time.sleep(0.01)

    def _held(self):
        total = 0
        try:
            for child in psutil.Process(self._pid).children(recursive=True):
                total += child.memory_full_info().pss
        except psutil.Error:
            pass
        return total


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /dev/shm")
def test_pictures_on_their_way_stay_within_the_memory_given(peak_of_workers):
    large, counts = peak_of_workers("--memory", "4GiB")
    small, counts_of_small = peak_of_workers("--memory", "400MB")
    print(f"\npeak of four workers: {small / 1e6:.0f} MB of 400 MB, {large / 1e6:.0f} MB of 4 GiB")
    assert counts == counts_of_small
    assert counts["failures"] == 0
    assert small < 400_000_000 + PROGRAM_BYTES
    assert large > small + 100_000_000
