"""What is let in from files that came back: sizes, numbers and names that cannot do harm."""

import json
import math
from pathlib import Path
from typing import Any

from yolact_cli.errors import AnnotationError

MOST_PIXELS = 178_956_970
"""Of a picture, as when pictures are annotated: Pillow's own limit for bombs."""
MOST_BYTES_OF_TEXT = 256 << 20
MOST_COORDINATE_PX = 1_000_000.0
_MOST_UID_CHARACTERS = 64


def read_text(path: Path, *, most_bytes: int = MOST_BYTES_OF_TEXT) -> str:
    """A text file's contents; bytes that are no UTF-8 come as they do in file names.

    Raises:
        AnnotationError: It cannot be read, or is larger than any file of its kind.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise AnnotationError(f"{path}: cannot be read ({error.strerror}).") from error
    if len(data) > most_bytes:
        raise AnnotationError(f"{path}: is larger than {most_bytes >> 20} MB, and was not read.")
    return data.decode("utf-8-sig", "surrogateescape")


def read_json(path: Path) -> Any:
    """A JSON file's contents.

    Raises:
        AnnotationError: It cannot be read, is too large, or is not JSON.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise AnnotationError(f"{path}: is not JSON ({error}).") from error


def checked_size_hw(height: Any, width: Any) -> tuple[int, int] | None:
    """A picture's size, or None where it is no size of a picture that we would open."""
    is_whole = type(height) is int and type(width) is int
    if not is_whole or min(height, width) < 1 or height * width > MOST_PIXELS:
        return None
    return height, width


def checked_score(value: Any) -> float | None:
    """A score in [0, 1], or None where it is none."""
    if type(value) not in (int, float) or not 0 <= value <= 1:
        return None
    return float(value)


def checked_uid(value: Any) -> str | None:
    """An object's uid, or None where it is none."""
    is_uid = isinstance(value, str) and 0 < len(value) <= _MOST_UID_CHARACTERS
    return value if is_uid else None


def checked_points(value: Any, *, fewest: int = 3) -> list[tuple[float, float]] | None:
    """Points in px, or None where they are none: too few, not finite, or absurdly far away."""
    if not isinstance(value, list) or len(value) < fewest:
        return None
    points = []
    for point in value:
        if not (isinstance(point, list | tuple) and len(point) == 2):
            return None
        x, y = point
        for number in (x, y):
            if type(number) not in (int, float) or not math.isfinite(number):
                return None
            if abs(number) > MOST_COORDINATE_PX:
                return None
        points.append((float(x), float(y)))
    return points


def inner_name(path: str, folder: str = "") -> str:
    """A path as a name below ``folder``, with forward slashes; its last part where it leads out.

    Args:
        path: As a file of labels has it: of any system, relative or absolute.
        folder: What it is relative to, with forward slashes; empty for the top.
    """
    parts = path.replace("\\", "/").split("/")
    is_absolute = parts[0] == "" or ":" in parts[0]
    kept: list[str] = [part for part in folder.split("/") if part]
    for part in parts:
        if is_absolute or (part == ".." and not kept):
            return parts[-1]
        if part == "..":
            kept.pop()
        elif part not in ("", "."):
            kept.append(part)
    return "/".join(kept)
