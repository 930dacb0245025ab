"""The records of videos, between reading, labelling and writing. No codec, no torch, no files.

Times are exact: fractions of a second, never floats, so that a variable frame rate survives.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from jaxtyping import UInt8


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedVideo:
    """One line of ``videos.jsonl``: a video's identity for the whole life of a run.

    Attributes:
        video_id: 1-based, in listing order; never changes, never reused.
        name: Unique in the run, among pictures too; relative, with forward slashes.
        location: Where to open it (an absolute path).
        size_bytes: File size when listed.
        mtime_ns: Modification time when listed, in nanoseconds.
    """

    video_id: int
    name: str
    location: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoInfo:
    """What is known of a video before its first frame is decoded; hints may be wrong.

    Attributes:
        size_hw: Of a frame as it is seen: upright, with square pixels, 8 bits.
        time_base: Seconds a tick of a frame's ``pts``.
        frame_rate: Average, frames a second, or None where the file does not say.
        duration_s: As the container says, or None.
        num_frames: As the container says or duration and rate give, or None.
        codec: FFmpeg's name of it, such as ``h264``.
        has_audio: Whether there is sound to be kept.
        notes: What was done to make frames plain, a sentence each ("turned by 90 degrees").
    """

    size_hw: tuple[int, int]
    time_base: Fraction
    frame_rate: Fraction | None
    duration_s: Fraction | None
    num_frames: int | None
    codec: str
    has_audio: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VideoFrame:
    """A decoded frame.

    Attributes:
        frame_index: 0-based, over all frames that could be decoded, in the order they are shown.
        pts: Presentation time in ticks of the stream's time base, strictly increasing.
        time_s: The same in seconds from the video's beginning.
        is_keyframe: Decodable without another.
        pixels: RGB, upright, of the size that :class:`VideoInfo` promises.
    """

    frame_index: int
    pts: int
    time_s: Fraction
    is_keyframe: bool
    pixels: UInt8[np.ndarray, "h w 3"]


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoGap:
    """A time range of which no frame could be had, or none that can be trusted.

    Attributes:
        start_s: Where it begins, from the video's beginning.
        end_s: Where the next good frame is, or the promised end; None where nothing tells.
        reason: One sentence for people.
    """

    start_s: Fraction
    end_s: Fraction | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedVideo:
    """A video of a file of tracks.

    Attributes:
        video_id: From the file.
        name: From the file; empty where it has none.
        size_hw: Of a frame, in px.
        frame_names: One each, with forward slashes; None where the file gives no names.
        length: How many frames.
    """

    video_id: int
    name: str
    size_hw: tuple[int, int]
    frame_names: tuple[str, ...] | None
    length: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Track:
    """An object through a video.

    Attributes:
        place: How sentences call it.
        video_id: Whose it is.
        category_id: From the file, gaps allowed.
        masks: For each frame a compressed COCO RLE, or None where it is not seen.
        score: Of the whole track; 1 in truth.
        is_crowd: To be ignored.
    """

    place: str
    video_id: int
    category_id: int
    masks: tuple[Mapping[str, Any] | None, ...]
    score: float = 1.0
    is_crowd: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrackSet:
    """A file of tracks, checked.

    Attributes:
        origin: The file.
        videos: By id, in the file's order; None for a bare list of results.
        category_names: By id, rising; None likewise.
        tracks: In the file's order.
    """

    origin: str
    videos: Mapping[int, TrackedVideo] | None
    category_names: Mapping[int, str] | None
    tracks: tuple[Track, ...]
