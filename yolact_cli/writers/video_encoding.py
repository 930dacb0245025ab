"""A video file that grows: pictures are turned to YUV, encoded and laid beside their sound."""

import math
import os
from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame as Picture
from av.video.reformatter import (
    ColorPrimaries,
    ColorRange,
    Colorspace,
    ColorTrc,
    VideoReformatter,
)
from av.video.stream import VideoStream
from jaxtyping import UInt8

from yolact_cli.settings import VideoFileSettings
from yolact_cli.writers.video_codecs import CONTAINERS, ENCODERS
from yolact_cli.writers.video_errors import is_of_the_file
from yolact_cli.writers.video_sound import Sound, SoundTracks

_MOST_THREADS = 4  # more cost memory, and a frame each of delay
_KEYFRAME_EVERY_S = 1  # what a kill may cost, and how exactly players can seek
_MOST_FRAMES_A_GROUP = 250
_USUAL_RATE = Fraction(25)
_LARGEST_RATE_TERM = 1_000_000
_LARGEST_TIMESCALE = 2**31 - 1


class EncodedFile:
    """One file with one video stream and the sound's streams. All calls from one thread at a time.

    Args:
        path: Where it grows; replaced where it is there.
        size_hw: Of the pictures.
        time_base: Seconds a tick of ``pts``.
        frame_rate: Frames a second, about, or None where nobody knows.
        settings: Checked already.
        sound: Where sound comes from, or None.

    Raises:
        OSError: The file cannot be made.
        av.error.FFmpegError: The encoder refuses, for example, the size.
    """

    def __init__(
        self,
        path: Path,
        *,
        size_hw: tuple[int, int],
        time_base: Fraction,
        frame_rate: Fraction | None,
        settings: VideoFileSettings,
        sound: Sound | None,
    ) -> None:
        self._time_base = time_base
        self._padding = (size_hw[0] % 2, size_hw[1] % 2)
        rate = (frame_rate or _USUAL_RATE).limit_denominator(_LARGEST_RATE_TERM)
        self._usual_ticks = max(1, round(1 / (rate * time_base)))
        self._waiting: Picture | None = None
        self._frames = 0
        self._unclocked_frames = ENCODERS[settings.codec].unclocked_frames
        self._to_yuv = VideoReformatter()  # keeps what it worked out for one frame to the next
        kind = CONTAINERS[settings.container]
        self._container = av.open(
            str(path.absolute()), "w", format=kind.format, container_options=dict(kind.options)
        )
        self._stream = _video_stream(self._container, settings, time_base=time_base, rate=rate)
        self._stream.width = size_hw[1] + self._padding[1]
        self._stream.height = size_hw[0] + self._padding[0]
        self._sound = SoundTracks(sound, self._container, settings.container, time_base)
        self._shift = int(self._sound.shift_s / time_base)
        if settings.container == "mp4":
            ticks = _common_ticks(self._sound.clocks)
            self._container.container_options["movie_timescale"] = str(ticks)
        self._container.start_encoding()

    @property
    def notes(self) -> tuple[str, ...]:
        """What became of the sound, a sentence each."""
        return self._sound.notes

    def write(self, pixels: UInt8[np.ndarray, "h w 3"], pts: int) -> None:
        """Encode a picture, and lay the sound up to its time beside it.

        Raises:
            OSError: The file cannot grow.
        """
        picture = self._picture(pixels)
        picture.pts = pts - self._shift
        picture.time_base = self._time_base
        if self._waiting is not None:
            # held back until now, for only now it is known how long it is shown
            self._encode(self._waiting, ticks=picture.pts - (self._waiting.pts or 0))
        self._waiting = picture
        self._sound.mux_until(pts * self._time_base)

    def close(self) -> None:
        """Encode what is left and make the file whole.

        Raises:
            OSError: The file cannot grow.
        """
        if self._waiting is not None:
            self._encode(self._waiting, ticks=self._usual_ticks)
            self._waiting = None
        last = self._stream.encode(None)
        if self._frames <= self._unclocked_frames:
            for packet in last:
                packet.dts = packet.pts
        self._mux(last)
        self._sound.finish()
        self._container.close()

    def abandon(self) -> None:
        """Let go of the file as it is."""
        self._sound.close()
        self._container.close()

    def _encode(self, picture: Picture, *, ticks: int) -> None:
        self._frames += 1
        picture.duration = ticks
        self._mux(self._stream.encode(picture))

    def _mux(self, packets: Iterable["Packet[VideoStream]"]) -> None:
        for packet in packets:
            try:
                self._container.mux_one(packet)
            except av.error.FFmpegError as error:
                # The muxer sorts what it gets, and then may find fault with sound of before.
                if self._sound.is_silent or is_of_the_file(error):
                    raise
                self._sound.note_refused()

    def _picture(self, pixels: UInt8[np.ndarray, "h w 3"]) -> Picture:
        if any(self._padding):
            pixels = np.pad(pixels, ((0, self._padding[0]), (0, self._padding[1]), (0, 0)), "edge")
        return self._to_yuv.reformat(
            Picture.from_numpy_buffer(np.ascontiguousarray(pixels), format="rgb24"),
            format="yuv420p",
            interpolation="POINT",  # as close as others here, where colours are halved anyway
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )


def _common_ticks(clocks: Sequence[Fraction]) -> int:
    """The ticks a second that an mp4 file tells the beginnings of its streams in.

    All beginnings are exact where one clock can tell them and fits into the file; else those of
    the streams named first.
    """
    ticks = 1
    for clock in clocks:
        finer = math.lcm(ticks, clock.denominator)
        if finer > _LARGEST_TIMESCALE:
            break
        ticks = finer
    return ticks


def _video_stream(
    container: av.container.OutputContainer,
    settings: VideoFileSettings,
    *,
    time_base: Fraction,
    rate: Fraction,
) -> VideoStream:
    encoder = ENCODERS[settings.codec]
    crf = encoder.crf if settings.crf is None else settings.crf
    if settings.codec == "av1":
        # Its greetings go to stderr past every log level; it asks nothing but the environment.
        os.environ.setdefault("SVT_LOG", "0")
    stream = container.add_stream(
        encoder.name, rate=rate, options={**encoder.options, "crf": str(crf)}
    )
    assert isinstance(stream, VideoStream)  # noqa: S101 - video encoders make video streams
    context = stream.codec_context
    context.pix_fmt = "yuv420p"
    context.time_base = stream.time_base = time_base
    context.gop_size = min(max(1, round(rate * _KEYFRAME_EVERY_S)), _MOST_FRAMES_A_GROUP)
    context.thread_count = min(_MOST_THREADS, os.cpu_count() or 1)
    context.colorspace = Colorspace.ITU709
    context.color_range = ColorRange.MPEG
    context.color_primaries = ColorPrimaries.BT709
    context.color_trc = ColorTrc.BT709
    if settings.codec == "h265" and settings.container == "mp4":
        context.codec_tag = "hvc1"  # the only one that players of Apple's take
    return stream
