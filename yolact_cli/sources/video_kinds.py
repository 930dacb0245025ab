"""What is a video by its name, and what is the address of one on a network. No file is opened."""

import re
from pathlib import PurePath
from urllib.parse import urlsplit

_NAMES = (
    "mp4 m4v mov qt mkv webm avi mpg mpeg m2v m1v vob ts mts m2ts wmv asf flv f4v 3gp 3g2 ogv ogm"
    " mxf rm rmvb divx dv y4m"
)
VIDEO_EXTENSIONS = frozenset(f".{name}" for name in _NAMES.split())
"""What is taken for a video in a folder, in lower case. GIF is a picture, its first frame."""

_SCHEMES = frozenset(("rtsp", "rtsps", "rtmp", "rtmps", "http", "https", "udp", "srt"))


def is_video_name(name: str) -> bool:
    """Whether a file of this name is taken for a video; upper and lower case are alike."""
    return PurePath(name).suffix.lower() in VIDEO_EXTENSIONS


def is_stream_address(text: str) -> bool:
    """Whether this is where a camera or server is reached (``rtsp://…``), and no path."""
    scheme, separator, rest = text.partition("://")
    return bool(separator and rest) and scheme.lower() in _SCHEMES


_CAMERA = re.compile(r"camera:(\d+)")


def camera_number(location: str) -> int | None:
    """The number in ``camera:0``, or None for anything else."""
    found = _CAMERA.fullmatch(location)
    return int(found[1]) if found else None


def is_live(location: str) -> bool:
    """Whether frames come as they are made: from a camera or an address, not from a file."""
    return is_stream_address(location) or camera_number(location) is not None


def live_name(location: str) -> str:
    """What a camera or stream is called in a run: no password, no slash."""
    number = camera_number(location)
    if number is not None:
        return f"camera-{number}"
    parts = urlsplit(location)
    host = parts.netloc.rpartition("@")[2]
    return re.sub(r"[^\w.-]+", "-", f"{host}{parts.path}").strip("-") or "stream"


def without_password(location: str) -> str:
    """An address fit to be written down; anything else as it is."""
    if not is_stream_address(location):
        return location
    scheme, _, rest = location.partition("://")
    authority, slash, path = rest.partition("/")
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
