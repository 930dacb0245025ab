"""Files that came back: unpacked where they are zipped, and their problems gathered."""

import contextlib
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

from yolact_cli.errors import AnnotationError, BadLabelsError
from yolact_cli.formats.untrusted import checked_size_hw
from yolact_cli.json_text import BadJsonError, parse_json
from yolact_cli.labels import ReadLabels, ReadPicture

MOST_BYTES = 2 << 30
"""Of a file of labels, unpacked."""


class Problems:
    """Gathers what is wrong with a file and what of it cannot be used.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.found: list[str] = []
        self.not_understood: list[str] = []

    def add(self, sentence: str) -> None:
        """Note something that makes the file one not to be trusted."""
        self.found.append(sentence)

    def pass_over(self, sentence: str) -> None:
        """Note something that is not read, with its place; the rest is."""
        self.not_understood.append(sentence)

    def raise_if_any(self) -> None:
        """End with all of them.

        Raises:
            BadLabelsError: There are some.
        """
        if self.found:
            raise BadLabelsError(str(self._path), self.found)

    def labels(self, pictures: Iterable[ReadPicture]) -> ReadLabels:
        """The file's pictures, with what was passed over.

        Raises:
            BadLabelsError: It is not to be trusted.
        """
        self.raise_if_any()
        return ReadLabels(
            origin=str(self._path),
            pictures=tuple(pictures),
            not_understood=tuple(self.not_understood),
        )

    def error(self, sentence: str) -> BadLabelsError:
        """An error of this one problem."""
        return BadLabelsError(str(self._path), [sentence])

    def size_hw(self, place: str, height: Any, width: Any) -> tuple[int, int] | None:
        """A picture's size, or None, noted, where it is none."""
        size_hw = checked_size_hw(height, width)
        if size_hw is None:
            self.add(
                f"{place}: {width!r} x {height!r} px is no size of a picture".replace("\n", " ")
            )
        return size_hw


@contextlib.contextmanager
def opened(path: Path, suffix: str) -> Iterator[BinaryIO]:
    """A file of labels, or the only one of that suffix in a zip archive, to be read in pieces.

    Args:
        path: The file.
        suffix: Of files in archives, such as ``.xml``.

    Raises:
        BadLabelsError: It cannot be opened, is too large, or an archive without such a file or
            with several.
    """
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(path.open("rb"))
            is_archive = zipfile.is_zipfile(file)
            file.seek(0)
            if is_archive:
                archive = stack.enter_context(zipfile.ZipFile(file))
                member = _only_member(path, archive, suffix)
                stream = cast(BinaryIO, stack.enter_context(archive.open(member)))
            else:
                _check_size(path, path.stat().st_size)
                stream = cast(BinaryIO, file)
        except OSError as error:
            raise BadLabelsError(
                str(path), [f"cannot be read: {error.strerror or error}"], remedy="Check the path."
            ) from error
        except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
            raise BadLabelsError(
                str(path), [f"no zip archive that can be read: {error}"]
            ) from error
        try:
            yield stream
        except (zipfile.BadZipFile, EOFError) as error:
            raise BadLabelsError(
                str(path), [f"no zip archive that can be read: {error}"]
            ) from error


def read_json(path: Path) -> Any:
    """The JSON of a file, or of the only ``.json`` in an archive, a byte order mark forgiven.

    Raises:
        BadLabelsError: It cannot be read, or is not JSON.
    """
    with opened(path, ".json") as stream:
        data = stream.read(MOST_BYTES + 1)
    _check_size(path, len(data))
    try:
        return parse_json(data)
    except BadJsonError as error:
        raise BadLabelsError(str(path), [str(error)]) from None


def _only_member(path: Path, archive: zipfile.ZipFile, suffix: str) -> zipfile.ZipInfo:
    members = [one for one in archive.infolist() if one.filename.lower().endswith(suffix)]
    if len(members) != 1:
        count = "no" if not members else f"{len(members)}"
        raise BadLabelsError(
            str(path),
            [f"an archive with {count} files ending in {suffix}"],
            remedy="Unpack it and give the file with the labels.",
        )
    _check_size(path, members[0].file_size)
    return members[0]


def _check_size(path: Path, size_bytes: int) -> None:
    if size_bytes > MOST_BYTES:
        raise AnnotationError(f"{path}: is larger than {MOST_BYTES >> 30} GB, and was not read.")
