"""A video's file or address to an open container and its stream of pictures."""

import stat
import sys
from collections.abc import Mapping
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from yolact_cli.sources.video_error import check_frame_pixels, unreadable_video
from yolact_cli.sources.video_kinds import camera_number, is_stream_address

__all__ = ["first_video", "open_container"]

_HEAD_BYTES = 12
_PATIENCE_S = 10.0  # that a stream may be silent for
_CAMERAS = {"linux": ("v4l2", "/dev/video{}"), "darwin": ("avfoundation", "{}")}
_COPY_AGAIN = "Copy it again, or leave it out."


def open_container(
    location: str, options: Mapping[str, str] | None, *, name: str
) -> InputContainer:
    """What FFmpeg makes of a path or an address; names in it may be in any encoding.

    Raises:
        UnreadableVideoError: It is not there, may not be read, or is no video.
    """
    number = camera_number(location)
    if number is not None:
        return _open_camera(number, options, name=name)
    is_address = is_stream_address(location)
    head = b"" if is_address else _head_of(location, name)
    # A file can be a playlist in disguise; what it names on the network is not fetched.
    own = {} if is_address else {"protocol_whitelist": "file"}
    try:
        return av.open(
            location,
            options=own | dict(options or {}),
            metadata_errors="replace",
            timeout=_PATIENCE_S if is_address else None,
        )
    except (av.FFmpegError, OSError, ValueError) as error:
        problem, remedy = _why_not_opened(location, head, error)
        raise unreadable_video(name, problem, remedy) from error


def first_video(container: InputContainer, *, name: str, max_pixels: int) -> VideoStream:
    """The first stream of moving pictures; a cover picture beside music is none.

    Raises:
        UnreadableVideoError: There is none, its codec is not known, or its frames are too large.
    """
    streams = [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]
    if not streams:
        kinds = sorted({stream.type for stream in container.streams})
        problem = f"has no pictures, only {' and '.join(kinds)}" if kinds else "has no pictures"
        raise unreadable_video(name, problem, "Leave it out.")
    stream = streams[0]
    context = stream.codec_context
    if context is None:
        raise unreadable_video(
            name,
            "its pictures are coded in a way that is not known here",
            "Convert it to H.264 first, with a program that plays it.",
        )
    check_frame_pixels((context.width, context.height), name=name, max_pixels=max_pixels)
    # Frames that grow on the way are refused by the decoder, which counts no more than an int.
    context.options = {"max_pixels": str(min(max_pixels, 2**31 - 1))}
    # One thread: an error then belongs to the packet at hand, and the same file gives the same
    # frames every time, however damaged it is.
    context.thread_count = 1
    return stream


def _open_camera(number: int, options: Mapping[str, str] | None, *, name: str) -> InputContainer:
    kind, pattern = _CAMERAS.get(sys.platform, ("", ""))
    if not kind:
        raise unreadable_video(
            name,
            "cameras cannot be opened by number on this system",
            "Give the address of a stream instead.",
        )
    try:
        return av.open(pattern.format(number), format=kind, options=dict(options or {}))
    except (av.FFmpegError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise unreadable_video(
            name, f"cannot be opened ({reason})", "Check that it is plugged in, and yours to use."
        ) from error


def _head_of(location: str, name: str) -> bytes:
    """A file's first bytes.

    Raises:
        UnreadableVideoError: There is no such ordinary file, or it is empty.
    """
    path = Path(location)
    try:
        # Asked before opening, which would wait for ever on a pipe.
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise unreadable_video(name, "is a folder", "Give the videos in it.")
        if not stat.S_ISREG(mode):
            raise unreadable_video(name, "is no ordinary file", "Leave it out.")
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise unreadable_video(name, "there is no such file", "Check the spelling.") from error
    except PermissionError as error:
        raise unreadable_video(name, "may not be read", "Change its permissions.") from error
    except (OSError, ValueError) as error:
        raise unreadable_video(name, f"cannot be opened ({error})", "Check the disk.") from error
    if not head:
        raise unreadable_video(name, "the file is empty", _COPY_AGAIN)
    return head


def _why_not_opened(location: str, head: bytes, error: Exception) -> tuple[str, str]:
    """What is wrong and what to do, where FFmpeg opened nothing."""
    if is_stream_address(location):
        reason = getattr(error, "strerror", None) or str(error)
        return f"cannot be reached ({reason})", "Check the address and the network."
    if head[4:8] in (b"ftyp", b"mdat", b"wide", b"free", b"skip", b"moov"):
        problem = "its index is missing: the recording or a download of it was broken off"
        return (
            problem,
            "Copy it again, or have it repaired with the help of a whole one from the same camera.",
        )
    if head[:4] == b"\x1a\x45\xdf\xa3":  # Matroska and WebM
        return "it holds no picture, only the beginning of a recording", _COPY_AGAIN
    return "not a video, or too damaged to be taken for one", _COPY_AGAIN
