"""Names of pictures in a run: relative, safe below any folder, unique whatever the file system."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath


class NameBook:
    """Gives each picture a name that no other has, in the order in which they come.

    The first to come keeps its plain name; a later one of the same name is put below the name of
    its source folder, then below ``folder-2``, and so on. Names that differ only in case or in
    Unicode composition count as the same, since many file systems cannot hold both. A name is
    never the folder of another: of a video's frames, and of overlays, there are files of both.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken: set[str] = set()
        self._folders: set[str] = set()
        self._next_number: dict[str, int] = {}
        for name in taken:
            self._take(name)

    def claim(self, relative: str, folder: str) -> str:
        """A free name for a picture, taken from now on.

        Args:
            relative: Its path below its source, with forward slashes.
            folder: The name of its source folder, used where ``relative`` is taken.
        """
        name = plain = safe_name(relative)
        if self._is_taken(name):
            name = safe_name(f"{folder}/{plain}")
        # Counting on from the last number keeps thousands of equal names from costing a square.
        number = self._next_number.get(_key(name), 2)
        while self._is_taken(name):
            name = safe_name(f"{folder or 'source'}-{number}/{plain}")
            number += 1
        self._next_number[_key(safe_name(f"{folder}/{plain}"))] = number
        self._take(name)
        return name

    def _take(self, name: str) -> None:
        self._taken.add(_key(name))
        self._folders.update(_folders_of(_key(name)))

    def _is_taken(self, name: str) -> bool:
        key = _key(name)
        return (
            key in self._taken
            or key in self._folders
            or any(folder in self._taken for folder in _folders_of(key))
        )


def safe_name(relative: str) -> str:
    """A path made relative, without steps upwards, of printable text.

    Bytes that are no valid text and control characters become ``%XX``.
    """
    parts = [part for part in PurePosixPath(relative).parts if part not in {"/", "//", ".", ".."}]
    return printable("/".join(parts)) or "picture"


def printable(text: str) -> str:
    """Text fit for a terminal or a file: bytes and characters that are not become ``%XX``."""
    return "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable() or (ord(character) > 0x9F and not _is_surrogate(character)):
        return character
    return "".join(f"%{byte:02X}" for byte in character.encode("utf-8", "surrogateescape"))


def _is_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _folders_of(key: str) -> list[str]:
    return [str(folder) for folder in PurePosixPath(key).parents[:-1]]


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
