"""How many frames of a video are decoded ahead within the memory given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.errors import UnreadableVideoError
from yolact_cli.sources.video_room import frames_ahead

HD = (1080, 1920)
HD_BYTES = 1080 * 1920 * 3


def test_without_a_limit_there_are_as_many_as_are_wanted():
    assert frames_ahead((4320, 7680), None, in_hand=22, most=4, name="a.mp4") == 4


@pytest.mark.parametrize(("frames", "ahead"), [(10, 1), (11, 2), (13, 4), (14, 4), (1000, 4)])
def test_as_many_wait_as_fit_beside_those_in_hand(frames, ahead):
    assert frames_ahead(HD, frames * HD_BYTES, in_hand=8, most=4, name="a.mp4") == ahead


def test_a_video_of_which_too_few_frames_fit_is_refused_with_what_would_do():
    with pytest.raises(UnreadableVideoError) as raised:
        frames_ahead(HD, 10 * HD_BYTES - 1, in_hand=8, most=4, name="a.mp4")
    assert "a.mp4: of its frames of 1920x1080 pixels 10 are held at a time, 63 MB" in str(
        raised.value
    )
    assert frames_ahead(HD, 63_000_000, in_hand=8, most=4, name="a.mp4") == 1


@given(
    size_hw=st.tuples(st.integers(1, 5000), st.integers(1, 5000)),
    memory_bytes=st.integers(1, 1 << 33),
    in_hand=st.integers(1, 200),
    most=st.integers(1, 8),
)
def test_all_that_is_held_fits_or_the_video_is_refused(size_hw, memory_bytes, in_hand, most):
    frame_bytes = 3 * size_hw[0] * size_hw[1]
    try:
        ahead = frames_ahead(size_hw, memory_bytes, in_hand=in_hand, most=most, name="a")
    except UnreadableVideoError:
        assert (in_hand + 2) * frame_bytes > memory_bytes
    else:
        assert 1 <= ahead <= most
        assert (in_hand + 1 + ahead) * frame_bytes <= memory_bytes
