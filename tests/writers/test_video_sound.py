"""The sound of overlay videos."""

from fractions import Fraction

import av
import pytest

from yolact_cli.settings import VideoFileSettings
from yolact_cli.writers.video_file import VideoWriter
from yolact_cli.writers.video_sound import Sound


@pytest.fixture
def copy(tmp_path):
    """Write an input's frames again beside its sound; gives the path and the notes."""

    def build(source, container="mp4", *, start_s=None, end_s=None, frames=None):
        path = tmp_path / f"copy.{container}"
        codec = "vp9" if container == "webm" else "h264"
        with av.open(str(source)) as video:
            stream = video.streams.video[0]
            decoded = [(f.pts, f.to_ndarray(format="rgb24")) for f in video.decode(stream)]
            time_base, first = stream.time_base, stream.start_time
        kept = [
            (pts, pixels)
            for pts, pixels in decoded[:frames]
            if (start_s or 0) <= (pts - first) * time_base < (end_s or 10**6)
        ]
        with VideoWriter(
            path,
            size_hw=(48, 64),
            time_base=time_base,
            frame_rate=Fraction(25),
            settings=VideoFileSettings(container=container, codec=codec),
            sound=Sound(location=str(source), start_s=start_s, end_s=end_s),
        ) as writer:
            for pts, pixels in kept:
                writer.write(pixels, pts)
        return path, writer.notes

    return build


def codecs_of(path):
    with av.open(str(path)) as container:
        return [s.codec_context.codec.canonical_name for s in container.streams.audio]


def times_of(pairs):
    return [time for time, _ in pairs]


@pytest.mark.parametrize("sound", ["aac", "libmp3lame", "ac3", "eac3", "alac"])
def test_packets_are_copied_byte_by_byte_at_their_times(make_input, copy, read_packets, sound):
    source = make_input("in.mp4", [sound])

    path, notes = copy(source)

    assert read_packets(path) == read_packets(source)
    assert notes == ()


@pytest.mark.parametrize(
    ("container", "sounds"),
    [("mp4", ["flac"]), ("mkv", ["pcm_s16le", "flac", "mp2"]), ("webm", ["libopus"])],
)
def test_every_container_takes_what_it_can_hold(make_input, copy, read_packets, container, sounds):
    source = make_input("in.mkv", sounds, rate=48_000)

    path, notes = copy(source, container)

    assert notes == ()
    for number in range(len(sounds)):
        had, has = read_packets(source, number), read_packets(path, number)
        assert [data for _, data in has] == [data for _, data in had]
        # Matroska's milliseconds are not whole samples in mp4
        assert max(abs(a - b) for a, b in zip(times_of(has), times_of(had), strict=True)) < 1e-4


def test_two_streams_stay_two(make_input, copy, read_packets):
    source = make_input("in.mp4", ["aac", "ac3"])

    path, _ = copy(source)

    assert codecs_of(path) == ["aac", "ac3"]
    assert read_packets(path, 0) == read_packets(source, 0)
    assert read_packets(path, 1) == read_packets(source, 1)


@pytest.mark.parametrize(
    ("container", "sound", "expected", "words"),
    [
        ("mp4", "pcm_s16le", "aac", "Sound stream 1 (pcm_s16le) was turned into AAC."),
        ("webm", "aac", "opus", "Sound stream 1 (aac) was turned into Opus."),
    ],
)
def test_other_sound_is_encoded_anew_and_says_so(
    make_input, copy, read_packets, container, sound, expected, words
):
    source = make_input("in.mkv", [sound])

    path, notes = copy(source, container)

    assert codecs_of(path) == [expected]
    assert notes == (words,)
    times = times_of(read_packets(path))
    assert times[0] == pytest.approx(0, abs=0.03)
    assert times[-1] == pytest.approx(2, abs=0.06)


@pytest.mark.parametrize("sound_s", [0.5, 4])
def test_sound_may_be_shorter_or_longer(make_input, copy, read_packets, read_frames, sound_s):
    source = make_input("in.mp4", ["aac"], sound_s=sound_s)

    path, _ = copy(source)

    assert read_packets(path) == read_packets(source)
    assert len(read_frames(path)) == 50


def test_video_without_sound_stays_without(make_input, copy, read_frames):
    path, notes = copy(make_input("in.mp4"))

    assert (codecs_of(path), notes) == ([], ())
    assert times_of(read_frames(path))[0] == 0


def test_sound_of_a_broadcast_is_put_into_mp4(make_input, copy, read_packets):
    source = make_input("in.ts", ["aac"])

    path, notes = copy(source)

    # what comes before each packet in a broadcast is said once in mp4
    had, has = read_packets(source), read_packets(path)
    assert [data for _, data in has] == [data[7:] for _, data in had]
    assert max(abs(a - b) for a, b in zip(times_of(has), times_of(had), strict=True)) < 1e-4
    assert notes == ()


def test_cut_keeps_whole_packets_and_sound_exactly_beside_the_pictures(
    make_input, copy, read_packets, read_frames
):
    source = make_input("in.mp4", ["aac"])

    path, _ = copy(source, start_s=Fraction(1, 2), end_s=Fraction(3, 2))

    pictures, packets = read_frames(path), read_packets(path)
    assert 0 <= pictures[0][0] < Fraction(1, 20)
    shift = {data: time for time, data in read_packets(source)}[packets[5][1]] - packets[5][0]
    had = [
        (time - shift, data)
        for time, data in read_packets(source)
        if Fraction(1, 2) <= time < Fraction(3, 2)
    ]
    assert packets == had
    first = next(t for t, _ in read_frames(source) if t >= Fraction(1, 2))
    assert first - pictures[0][0] == shift


def test_clock_that_begins_late_begins_at_0(make_input, copy, read_packets, read_frames):
    source = make_input("in.mkv", ["aac"], begins_s=3600)

    path, _ = copy(source)

    assert times_of(read_frames(path))[0] < Fraction(1, 20)
    shift = times_of(read_frames(source))[0] - times_of(read_frames(path))[0]
    assert times_of(read_packets(path))[7] == pytest.approx(
        float(times_of(read_packets(source))[7] - shift), abs=1e-4
    )


def test_input_that_is_gone_costs_the_sound_only(make_input, tmp_path, read_frames, make_pixels):
    path = tmp_path / "out.mp4"

    with VideoWriter(
        path,
        size_hw=(48, 64),
        time_base=Fraction(1, 25),
        frame_rate=None,
        settings=VideoFileSettings(),
        sound=Sound(location=str(tmp_path / "gone.mp4")),
    ) as writer:
        writer.write(make_pixels(0), 0)

    assert len(read_frames(path)) == 1
    assert "cannot be read" in writer.notes[0]


@pytest.mark.parametrize("container", ["mp4", "mkv", "webm"])
@pytest.mark.parametrize(
    ("name", "sound"), [("in.ts", "aac"), ("in.mkv", "ac3"), ("in.mp4", "aac")]
)
def test_damaged_sound_never_stops_the_video(make_input, read_frames, container, name, sound):
    source = make_input(name, [sound])
    damaged = source.with_name(f"damaged.{source.suffix[1:]}")
    data = bytearray(source.read_bytes())
    for place in range(4_000, len(data) - 4_000, 331):  # headers stay whole
        data[place] ^= 0xA5
    damaged.write_bytes(data)
    path = source.with_name(f"out.{container}")
    with av.open(str(source)) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]

    with VideoWriter(
        path,
        size_hw=(48, 64),
        time_base=Fraction(1, 25),
        frame_rate=Fraction(25),
        settings=VideoFileSettings(
            container=container, codec="vp9" if container == "webm" else "h264"
        ),
        sound=Sound(location=str(damaged)),
    ) as writer:
        for pts, pixels in enumerate(frames):
            writer.write(pixels, pts)

    assert len(read_frames(path)) == 50


def test_stream_with_nothing_in_the_cut_is_left_out(make_input, copy, read_frames):
    source = make_input("in.mp4", ["aac"], sound_s=0.5)

    path, notes = copy(source, start_s=Fraction(1))

    assert codecs_of(path) == []
    assert notes == ("Sound stream 1 has nothing in it here, and is left out.",)
    assert len(read_frames(path)) == 25


def test_sound_goes_on_to_its_end_where_pictures_are_lost(make_input, copy, read_packets):
    source = make_input("in.mp4", ["aac"])

    path, _ = copy(source, frames=10)

    assert read_packets(path) == read_packets(source)
