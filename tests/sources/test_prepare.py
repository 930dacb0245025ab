"""A listed picture becomes a frame."""

import pickle

import cv2
import numpy as np
import pytest

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.sources.decode import DecodeSettings
from yolact_cli.sources.prepare import FramePreparer, shrink
from yolact_cli.structures import ListedPicture


def halved(picture: np.ndarray) -> np.ndarray:
    return cv2.resize(picture, (8, 8))


@pytest.fixture
def listed(tmp_path, make_picture, encode) -> ListedPicture:
    location = tmp_path / "x.png"
    location.write_bytes(encode(make_picture(30, 50), "PNG"))
    return ListedPicture(
        picture_id=7, name="a/x.png", location=str(location), size_bytes=0, mtime_ns=0
    )


def test_a_frame_has_the_pictures_size_and_the_resized_pixels(listed, make_picture):
    frame = FramePreparer(resize=halved)(listed)
    assert (frame.picture_id, frame.name, frame.size_hw) == (7, "a/x.png", (30, 50))
    np.testing.assert_array_equal(frame.pixels, halved(make_picture(30, 50)))
    assert frame.preview is None


@pytest.mark.parametrize(
    ("max_px", "shape"), [(0, (30, 50, 3)), (25, (15, 25, 3)), (60, (30, 50, 3))]
)
def test_a_preview_is_made_on_request(listed, max_px, shape):
    assert FramePreparer(resize=halved, preview_max_px=max_px)(listed).preview.shape == shape


def test_what_frames_take_in_memory_is_known_before_there_is_one(listed):
    preparer = FramePreparer(resize=halved, preview_max_px=25)
    frame = preparer(listed)
    held = preparer.held(3)
    assert held.count == 3
    taken_bytes = frame.pixels.nbytes + frame.preview.nbytes
    assert taken_bytes <= held.frame_bytes((50, 30)) <= frame.pixels.nbytes + 3 * 25 * 25


def test_a_sliver_shrinks_to_one_pixel_at_least():
    assert shrink(np.zeros((1, 1000, 3), np.uint8), 100).shape == (1, 100, 3)


def test_an_unreadable_picture_is_called_by_its_name_in_the_run(listed):
    preparer = FramePreparer(resize=halved, decode=DecodeSettings(max_pixels=10))
    with pytest.raises(UnreadablePictureError, match=r"^a/x\.png: 50x30"):
        preparer(listed)


def test_a_preparer_travels_to_other_processes():
    preparer = FramePreparer(resize=np.asarray, decode=DecodeSettings(bit_depth=12))
    assert pickle.loads(pickle.dumps(preparer)) == preparer
