"""What a video's container says about it before a frame is decoded."""

import re
from fractions import Fraction

from av.container import InputContainer
from av.video.stream import VideoStream

from yolact_cli.video import VideoInfo

_CLOCK = re.compile(r"(\d+):(\d\d):(\d\d(?:\.\d+)?)")
_MICROSECOND = Fraction(1, 1_000_000)
_LOSSY = ("mpegts", "mpeg", "rtsp", "rtp", "sdp")


def video_info(
    container: InputContainer,
    stream: VideoStream,
    *,
    size_hw: tuple[int, int],
    notes: tuple[str, ...],
) -> VideoInfo:
    """The record of a video whose frames are shown in this size."""
    rate = _rate(stream)
    duration_s = _duration_s(container, stream)
    frames = stream.frames or None
    if frames is None and rate and duration_s:
        frames = round(rate * duration_s)
    return VideoInfo(
        size_hw=size_hw,
        time_base=time_base(stream),
        frame_rate=rate,
        duration_s=duration_s,
        num_frames=frames,
        codec=stream.codec.canonical_name,
        has_audio=bool(container.streams.audio),
        notes=notes,
    )


def time_base(stream: VideoStream) -> Fraction:
    """Seconds a tick."""
    return Fraction(stream.time_base or Fraction(1, 90_000))


def frame_step(stream: VideoStream) -> int:
    """Ticks from a frame to the next, on average; 0 where it is not known."""
    rate = _rate(stream)
    return round(1 / (rate * time_base(stream))) if rate else 0


def is_lossy(container: InputContainer) -> bool:
    """Whether frames may be lost on the way without a trace, as in what is sent or broadcast."""
    return any(kind in container.format.name for kind in _LOSSY)


def has_bare_order(container: InputContainer) -> bool:
    """Whether packets have no times but their place in the file."""
    return container.format.name == "avi"


def promised_end(container: InputContainer, stream: VideoStream) -> int | None:
    """The tick at which the stream's last frame should end, or None where nothing is sure.

    A container's own duration is that of its longest stream, so it tells only when there is one.
    """
    tick = time_base(stream)
    start = stream.start_time or 0
    if stream.duration:
        return start + stream.duration
    if (tagged_s := _tagged_duration_s(stream)) is not None:
        return round(tagged_s / tick)
    if container.duration and len(container.streams) == 1:
        return round(container.duration * _MICROSECOND / tick)  # from 0 or from the start
    return None


def _rate(stream: VideoStream) -> Fraction | None:
    rate = stream.average_rate or stream.guessed_rate
    return Fraction(rate) if rate else None


def _duration_s(container: InputContainer, stream: VideoStream) -> Fraction | None:
    if stream.duration:
        return stream.duration * time_base(stream)
    if (tagged_s := _tagged_duration_s(stream)) is not None:
        return tagged_s
    return container.duration * _MICROSECOND if container.duration else None


def _tagged_duration_s(stream: VideoStream) -> Fraction | None:
    """What Matroska's tag DURATION says, such as ``00:01:02.500000000``: where the stream ends."""
    match = _CLOCK.fullmatch(stream.metadata.get("DURATION", ""))
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return Fraction(seconds) + 60 * int(minutes) + 3600 * int(hours)
