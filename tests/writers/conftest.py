"""A run folder to write into, frames to write about, and videos to take apart."""

from fractions import Fraction

import av
import numpy as np
import pytest

from yolact_cli.store import LocalStore
from yolact_cli.structures import Category, Frame


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "run")


@pytest.fixture
def classes():
    """Three classes; the second is not the first's neighbour among the category ids."""
    return {
        0: Category(category_id=1, name="person"),
        1: Category(category_id=17, name="Kätzchen"),
        2: Category(category_id=90, name="人"),
    }


@pytest.fixture
def make_frame(make_picture):
    """A frame with a preview that fits the detections: ``make_frame(detections, height, width)``."""

    def build(detections, height=None, width=None, preview=None):
        if preview is None:
            size_hw = (height or detections.size_hw[0], width or detections.size_hw[1])
            preview = make_picture(*np.maximum(size_hw, 2))
        return Frame(
            picture_id=detections.picture_id,
            name=detections.name,
            size_hw=detections.size_hw,
            pixels=np.zeros((8, 8, 3), np.uint8),
            preview=preview,
        )

    return build


@pytest.fixture
def make_pixels():
    """One frame of a clip: a grey that rises by 2 a frame, and a bar that moves."""

    def build(index, size_hw=(48, 64)):
        pixels = np.full((*size_hw, 3), 40 + 2 * (index % 80), np.uint8)
        left = 3 * index % size_hw[1]
        pixels[:, left : left + 8] = (220, 60, 30)
        return pixels

    return build


@pytest.fixture
def make_input(tmp_path, make_pixels):
    """Write a video with sound streams: ``make_input("a.mp4", ["aac", "ac3"], sound_s=3)``."""

    def build(name, sounds=(), *, frames=50, sound_s=2.0, begins_s=0, rate=44_100):
        path = tmp_path / name
        with av.open(str(path), "w") as container:
            video = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
            video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
            video.codec_context.time_base = Fraction(1, 25)
            streams = [container.add_stream(sound, rate=rate) for sound in sounds]
            for stream in streams:
                stream.codec_context.layout = "stereo"
            container.start_encoding()
            for index in range(frames):
                frame = av.VideoFrame.from_ndarray(make_pixels(index), format="rgb24")
                frame.pts, frame.time_base = index + 25 * begins_s, Fraction(1, 25)
                container.mux(video.encode(frame))
            container.mux(video.encode(None))
            for number, stream in enumerate(streams):
                _add_sound(container, stream, number, sound_s=sound_s, begins_s=begins_s)
        return path

    return build


def _add_sound(container, stream, number, *, sound_s, begins_s):
    context = stream.codec_context
    rate, size = context.sample_rate, context.frame_size or 1024
    resampler = av.AudioResampler(format=context.format, layout="stereo", rate=rate)
    for piece in range(int(rate * sound_s) // size):
        time_s = (np.arange(size) + piece * size) / rate
        wave = (0.3 * np.sin(2 * np.pi * (440 + 220 * number) * time_s)).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(np.stack([wave, wave]), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base = rate, Fraction(1, rate)
        frame.pts = piece * size + begins_s * rate
        for resampled in resampler.resample(frame):
            container.mux(stream.encode(resampled))
    container.mux(stream.encode(None))


@pytest.fixture
def read_frames():
    """All frames of a video file as (time in s, RGB): ``read_frames(path)``."""

    def read(path, container_format=None):
        with av.open(str(path), format=container_format) as container:
            stream = container.streams.video[0]
            return [
                (frame.pts * stream.time_base, frame.to_ndarray(format="rgb24"))
                for frame in container.decode(stream)
            ]

    return read


@pytest.fixture
def read_packets():
    """A sound stream's packets as (time in s, bytes): ``read_packets(path, 0)``."""

    def read(path, number=0):
        with av.open(str(path)) as container:
            stream = container.streams.audio[number]
            return [
                (packet.pts * packet.time_base, bytes(packet))
                for packet in container.demux(stream)
                if packet.size
            ]

    return read
