"""Pictures beside files of labels that came back: which one it is, and its size."""

import warnings
from pathlib import Path, PurePosixPath

from PIL import Image

from yolact_cli.formats.untrusted import checked_size_hw

_ORIENTATION = 0x0112
_TURNED = frozenset({5, 6, 7, 8})


def size_hw_of(path: Path) -> tuple[int, int] | None:
    """Height and width, EXIF orientation applied; None for what is no picture, or too large."""
    with warnings.catch_warnings():
        # We have a limit of our own; and a file with odd metadata is none of our business here.
        warnings.simplefilter("ignore")
        try:
            with Image.open(path) as image:
                width, height = image.size
                is_turned = image.getexif().get(_ORIENTATION) in _TURNED
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            return None
    return checked_size_hw(width, height) if is_turned else checked_size_hw(height, width)


class PicturesBeside:
    """Pictures below a folder, found by their stems; a folder is listed once.

    Args:
        root: The folder; it need not be there.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._listed: dict[Path, dict[str, list[Path]]] = {}

    def find(self, stem: str) -> tuple[str, tuple[int, int]] | None:
        """Name below the folder, and size, of the picture of that stem; None where none is."""
        folder = self._root / PurePosixPath(stem).parent
        for path in self._stems(folder).get(PurePosixPath(stem).name, ()):
            if (size_hw := size_hw_of(path)) is not None:
                return path.relative_to(self._root).as_posix(), size_hw
        return None

    def _stems(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._listed:
            found: dict[str, list[Path]] = {}
            for path in sorted(folder.iterdir()) if folder.is_dir() else ():
                found.setdefault(path.stem, []).append(path)
            self._listed[folder] = found
        return self._listed[folder]
