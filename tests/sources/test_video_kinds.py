"""Videos by their names, streams by their addresses."""

import pytest

from yolact_cli.sources.discover import EXTENSIONS
from yolact_cli.sources.video_kinds import VIDEO_EXTENSIONS, is_stream_address, is_video_name


@pytest.mark.parametrize("name", ["a.mp4", "b/c.MOV", "a.b.mkv", "GX01.M2TS", "a.webm", "a.ogv"])
def test_videos_are_known_by_their_endings(name):
    assert is_video_name(name)


@pytest.mark.parametrize("name", ["a.gif", "a.jpg", "mp4", ".mp4", "a.mp4.part", "a.txt", ""])
def test_other_files_are_not(name):
    assert not is_video_name(name)


def test_no_name_is_both_picture_and_video():
    assert EXTENSIONS.isdisjoint(VIDEO_EXTENSIONS)


@pytest.mark.parametrize("text", ["rtsp://camera:554/1", "RTSPS://c/1", "https://h/a.mp4"])
def test_addresses_are_known_by_their_scheme(text):
    assert is_stream_address(text)


@pytest.mark.parametrize("text", ["a.mp4", "C:\\a.mp4", "rtsp:", "rtsp://", "file:///a.mp4", ""])
def test_paths_are_no_addresses(text):
    assert not is_stream_address(text)
