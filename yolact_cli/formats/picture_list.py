"""``pictures.csv``: what formats that know pictures by a bare stem leave out.

One line a picture: the stem of its labels, its name in the run, width and height. Readers of these
formats need neither the picture nor a guess at its ending to know which one it was.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from yolact_cli.errors import AnnotationError
from yolact_cli.formats.untrusted import checked_size_hw, inner_name, read_text
from yolact_cli.labels import LabelledPicture
from yolact_cli.store import Store

PICTURES = "pictures.csv"
_COLUMNS = ("labels", "picture", "width", "height")


class PictureList:
    """The list while it is written. Made by :func:`picture_list`."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._write(_COLUMNS)

    def add(self, stem: str, picture: LabelledPicture) -> None:
        """Add a picture whose labels are called ``stem``."""
        height, width = picture.size_hw
        self._write((stem, picture.name, width, height))

    def _write(self, cells: tuple[object, ...]) -> None:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerow(cells)
        self._stream.write(text.getvalue().encode("utf-8", "surrogateescape"))


@contextmanager
def picture_list(store: Store) -> Iterator[PictureList]:
    """The list of an export's pictures; whole when the block ends."""
    with store.put_stream(PICTURES) as stream:
        yield PictureList(stream)


def read_picture_list(folder: Path) -> dict[str, tuple[str, tuple[int, int]]]:
    """Name and size (height, width) of each picture by the stem of its labels.

    Empty where there is no such list; lines that are none of ours are passed over.

    Raises:
        AnnotationError: It cannot be read, or is absurdly large.
    """
    path = folder / PICTURES
    if not path.is_file():
        return {}
    found: dict[str, tuple[str, tuple[int, int]]] = {}
    try:
        for row in csv.DictReader(io.StringIO(read_text(path), newline="")):
            size = _size_hw(row.get("height"), row.get("width"))
            stem, name = row.get("labels"), row.get("picture")
            if size is not None and stem and name:
                found[stem] = inner_name(name), size
    except csv.Error as error:
        raise AnnotationError(f"{path}: is no table ({error}).") from error
    return found


def _size_hw(height: str | None, width: str | None) -> tuple[int, int] | None:
    digits = (height or "", width or "")
    if not all(text.isascii() and text.isdecimal() and len(text) < 10 for text in digits):
        return None
    return checked_size_hw(int(digits[0]), int(digits[1]))
