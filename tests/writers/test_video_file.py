"""Overlay videos."""

import contextlib
import errno
import itertools
import os
import signal
import subprocess
import sys
import textwrap
from fractions import Fraction

import av
import numpy as np
import pytest

from yolact_cli.errors import DiskFullError, OutputError, SettingsError
from yolact_cli.settings import VideoFileSettings
from yolact_cli.writers import video_encoding
from yolact_cli.writers.video_file import VideoWriter

SIZE_HW = (48, 64)
UNEVEN = [0, *itertools.accumulate([3000, 700, 9000, 1500, 4004] * 9)]


@pytest.fixture
def write(make_pixels, tmp_path):
    """Write a clip of frames at the given ticks and return its path."""

    def build(times, name="out.mp4", *, size_hw=SIZE_HW, time_base=Fraction(1, 90_000), **fields):
        path = tmp_path / name
        settings = VideoFileSettings(**fields)
        with VideoWriter(
            path,
            size_hw=size_hw,
            time_base=time_base,
            frame_rate=Fraction(25),
            settings=settings,
        ) as writer:
            for index, pts in enumerate(times):
                writer.write(make_pixels(index, size_hw), pts)
        return path

    return build


@pytest.fixture
def writer(tmp_path):
    """A writer of ``out.mp4``, not entered yet."""
    return VideoWriter(
        tmp_path / "out.mp4",
        size_hw=SIZE_HW,
        time_base=Fraction(1, 25),
        frame_rate=None,
        settings=VideoFileSettings(),
    )


def start(script, *arguments):
    """Run a script that writes frames with ``write()`` in a process of its own."""
    head = """
        import sys
        from fractions import Fraction
        from pathlib import Path
        import numpy as np
        from yolact_cli.settings import VideoFileSettings
        from yolact_cli.writers.video_file import VideoWriter
        noise = np.random.default_rng(0).integers(0, 255, (10, 48, 64, 3), np.uint8)
        path, container, codec = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
        writer = VideoWriter(path, size_hw=(48, 64), time_base=Fraction(1, 25),
            frame_rate=Fraction(25), settings=VideoFileSettings(container=container, codec=codec))
    """
    code = textwrap.dedent(head) + textwrap.dedent(script)
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], stdout=subprocess.PIPE, text=True
    )


def count_readable(part):
    """Frames of a file whose last packet may be torn."""
    count = 0
    with av.open(str(part), format="mp4") as container:
        for packet in container.demux(video=0):
            with contextlib.suppress(av.error.InvalidDataError):
                count += len(packet.decode())
    return count


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
@pytest.mark.parametrize("first", [0, 45_001])
def test_times_of_a_variable_rate_are_exact_in_mp4(write, read_frames, codec, first):
    times = [first + pts for pts in UNEVEN]

    path = write(times, codec=codec)

    assert [time for time, _ in read_frames(path)] == [Fraction(pts, 90_000) for pts in times]


@pytest.mark.parametrize(
    "time_base", [Fraction(1, 24), Fraction(1001, 30_000), Fraction(1, 1_000_000)], ids=str
)
def test_any_clock_is_exact_in_mp4(write, read_frames, time_base):
    step = max(1, int(Fraction(1, 25) / time_base))
    times = [step * index for index in range(30)]

    path = write(times, time_base=time_base)

    assert [time for time, _ in read_frames(path)] == [pts * time_base for pts in times]


@pytest.mark.parametrize(
    ("container", "codec"), [("mkv", "h264"), ("mkv", "h265"), ("webm", "vp9")]
)
def test_times_are_rounded_to_milliseconds_elsewhere(write, read_frames, container, codec):
    path = write(UNEVEN, f"out.{container}", container=container, codec=codec)

    times = [time for time, _ in read_frames(path)]
    assert len(times) == len(UNEVEN)
    errors = [abs(time - Fraction(pts, 90_000)) for time, pts in zip(times, UNEVEN, strict=True)]
    assert max(errors) <= Fraction(1, 2000)


def test_long_gap_stays_a_gap(write, read_frames):
    times = [0, 3600, 90_000 * 3600, 90_000 * 3600 + 3600]

    path = write(times)

    assert [time * 90_000 for time, _ in read_frames(path)] == times


def test_last_frame_is_shown_as_long_as_the_rate_says(write):
    path = write([0, 900, 1800])

    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.duration * stream.time_base == Fraction(1800 + 3600, 90_000)


@pytest.mark.parametrize("frames", [1, 2, 3])
@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_clips_of_few_frames_are_whole(write, read_frames, codec, frames):
    times = [3600 * number for number in range(frames)]

    for attempt in range(12 if codec == "h265" else 1):  # x265's memory is not the same each time
        path = write(times, f"{attempt}.mp4", codec=codec)

        assert [time for time, _ in read_frames(path)] == [Fraction(pts, 90_000) for pts in times]


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_encoders_keep_to_themselves(write, capfd, codec):
    write([0, 3600], codec=codec)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_colours_survive(tmp_path, read_frames, codec):
    colours = np.array(
        [(200, 30, 30), (30, 200, 30), (30, 30, 200), (220, 220, 40), (90, 90, 90), (250, 250, 250)]
    )
    bars = np.repeat(np.repeat(colours[None], 64, 0), 32, 1).astype(np.uint8)
    path = tmp_path / "out.mp4"
    settings = VideoFileSettings(codec=codec, crf=8)

    with VideoWriter(
        path, size_hw=(64, 192), time_base=Fraction(1, 25), frame_rate=None, settings=settings
    ) as writer:
        for pts in range(5):
            writer.write(bars, pts)

    centres = read_frames(path)[2][1][32, 16::32].astype(int)
    assert np.abs(centres - colours).max() <= 3


@pytest.mark.parametrize("codec", ["h264", "h265", "vp9", "av1"])
def test_colours_say_what_they_are(write, codec):
    path = write(range(5), codec=codec)

    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
    # BT.709 for matrix, primaries and transfer; limited range; in every one of FFmpeg's tables 1
    assert (frame.colorspace, frame.color_primaries, frame.color_trc) == (1, 1, 1)
    assert frame.color_range == 1


@pytest.mark.parametrize("size_hw", [(47, 64), (48, 63), (47, 63)])
def test_odd_sizes_grow_by_a_repeated_line(write, read_frames, make_pixels, size_hw):
    path = write([0], size_hw=size_hw, crf=5)

    picture = read_frames(path)[0][1]
    assert picture.shape == (48, 64, 3)
    height, width = size_hw
    source = make_pixels(0, size_hw).astype(int)
    assert np.abs(picture[:height, 12:width].astype(int) - source[:, 12:]).max() <= 6
    np.testing.assert_allclose(picture[-1, 12:].astype(int), picture[-2, 12:], atol=3)


@pytest.mark.parametrize("codec", ["h264", "vp9"])
def test_smallest_frame_is_written(write, read_frames, codec):
    assert len(read_frames(write([0, 1], size_hw=(1, 1), codec=codec))) == 2


@pytest.mark.parametrize("codec", ["h265", "av1"])
def test_size_that_an_encoder_refuses_is_told(write, codec):
    with pytest.raises(OutputError, match=r"cannot be encoded .*Choose another --codec"):
        write([0, 1], size_hw=(1, 1), codec=codec)


def test_codec_that_the_container_cannot_hold_is_refused_first(write, tmp_path):
    with pytest.raises(SettingsError, match="webm file cannot hold h264"):
        write([0], container="webm", codec="h264")

    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("codec", "crf"), [("h264", 52), ("av1", 64), ("vp9", -1)])
def test_quality_out_of_range_is_refused(write, codec, crf):
    with pytest.raises(SettingsError, match="out of range"):
        write([0], codec=codec, crf=crf)


def test_quality_is_the_users_choice(write):
    good, poor = (write(range(40), f"{crf}.mp4", crf=crf) for crf in (5, 50))

    assert good.stat().st_size > 1.2 * poor.stat().st_size


def test_finished_file_replaces_the_old_one(write, tmp_path, read_frames):
    (tmp_path / "out.mp4").write_text("old")

    path = write(range(3))

    assert len(read_frames(path)) == 3
    assert list(tmp_path.iterdir()) == [path]


def test_finished_mp4_is_an_ordinary_file(write):
    data = write(range(120)).read_bytes()

    kinds, place = [], 0
    while place < len(data):
        kinds.append(data[place + 4 : place + 8])
        place += int.from_bytes(data[place : place + 4], "big")
    assert b"moof" not in kinds
    assert kinds.count(b"moov") == 1


def test_without_a_frame_there_is_no_file(write, tmp_path):
    write([])

    assert not list(tmp_path.iterdir())


def test_folder_is_made_where_it_is_missing(write, read_frames):
    assert len(read_frames(write([0], "new/folder/out.mp4"))) == 1


def test_error_in_the_block_leaves_the_old_file_and_a_playable_part(
    tmp_path, writer, make_pixels, read_frames
):
    (tmp_path / "out.mp4").write_text("old")

    def break_off():
        with writer:
            for pts in range(30):
                writer.write(make_pixels(pts), pts)
            raise RuntimeError("elsewhere")

    with pytest.raises(RuntimeError, match="elsewhere"):
        break_off()

    assert (tmp_path / "out.mp4").read_text() == "old"
    assert len(read_frames(tmp_path / "out.mp4.part", "mp4")) == 30


@pytest.mark.parametrize(
    ("pixels", "pts", "words"),
    [
        (np.zeros((10, 10, 3), np.uint8), 5, "10, 10, 3"),
        (np.zeros((48, 64, 3), np.float32), 5, "48, 64, 3"),
        (np.zeros((48, 64, 3), np.uint8), 1, "not after 1"),
    ],
    ids=["size", "type", "time"],
)
def test_wrong_frames_are_refused(writer, make_pixels, pixels, pts, words):
    with writer:
        writer.write(make_pixels(0), 1)
        with pytest.raises(ValueError, match=words):
            writer.write(pixels, pts)


def test_place_that_cannot_be_written_is_told(write, tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(OutputError, match="cannot be written"):
        write([0], "file/out.mp4")


@pytest.mark.parametrize(
    ("container", "codec", "muxer"),
    [("mp4", "h264", "mp4"), ("mkv", "h264", "matroska"), ("webm", "vp9", "webm")],
)
def test_killed_process_leaves_a_playable_part(tmp_path, read_frames, container, codec, muxer):
    path = tmp_path / f"out.{container}"
    script = """
        with writer:
            for pts in range(100_000):
                writer.write(noise[pts % 10], pts)
                if pts == 200:
                    print("now", flush=True)
    """

    with start(script, path, container, codec) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    assert not path.exists()
    times = [time for time, _ in read_frames(f"{path}.part", muxer)]
    assert len(times) >= 100
    assert times == [Fraction(index, 25) for index in range(len(times))]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits are Unix's")
@pytest.mark.parametrize("limit", [20_000, 300_000])
def test_full_disk_is_told_and_leaves_what_was_written(tmp_path, limit):
    path = tmp_path / "out.mp4"
    script = """
        import resource
        from yolact_cli.errors import DiskFullError
        limit = int(sys.argv[4])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            with writer:
                for pts in range(100_000):
                    writer.write(noise[pts % 10], pts)
        except DiskFullError as error:
            print(error)
    """

    with start(script, path, "mp4", "h264", limit) as process:
        told = process.stdout.read()

    assert "no space left" in told
    assert "resumes" in told
    assert not path.exists()
    part = tmp_path / "out.mp4.part"
    assert part.stat().st_size <= limit
    if limit > 100_000:  # enough for the first fragment
        assert count_readable(part) >= 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="file size limits are Unix's")
@pytest.mark.parametrize("missing", [1, 500, 2_000, 20_000])
def test_disk_that_fills_at_the_very_end_gives_no_file(tmp_path, missing):
    script = """
        import resource
        from yolact_cli.errors import DiskFullError
        limit = int(sys.argv[4])
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        try:
            with writer:
                for pts in range(120):
                    writer.write(noise[pts % 10], pts)
        except DiskFullError as error:
            print(error)
    """
    with start(script, tmp_path / "whole.mp4", "mp4", "h264", 10**9) as process:
        process.wait()
    limit = (tmp_path / "whole.mp4").stat().st_size - missing

    with start(script, tmp_path / "cut.mp4", "mp4", "h264", limit) as process:
        told = process.stdout.read()

    assert "no space left" in told
    assert not (tmp_path / "cut.mp4").exists()
    assert count_readable(tmp_path / "cut.mp4.part") >= 50


def test_full_disk_is_raised_by_a_later_write(tmp_path, writer, make_pixels, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOSPC, "No space left on device")

    def write_on():
        with writer:
            for pts in itertools.count():
                writer.write(make_pixels(pts), pts)

    monkeypatch.setattr(video_encoding.EncodedFile, "write", fail)

    with pytest.raises(DiskFullError, match="No space left on device"):
        write_on()

    assert not (tmp_path / "out.mp4").exists()
