"""Frames of videos of every kind: all of them, in order, at their own times."""

from fractions import Fraction

import av
import numpy as np
import pytest

from yolact_cli.sources.video_reader import open_video
from yolact_cli.video import VideoGap


def read(path, **options):
    """Information, frames and gaps of a video."""
    with open_video(str(path)) as reader:
        found = list(reader.frames(**options))
    gaps = [one for one in found if isinstance(one, VideoGap)]
    return reader.info, [one for one in found if not isinstance(one, VideoGap)], gaps


KINDS = [
    ("a.mp4", "libx264"),
    ("a.mov", "libx264"),
    ("a.mkv", "libx264"),
    ("a.avi", "libx264"),
    ("a.ts", "libx264"),
    ("a.flv", "libx264"),
    ("b.avi", "mpeg4"),
    ("a.wmv", "mpeg4"),
    ("a.mpg", "mpeg2video"),
    ("a.mp4", "libx265"),
    ("a.webm", "libvpx"),
    ("a.webm", "libvpx-vp9"),
    ("a.mkv", "ffv1"),
]


@pytest.mark.parametrize(("name", "codec"), KINDS)
def test_every_frame_comes_in_order_at_its_time(tmp_path, make_video, number_in, name, codec):
    rate = 25 if codec == "mpeg2video" else 10
    x265 = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    options = {"bf": "2", "b": "4M"} | x265
    path = make_video(tmp_path / name, 20, codec=codec, rate=rate, options=options)
    info, frames, gaps = read(path)
    assert [number_in(frame.pixels) for frame in frames] == list(range(20))
    assert [frame.time_s for frame in frames] == [Fraction(n, rate) for n in range(20)]
    assert [frame.frame_index for frame in frames] == list(range(20))
    assert gaps == []
    assert frames[0].is_keyframe
    assert info.size_hw == (48, 64)
    assert not info.has_audio


def test_times_of_a_variable_frame_rate_are_exact(tmp_path, make_video, number_in):
    ticks = [0, 3, 4, 9, 10, 31, 60, 61, 62, 100]
    path = make_video(tmp_path / "a.mp4", 10, ticks=ticks, tick=Fraction(1, 30))
    info, frames, gaps = read(path)
    assert [frame.time_s for frame in frames] == [Fraction(one, 30) for one in ticks]
    assert [frame.pts * info.time_base for frame in frames] == [frame.time_s for frame in frames]
    assert gaps == []


def test_times_count_from_the_streams_beginning_and_pts_stay_the_files(tmp_path, make_video):
    path = make_video(tmp_path / "a.mkv", 5, ticks=[50, 51, 52, 53, 54], tick=Fraction(1, 10))
    with open_video(str(path)) as reader:
        frames = list(reader.frames())
    assert reader.origin_pts == 5000
    assert [frame.pts for frame in frames] == [5000, 5100, 5200, 5300, 5400]
    assert frames[0].time_s == 0


def test_what_the_container_says_is_told(tmp_path, make_video):
    info, frames, _ = read(make_video(tmp_path / "a.mp4", 20, audio=True))
    assert (info.frame_rate, info.duration_s, info.num_frames) == (10, 2, 20)
    assert (info.codec, info.has_audio, info.notes) == ("h264", True, ())
    assert len(frames) == 20


def test_the_first_of_several_videos_is_read(tmp_path, make_video):
    path = make_video(tmp_path / "a.mkv", second_size_hw=(32, 32))
    info, frames, _ = read(path)
    assert (info.size_hw, len(frames)) == ((48, 64), 12)


def test_keyframes_are_known(tmp_path, make_video):
    options = {"g": "5", "bf": "0", "sc_threshold": "0"}
    _, frames, _ = read(make_video(tmp_path / "a.mp4", 12, options=options))
    assert [frame.frame_index for frame in frames if frame.is_keyframe] == [0, 5, 10]


def test_pixels_are_those_that_ffmpeg_gives(tmp_path, make_video):
    path = make_video(tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        expected = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    _, frames, _ = read(path)
    for frame, pixels in zip(frames, expected, strict=True):
        np.testing.assert_array_equal(frame.pixels, pixels)


def test_lossless_frames_come_out_exactly(tmp_path, make_video, clip_picture):
    path = make_video(tmp_path / "a.mkv", codec="ffv1", pixel_format="bgr0", size_hw=(47, 61))
    _, frames, _ = read(path)
    for number, frame in enumerate(frames):
        np.testing.assert_array_equal(frame.pixels, clip_picture(number, (47, 61)))


def test_frames_own_their_pixels(tmp_path, make_video, number_in):
    path = make_video(tmp_path / "a.avi", codec="rawvideo", pixel_format="bgr24")
    with open_video(str(path)) as reader:
        frames = []
        for frame in reader.frames():
            frames.append(frame)
            assert frame.pixels.flags.writeable
            assert frame.pixels.flags.c_contiguous
    assert [number_in(frame.pixels) for frame in frames] == list(range(12))


def test_reading_from_a_time_gives_the_same_frames_as_passing_over(tmp_path, make_video):
    path = make_video(tmp_path / "a.mp4", 20, options={"g": "6", "bf": "2"})
    _, whole, _ = read(path)
    _, late, _ = read(path, from_s=Fraction("0.75"))
    assert [frame.frame_index for frame in late] == list(range(8, 20))
    for frame in late:
        same = whole[frame.frame_index]
        assert (frame.pts, frame.time_s, frame.is_keyframe) == (
            same.pts,
            same.time_s,
            same.is_keyframe,
        )
        np.testing.assert_array_equal(frame.pixels, same.pixels)


def test_a_video_is_read_once(tmp_path, make_video):
    with open_video(str(make_video(tmp_path / "a.mp4"))) as reader:
        list(reader.frames())
        with pytest.raises(RuntimeError, match="once"):
            reader.frames()


@pytest.mark.shared
def test_a_real_clip_is_read_whole(shared_dir):
    path = shared_dir / "data" / "video" / "road.mp4"
    if not path.is_file():
        pytest.skip("needs data/video/road.mp4 beside the checkout")
    info, frames, gaps = read(path)
    assert (info.size_hw, info.num_frames, len(frames), gaps) == ((720, 1280), 67, 67, [])
    assert [frame.time_s for frame in frames] == [Fraction(n, 30) for n in range(67)]
