"""Names of pictures in a run: relative, safe below any folder, unique whatever the file system."""

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath


class NameBook:
    """Gives each picture a name that no other has, in the order in which they come.

    The first to come keeps its plain name; a later one of the same name is put below the name of
    its source folder, then below ``folder-2``, and so on. Names that differ only in case or in
    Unicode composition count as the same, since many file systems cannot hold both.
    """

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {_key(name) for name in taken}
        self._next_number: dict[str, int] = {}

    def claim(self, relative: str, folder: str) -> str:
        """A free name for a picture, taken from now on.

        Args:
            relative: Its path below its source, with forward slashes.
            folder: The name of its source folder, used where ``relative`` is taken.
        """
        name = plain = safe_name(relative)
        if _key(name) in self._taken:
            name = safe_name(f"{folder}/{plain}")
        # Counting on from the last number keeps thousands of equal names from costing a square.
        number = self._next_number.get(_key(name), 2)
        while _key(name) in self._taken:
            name = safe_name(f"{folder or 'source'}-{number}/{plain}")
            number += 1
        self._next_number[_key(safe_name(f"{folder}/{plain}"))] = number
        self._taken.add(_key(name))
        return name


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


def _key(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()
