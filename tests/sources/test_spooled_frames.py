"""Frames on their way from a worker, through files."""

import mmap

import numpy as np
import pytest

from yolact_cli.sources import worker
from yolact_cli.structures import Frame


@pytest.fixture(params=["mapped", "read", "not to be mapped"])
def way(request, monkeypatch):
    """How a file becomes arrays."""
    if request.param == "read":
        monkeypatch.setattr(worker, "_MAPS", False)
    if request.param == "not to be mapped":

        def refuse(*_, **__):
            raise OSError("no such device")

        monkeypatch.setattr(mmap, "mmap", refuse)
    return request.param


def frame(pixels, preview):
    return Frame(picture_id=1, name="a.jpg", size_hw=(5, 7), pixels=pixels, preview=preview)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("has_preview", [True, False])
def test_a_frame_arrives_as_it_left(way, tmp_path, dtype, has_preview):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (6, 6, 3)).astype(dtype)
    preview = rng.integers(0, 256, (5, 7, 3)).astype(np.uint8)[:, ::-1] if has_preview else None
    sent = frame(pixels, preview)
    spooled = worker._spooled(sent, tmp_path / "1")
    assert spooled.frame.pixels.size == 0
    assert spooled.size_bytes == (tmp_path / "1").stat().st_size
    arrived = spooled.take()
    assert not (tmp_path / "1").exists()
    assert arrived.pixels.dtype == dtype
    np.testing.assert_array_equal(arrived.pixels, pixels)
    if preview is None:
        assert arrived.preview is None
    else:
        np.testing.assert_array_equal(arrived.preview, preview)
        arrived.preview[:] = 0  # overlays are drawn on it
        np.testing.assert_array_equal(arrived.pixels, pixels)


def test_a_file_that_is_cut_off_is_no_frame(way, tmp_path):
    spooled = worker._spooled(frame(np.ones((6, 6, 3), np.uint8), None), tmp_path / "1")
    (tmp_path / "1").write_bytes(b"12345")
    with pytest.raises((ValueError, TypeError)):
        spooled.take()
