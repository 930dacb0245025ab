"""Damaged videos give what they still hold, and say what is missing; others say what they are."""

import itertools
from fractions import Fraction

import av
import numpy as np
import pytest

from yolact_cli.errors import InputError, UnreadableVideoError
from yolact_cli.sources.video_reader import open_video
from yolact_cli.video import VideoGap

PLAIN = {"g": "10", "bf": "0", "sc_threshold": "0"}


def read(path, **limits):
    with open_video(str(path), **limits) as reader:
        found = list(reader.frames())
    gaps = [one for one in found if isinstance(one, VideoGap)]
    return [one for one in found if not isinstance(one, VideoGap)], gaps


def refusal(path, **limits):
    with pytest.raises(UnreadableVideoError) as caught:
        open_video(str(path), **limits)
    return str(caught.value)


def packets_of(path):
    """Where each picture's bytes lie in the file."""
    with av.open(str(path)) as container:
        return [(one.pos, one.size) for one in container.demux(video=0) if one.size]


def spoilt(path, number, byte=0xFF, skip=0):
    """The same file with one picture's bytes overwritten."""
    data = bytearray(path.read_bytes())
    position, size = packets_of(path)[number]
    data[position + skip : position + size] = bytes([byte]) * (size - skip)
    path.write_bytes(data)
    return path


@pytest.fixture
def clip(tmp_path, make_video):
    """40 frames, 10 a second, its index in front."""
    return make_video(
        tmp_path / "a.mp4", 40, options=PLAIN, container_options={"movflags": "faststart"}
    )


def test_a_cut_off_video_gives_what_is_there_and_the_rest_as_a_gap(clip, number_in):
    position, size = packets_of(clip)[25]
    clip.write_bytes(clip.read_bytes()[: position + size // 2])
    frames, gaps = read(clip)
    assert [number_in(frame.pixels) for frame in frames[:25]] == list(range(25))
    assert len(frames) in (25, 26)  # the half picture may be used, as damaged
    assert gaps[-1].end_s == 4
    assert gaps[-1].start_s in (Fraction(5, 2), Fraction(13, 5))


@pytest.mark.parametrize("name", ["a.mkv", "a.avi"])
def test_a_cut_off_video_of_other_kinds_too(tmp_path, make_video, name):
    path = make_video(tmp_path / name, 40, options=PLAIN)
    path.write_bytes(path.read_bytes()[: packets_of(path)[25][0]])
    frames, gaps = read(path)
    assert 24 <= len(frames) <= 25
    assert len(gaps) == 1
    assert gaps[0].end_s >= Fraction("3.4")  # 4 where the file says so; of AVI it is guessed
    assert gaps[0].start_s == Fraction(len(frames), 10)


def test_a_picture_that_cannot_be_decoded_is_a_gap(clip, number_in):
    frames, gaps = read(spoilt(clip, 14))
    times = [frame.time_s for frame in frames]
    assert Fraction("1.4") not in times
    assert set(times) >= {Fraction(n, 10) for n in (*range(14), *range(20, 40))}
    assert gaps[0].start_s == Fraction("1.4")
    assert gaps[0].end_s >= Fraction("1.5")
    assert [number_in(frame.pixels) for frame in frames[:14]] == list(range(14))
    assert [number_in(frame.pixels) for frame in frames[-20:]] == list(range(20, 40))


def test_a_damaged_picture_is_used_and_told(tmp_path, make_video):
    rng = np.random.default_rng(3)
    noise = rng.integers(0, 255, (40, 96, 128, 3), np.uint8)
    path = make_video(
        tmp_path / "a.mp4",
        20,
        size_hw=(96, 128),
        options=PLAIN | {"x264-params": "slices=4"},
        draw=lambda number, hw: noise[number],
    )
    position, size = packets_of(path)[10]
    data = bytearray(path.read_bytes())
    for place in rng.integers(position + size // 2, position + size, 40):
        data[place] ^= 0xFF
    path.write_bytes(data)
    frames, gaps = read(path)
    assert len(frames) == 20
    assert [gap.start_s for gap in gaps] == [1]
    assert "used" in gaps[0].reason


def test_frames_lost_in_a_broadcast_are_a_gap(tmp_path, make_video):
    path = make_video(tmp_path / "a.ts", 40, options=PLAIN)
    positions = [position for position, _ in packets_of(path)]
    data = path.read_bytes()
    path.write_bytes(data[: positions[12]] + data[positions[17] :])
    frames, gaps = read(path)
    times = {frame.time_s for frame in frames}
    assert len(times) >= 33
    assert gaps[0].start_s <= Fraction("1.2")
    assert gaps[-1].end_s >= Fraction("1.7")
    assert all(a.pts < b.pts for a, b in itertools.pairwise(frames))


def test_a_start_without_a_keyframe_is_a_gap(tmp_path, make_video):
    path = make_video(tmp_path / "a.ts", 40, options=PLAIN)
    path.write_bytes(path.read_bytes()[packets_of(path)[4][0] :])
    frames, gaps = read(path)
    assert [frame.frame_index for frame in frames] == list(range(30))
    assert gaps[0].start_s == 0
    assert gaps[0].end_s == frames[0].time_s


def test_random_damage_never_ends_a_reading_early(tmp_path, make_video):
    rng = np.random.default_rng(0)
    for name in ("a.mp4", "a.mkv", "a.ts", "a.avi"):
        path = make_video(tmp_path / name, 40, options={"g": "8", "bf": "2"})
        data = bytearray(path.read_bytes())
        start, end = packets_of(path)[1][0], sum(packets_of(path)[-1])
        for place in rng.integers(start, end, 12):
            data[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(data)
        frames, gaps = read(path)
        assert len(frames) >= 10
        assert all(a.time_s < b.time_s for a, b in itertools.pairwise(frames))
        assert all(gap.end_s is None or gap.end_s > gap.start_s for gap in gaps)


def test_the_same_damage_gives_the_same_frames(clip):
    spoilt(clip, 13, skip=30)
    first, second = read(clip), read(clip)
    assert first[1] == second[1]
    for one, other in zip(first[0], second[0], strict=True):
        np.testing.assert_array_equal(one.pixels, other.pixels)


def test_frames_of_another_size_are_fitted_in_with_a_remark(tmp_path, make_video, number_in):
    parts = [
        make_video(tmp_path / f"{number}.h264", 10, size_hw=size_hw, rate=25).read_bytes()
        for number, size_hw in enumerate([(48, 64), (96, 64), (96, 128)])
    ]
    path = tmp_path / "a.h264"
    path.write_bytes(b"".join(parts))
    frames, gaps = read(path)
    assert {frame.pixels.shape for frame in frames} == {(48, 64, 3)}
    assert [gap.start_s for gap in gaps] == [frames[10].time_s, frames[20].time_s]
    assert all(gap.start_s == gap.end_s for gap in gaps)
    assert "64x96" in gaps[0].reason
    assert frames[15].pixels[:, :16].max() == 0  # its own aspect, black beside it
    assert frames[15].pixels[:, 48:].max() == 0
    assert number_in(frames[25].pixels) == 5


def test_a_clock_that_is_set_back_goes_on(tmp_path, make_video):
    part = make_video(tmp_path / "a.ts", 20, options=PLAIN).read_bytes()
    path = tmp_path / "b.ts"
    path.write_bytes(part + part)
    frames, _ = read(path)
    assert [frame.time_s for frame in frames] == [Fraction(n, 10) for n in range(40)]


def test_what_is_no_video_says_so(tmp_path, make_video):
    whole = make_video(tmp_path / "a.mp4").read_bytes()
    files = {
        "noise.mp4": (np.random.default_rng(0).bytes(5000), "not a video"),
        "text.mp4": (b"hello " * 500, "not a video"),
        "empty.mp4": (b"", "is empty"),
        "no_moov.mp4": (whole[: whole.rindex(b"moov") - 4], "its index is missing"),
        "codec.mp4": (whole.replace(b"avc1", b"zzzz"), "not known here"),
    }
    for name, (data, problem) in files.items():
        (tmp_path / name).write_bytes(data)
        sentence = refusal(tmp_path / name)
        assert problem in sentence, name
        assert name in sentence
    assert "no such file" in refusal(tmp_path / "absent.mp4")
    assert "is a folder" in refusal(tmp_path)


def test_sound_alone_is_no_video(tmp_path):
    path = tmp_path / "a.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000, layout="mono")
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 8000), np.float32), "fltp", "mono")
        silence.sample_rate = 8000
        container.mux([*stream.encode(silence), *stream.encode(None)])
    assert "only audio" in refusal(path)


def test_a_video_without_frames_is_refused(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        container.start_encoding()
    assert "no picture" in refusal(path)


def test_frames_too_large_are_refused_before_decoding(tmp_path, make_video):
    path = make_video(tmp_path / "a.mp4")
    assert "64x48" in refusal(path, max_pixels=64 * 48 - 1)
    frames, _ = read(path, max_pixels=64 * 48)
    assert len(frames) == 12


def test_frames_that_grow_too_large_are_a_gap(tmp_path, make_video):
    small = make_video(tmp_path / "0.h264", 10, rate=25).read_bytes()
    large = make_video(tmp_path / "1.h264", 10, size_hw=(96, 128), rate=25).read_bytes()
    path = tmp_path / "a.h264"
    path.write_bytes(small + large + small)
    frames, gaps = read(path, max_pixels=5000)
    assert len(frames) == 20
    assert gaps


def test_an_address_that_cannot_be_reached_says_so():
    sentence = refusal("http://127.0.0.1:9/a.mp4", options={"timeout": "1000000"})
    assert "cannot be reached" in sentence


def test_it_is_an_error_of_the_tree():
    assert issubclass(UnreadableVideoError, InputError)
