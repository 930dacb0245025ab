"""JSON lists of any length, written one object a line."""

import json
from collections.abc import Iterable, Mapping
from typing import IO, Any


def write_items(stream: IO[bytes], items: Iterable[Mapping[str, Any]]) -> int:
    """Write objects one a line, with commas between them, and return their number."""
    writer = ItemWriter(stream)
    for item in items:
        writer.write(item)
    return writer.count


class ItemWriter:
    """Writes objects one a line, with commas between them, as they come.

    Attributes:
        count: Written so far.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.count = 0
        self._stream = stream

    def write(self, item: Mapping[str, Any]) -> None:
        """Write the next object."""
        self._stream.write((b",\n" if self.count else b"\n") + dump(item))
        self.count += 1


def dump(value: Any) -> bytes:
    """JSON in ASCII, as file names may be in any encoding.

    Raises:
        ValueError: A number in it is infinite, or none.
    """
    return json.dumps(value, allow_nan=False).encode("ascii")
