"""A video's frames, one after another, and what is missing among them.

Every frame that can be decoded is given, damaged ones too; the time range of damaged and missing
ones is given as a :class:`VideoGap` as soon as it is known, right before the next good frame.
A frame whose size differs from the first's is scaled to fit, with a gap of no length saying so.

Times count from where the stream begins (its start time, or its first frame if that is earlier);
``pts`` are the file's own, so that sound, which has its own times on the same clock, stays in step.
Only where a stream's clock goes back are they moved, so that they always increase.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import TracebackType
from typing import Self

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from yolact_cli.sources.video_clock import ForwardClock
from yolact_cli.sources.video_error import check_frame_pixels, unreadable_video
from yolact_cli.sources.video_fields import Deinterlacer
from yolact_cli.sources.video_gaps import TickGap
from yolact_cli.sources.video_open import first_video, open_container
from yolact_cli.sources.video_packets import DecodedFrame, Decoder
from yolact_cli.sources.video_pixels import PlainPixels, Shape, notes_on
from yolact_cli.sources.video_promise import frame_step, video_info
from yolact_cli.video import VideoFrame, VideoGap, VideoInfo

__all__ = ["VideoReader", "open_video"]


def open_video(
    location: str,
    *,
    max_pixels: int = 178_956_970,
    options: Mapping[str, str] | None = None,
    name: str | None = None,
) -> "VideoReader":
    """A video, opened and looked into as far as its first frame.

    Args:
        location: A path, or an address such as ``rtsp://camera/1``.
        max_pixels: Frames of more pixels are refused, before one is decoded.
        options: FFmpeg's own, such as ``{"rtsp_transport": "tcp"}``.
        name: What error messages call it; its location when left out.

    Raises:
        UnreadableVideoError: It is not there, no video, holds no frame that can be decoded, or
            its frames are too large.
    """
    name = name or location
    container = open_container(location, options, name=name)
    try:
        stream = first_video(container, name=name, max_pixels=max_pixels)
        return VideoReader(container, stream, name=name, max_pixels=max_pixels)
    except BaseException:
        container.close()
        raise


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tag:
    """What stays with a frame while its fields are joined."""

    frame_index: int
    pts: int
    is_keyframe: bool
    shape: Shape


class VideoReader:
    """A video being read, from its beginning to its end, once. Made by :func:`open_video`.

    Use from one thread at a time; close it when no thread reads any more.

    Attributes:
        info: What is known before reading.
        origin_pts: The tick at which ``time_s`` is 0.
    """

    def __init__(
        self, container: InputContainer, stream: VideoStream, *, name: str, max_pixels: int
    ) -> None:
        self._container = container
        self._stream = stream
        self._name = name
        self._decoded: Iterator[DecodedFrame | TickGap] = iter(Decoder(container, stream))
        self._early, first, first_pts = self._up_to_first_frame()
        self._shape = Shape.of(first, stream)
        size_hw = self._shape.shown_hw
        check_frame_pixels(size_hw[::-1], name=name, max_pixels=max_pixels)
        self.info: VideoInfo = video_info(
            container, stream, size_hw=size_hw, notes=notes_on(first, self._shape)
        )
        start = stream.start_time
        self.origin_pts = first_pts if start is None else min(start, first_pts)
        self._time_base = self.info.time_base
        self._clock = ForwardClock(frame_step(stream), round(1 / self._time_base))
        self._plain = PlainPixels(size_hw)
        self._fields: Deinterlacer[_Tag] = Deinterlacer(stream)
        self._count = 0
        self._is_read = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._container.close()

    def frames(self, *, from_s: Fraction | None = None) -> Iterator[VideoFrame | VideoGap]:
        """Every frame that can be decoded, in the order shown, and the gaps between; once.

        Args:
            from_s: Frames before this time are decoded and counted, but not given: cheaper than
                passing over them, and exact, which going straight to that place would not be.

        Raises:
            UnreadableVideoError: Its pixels are of a kind that cannot be made RGB.
            RuntimeError: Asked for a second time.
        """
        if self._is_read:
            raise RuntimeError("A video's frames are read once; open it again.")
        self._is_read = True
        return self._frames(from_s)

    def _frames(self, from_s: Fraction | None) -> Iterator[VideoFrame | VideoGap]:
        for found in self._in_order():
            if isinstance(found, TickGap):
                yield self._gap(found)
                continue
            tick = self._clock.tick(found.pts)
            if self._has_other_shape(found.frame):
                yield from self._given(self._fields.flush(), from_s)
                yield self._change_of_shape(found.frame, tick)
            tag = _Tag(
                frame_index=self._count,
                pts=tick,
                is_keyframe=found.frame.key_frame,
                shape=self._shape,
            )
            self._count += 1
            yield from self._given(self._fields.push(found.frame, tag), from_s)
        yield from self._given(self._fields.flush(), from_s)

    def _in_order(self) -> Iterator[DecodedFrame | TickGap]:
        early, self._early = self._early, []
        while early:  # handed over one by one, so that the first frame's memory is let go
            yield early.pop(0)
        yield from self._decoded

    def _up_to_first_frame(self) -> tuple[list[DecodedFrame | TickGap], av.VideoFrame, int]:
        early: list[DecodedFrame | TickGap] = []
        for found in self._decoded:
            early.append(found)
            if isinstance(found, DecodedFrame):
                return early, found.frame, found.pts or 0
        raise unreadable_video(
            self._name,
            "it holds no picture that can be decoded",
            "Copy it again, or leave it out.",
        )

    def _time_s(self, tick: int) -> Fraction:
        return max(Fraction(0), (tick - self.origin_pts) * self._time_base)

    def _gap(self, gap: TickGap) -> VideoGap:
        offset = self._clock.offset
        return VideoGap(
            start_s=self._time_s(gap.start + offset),
            end_s=None if gap.end is None else self._time_s(gap.end + offset),
            reason=gap.reason,
        )

    def _has_other_shape(self, frame: av.VideoFrame) -> bool:
        return (frame.height, frame.width) != self._shape.stored_hw

    def _change_of_shape(self, frame: av.VideoFrame, tick: int) -> VideoGap:
        self._shape = Shape.of(frame, self._stream)
        height, width = self.info.size_hw
        time_s = self._time_s(tick)
        return VideoGap(
            start_s=time_s,
            end_s=time_s,
            reason=f"Frames are stored as {frame.width}x{frame.height} from here on, and are"
            f" scaled to fit into {width}x{height}.",
        )

    def _given(
        self, ready: Iterator[tuple[av.VideoFrame, _Tag]], from_s: Fraction | None
    ) -> Iterator[VideoFrame]:
        for frame, tag in ready:
            time_s = self._time_s(tag.pts)
            if from_s is not None and time_s < from_s:
                continue
            yield self._frame(frame, tag, time_s)

    def _frame(self, frame: av.VideoFrame, tag: _Tag, time_s: Fraction) -> VideoFrame:
        try:
            pixels = self._plain.of_frame(frame, tag.shape)
        except (av.FFmpegError, OSError, ValueError) as error:
            kind = frame.format.name
            problem = f"its pixels ({kind}) cannot be turned into RGB"
            raise unreadable_video(self._name, problem, "Convert it to H.264 first.") from error
        return VideoFrame(
            frame_index=tag.frame_index,
            pts=tag.pts,
            time_s=time_s,
            is_keyframe=tag.is_keyframe,
            pixels=pixels,
        )
