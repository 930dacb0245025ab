"""Overlay videos in a browser."""

from fractions import Fraction

import pytest

from yolact_cli.settings import VideoFileSettings
from yolact_cli.writers.video_file import VideoWriter
from yolact_cli.writers.video_sound import Sound


@pytest.mark.slow
@pytest.mark.parametrize(
    ("container", "codec"), [("mp4", "h264"), ("mp4", "vp9"), ("webm", "vp9"), ("webm", "av1")]
)
def test_overlay_plays_in_a_browser(tmp_path, play, make_input, make_pixels, container, codec):
    source = make_input("in.mp4", ["aac"])
    path = tmp_path / f"overlay.{container}"
    with VideoWriter(
        path,
        size_hw=(48, 64),
        time_base=Fraction(1, 12_800),
        frame_rate=Fraction(25),
        settings=VideoFileSettings(container=container, codec=codec),
        sound=Sound(location=str(source)),
    ) as writer:
        for index in range(50):
            writer.write(make_pixels(index), 512 * index)

    seen = play(path)

    assert seen["error"] is None
    assert seen.get("ended"), seen
    assert seen["time"] == pytest.approx(2, abs=0.1)
    assert seen["duration"] == pytest.approx(2, abs=0.1)
    assert (seen["width"], seen["height"]) == (64, 48)
