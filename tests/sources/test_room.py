"""How much memory pictures on their way may take."""

import pytest

from yolact_cli.errors import SettingsError, UnreadablePictureError
from yolact_cli.sources.gate import WIDE_BYTES_A_PIXEL
from yolact_cli.sources.room import (
    LEAST_BYTES,
    MOST_BYTES,
    HeldFrames,
    Room,
    room_of,
    suiting_room,
)


@pytest.mark.parametrize(
    ("free", "total"), [(1 << 20, LEAST_BYTES), (8 << 30, 2 << 30), (1 << 40, MOST_BYTES)]
)
def test_a_quarter_of_it_suits_within_reason(machine, free, total):
    machine(free)
    assert suiting_room() == Room(total_bytes=total)


def test_parts_come_to_all_of_it():
    whole = Room(total_bytes=1003)
    assert whole.ahead_bytes + whole.working_bytes == 1003


def test_only_a_limit_refuses_pictures():
    Room(total_bytes=1000).check((1000, 1000), "a.png")
    Room(total_bytes=13_333_334, is_limit=True).check((1000, 1000), "a.png")
    with pytest.raises(UnreadablePictureError, match=r"a.png.*1000x1000.*--memory 14MB"):
        Room(total_bytes=13_333_000, is_limit=True).check((1000, 1000), "a.png")


def test_deep_pictures_need_more():
    limit = Room(total_bytes=20_000_000, is_limit=True)
    limit.check((1000, 1000), "a.png")
    with pytest.raises(UnreadablePictureError):
        limit.check((1000, 1000), "a.png", bytes_a_pixel=WIDE_BYTES_A_PIXEL)


def test_frames_held_beside_a_picture_count():
    """Eight of 3 MB beside 10 MB for decoding: what is asked for suffices, and less does not."""
    held = HeldFrames(count=8, preview_max_px=0)
    with pytest.raises(UnreadablePictureError, match=r"8 frames.*24 MB.*--batch-size.*46MB"):
        Room(total_bytes=45_000_000, is_limit=True, held=held).check((1000, 1000), "a.png")
    Room(total_bytes=46_000_000, is_limit=True, held=held).check((1000, 1000), "a.png")


@pytest.mark.parametrize(
    ("max_px", "size_wh", "preview_bytes"),
    [(None, (90, 40), 0), (0, (90, 40), 10_800), (50, (90, 40), 7500), (50, (9, 40), 1080)],
    ids=["none", "whole", "shrunk", "small"],
)
def test_frame_takes_its_preview_and_what_the_network_gets(max_px, size_wh, preview_bytes):
    held = HeldFrames(input_bytes=7, preview_max_px=max_px)
    assert held.frame_bytes(size_wh) == 7 + preview_bytes


def test_limit_that_no_picture_fits_into_is_refused():
    held = HeldFrames(count=32, input_bytes=1_000_000)
    with pytest.raises(SettingsError) as caught:
        room_of(43_000_000, held)
    assert "32 pictures" in caught.value.sentence
    assert "--batch-size" in caught.value.remedy
    assert "--memory 45MB" in caught.value.remedy
    assert room_of(45_000_000, held).is_limit
