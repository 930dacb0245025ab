"""Builders for sources: folders of empty files, and encoded pictures."""

import io
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def make_files(tmp_path: Path) -> Callable[..., Path]:
    """Make empty files below the test's folder: ``make_files("a/x.jpg", "b.txt")``."""

    def build(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return build


@pytest.fixture
def quarters() -> np.ndarray:
    """60 x 40 px, its quarters red, green, blue and white, so that any turn shows."""
    picture = np.empty((40, 60, 3), np.uint8)
    picture[:20, :30], picture[:20, 30:] = (250, 10, 20), (0, 200, 0)
    picture[20:, :30], picture[20:, 30:] = (10, 20, 240), (255, 255, 255)
    return picture


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encode an array or Pillow picture: ``encode(picture, "JPEG", **options)``."""

    def build(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return build


@pytest.fixture(scope="session")
def clip_picture() -> Callable[..., np.ndarray]:
    """Draw a clip's frame: its left half is as bright as its number says, the right is coloured."""

    def draw(number: int, size_hw: tuple[int, int] = (48, 64)) -> np.ndarray:
        height, width = size_hw
        picture = np.full((height, width, 3), 30 + 5 * (number % 40), np.uint8)
        picture[: height // 2, width // 2 :] = (250, 10, 20)
        picture[height // 2 :, width // 2 :] = (10, 20, 240)
        return picture

    return draw


@pytest.fixture(scope="session")
def number_in() -> Callable[[np.ndarray], int]:
    """Read a frame's number off its left half."""

    def read(pixels: np.ndarray) -> int:
        height, width = pixels.shape[:2]
        return round((float(pixels[height // 4 : -height // 4, : width // 3].mean()) - 30) / 5)

    return read


@pytest.fixture(scope="session")
def make_video(clip_picture: Callable[..., np.ndarray]) -> Callable[..., Path]:
    """Encode a clip and give its path: ``make_video(tmp_path / "a.mp4", count=12, rate=10)``.

    ``ticks`` are the frames' times in units of ``tick``; ``adjust`` gets the stream before the
    first frame, ``tag`` every frame.
    """

    def build(
        path: Path,
        count: int = 12,
        *,
        size_hw: tuple[int, int] = (48, 64),
        codec: str = "libx264",
        pixel_format: str = "yuv420p",
        rate: int = 10,
        ticks: Sequence[int] | None = None,
        tick: Fraction | None = None,
        options: dict[str, str] | None = None,
        container_options: dict[str, str] | None = None,
        audio: bool = False,
        second_size_hw: tuple[int, int] | None = None,
        adjust: Callable[[av.VideoStream], None] = lambda stream: None,
        tag: Callable[[av.VideoFrame], None] = lambda frame: None,
        draw: Callable[..., np.ndarray] = clip_picture,
    ) -> Path:
        with av.open(str(path), "w", options=container_options or {}) as container:
            streams = []
            for hw in filter(None, (size_hw, second_size_hw)):
                stream = container.add_stream(codec, rate=rate)
                stream.height, stream.width = hw
                stream.pix_fmt, stream.options = pixel_format, options or {}
                stream.codec_context.thread_count = 1
                stream.codec_context.time_base = tick or Fraction(1, rate)
                streams.append((stream, hw))
            adjust(streams[0][0])
            sound = container.add_stream("aac", rate=8000, layout="mono") if audio else None
            for number in range(count):
                for stream, hw in streams:
                    frame = av.VideoFrame.from_ndarray(draw(number, hw), format="rgb24")
                    frame = frame.reformat(format=pixel_format)
                    frame.pts = ticks[number] if ticks else number
                    frame.time_base = tick or Fraction(1, rate)
                    tag(frame)
                    container.mux(stream.encode(frame))
            if sound is not None:
                silence = np.zeros((1, 8000 * count // rate), np.float32)
                samples = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
                samples.sample_rate, samples.pts = 8000, 0
                container.mux([*sound.encode(samples), *sound.encode(None)])
            for stream, _ in streams:
                container.mux(stream.encode(None))
        return path

    return build
