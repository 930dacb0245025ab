"""JSON lists of any length, written one object a line."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, BinaryIO


def write_items(stream: BinaryIO, items: Iterable[Mapping[str, Any]]) -> int:
    """Write objects one a line, with commas between them, and return their number."""
    count = 0
    for item in items:
        stream.write((b",\n" if count else b"\n") + dump(item))
        count += 1
    return count


def dump(value: Any) -> bytes:
    """JSON in ASCII, as file names may be in any encoding.

    Raises:
        ValueError: A number in it is infinite, or none.
    """
    return json.dumps(value, allow_nan=False).encode("ascii")
