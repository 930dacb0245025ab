"""The pixels of the pictures that were scored: from a folder, or from where a run found them."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import Literal, Self

import numpy as np
from jaxtyping import UInt8

from yolact_cli.errors import UnreadablePictureError, YolactError
from yolact_cli.runs.listing import LISTING, read_listing
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.store import LocalStore
from yolact_cli.structures import ListedPicture, TruthPicture

Trouble = Literal["not found", "unreadable", "of another size than in truth"]


class ScoredPictures:
    """Finds and opens pictures of truth; what is not to be had is counted, and nothing worse.

    Attributes:
        troubles: What was asked for in vain, by name and why.
    """

    def __init__(self, candidates: Callable[[TruthPicture], list[Path]]) -> None:
        """Take a way to say where a picture may be; see :meth:`of`."""
        self._candidates = candidates
        self._decode = DecodeSettings()
        self.troubles: dict[str, Trouble] = {}

    @classmethod
    def of(cls, predictions: Path, images_dir: Path | None, *, joined_by_id: bool) -> Self:
        """Where the pictures of these predictions are.

        Args:
            predictions: The folder of a run, or a file, which may be a run's.
            images_dir: Where truth's file names start, or None for the run's own places.
            joined_by_id: Whether truth's ids are the run's, rather than its names.
        """
        if images_dir is not None:
            return cls(lambda picture: _below(images_dir, picture.file_name))
        run = predictions if predictions.is_dir() else predictions.parent
        listing = _listing(run)
        if joined_by_id:
            by_id = {one.picture_id: Path(one.location) for one in listing}
            return cls(lambda picture: [by_id[key] for key in [picture.image_id] if key in by_id])
        by_name = {one.name: Path(one.location) for one in listing}
        alike = Counter(_last_part(one.name) for one in listing)
        by_last = {
            _last_part(one.name): Path(one.location)
            for one in listing
            if alike[_last_part(one.name)] == 1
        }
        return cls(lambda picture: _named(picture.file_name, by_name, by_last))

    def pixels_of(self, picture: TruthPicture) -> UInt8[np.ndarray, "h w 3"] | None:
        """RGB, upright, of the size that truth says; None where it is not to be had."""
        path = next((one for one in self._candidates(picture) if one.is_file()), None)
        if path is None:
            self.troubles[picture.file_name] = "not found"
            return None
        try:
            pixels = read_picture(str(path), self._decode, name=picture.file_name)
        except UnreadablePictureError:
            self.troubles[picture.file_name] = "unreadable"
            return None
        if pixels.shape[:2] != (picture.height, picture.width):
            self.troubles[picture.file_name] = "of another size than in truth"
            return None
        return pixels


def _listing(run: Path) -> list[ListedPicture]:
    store = LocalStore(run)
    try:
        return read_listing(store) if store.exists(LISTING) else []
    except YolactError:  # a damaged run: its figures stand, its pictures are elsewhere
        return []


def _below(folder: Path, file_name: str) -> list[Path]:
    """Where the name leads, and its last part; never out of the folder."""
    pure = PurePosixPath(file_name)
    inside = [] if pure.is_absolute() or ".." in pure.parts else [folder / pure]
    last = _last_part(file_name)
    safe = last not in ("", ".", "..") and "\0" not in file_name
    return [*inside, folder / last] if safe else []


def _named(file_name: str, by_name: dict[str, Path], by_last: dict[str, Path]) -> list[Path]:
    found = by_name.get(file_name.removeprefix("./")) or by_last.get(_last_part(file_name))
    return [] if found is None else [found]


def _last_part(file_name: str) -> str:
    return file_name.rsplit("/", 1)[-1]
