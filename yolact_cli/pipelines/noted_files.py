"""Pictures that could not be found or read while something else went on."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from yolact_cli.errors import InputError
from yolact_cli.labels import LabelledPicture, PictureFiles

SHOWN = 20
"""Sentences that are remembered; the others are only counted."""


class NotedFiles:
    """The way to pictures that notes whom it led nowhere; see :class:`PictureFiles`.

    Attributes:
        sentences: Of the first pictures that could not be had.

    Args:
        files: The way itself.
    """

    def __init__(self, files: PictureFiles) -> None:
        self._files = files
        self._failed: set[int] = set()
        self.sentences: list[str] = []

    @property
    def failed(self) -> int:
        """How many pictures could not be had, each counted once."""
        return len(self._failed)

    def path_of(self, picture: LabelledPicture) -> Path | None:
        """As the way itself."""
        try:
            return self._files.path_of(picture)
        except InputError as error:
            self._note(picture, error)
            raise

    def pixels_of(self, picture: LabelledPicture) -> UInt8[np.ndarray, "h w 3"]:
        """As the way itself."""
        try:
            return self._files.pixels_of(picture)
        except InputError as error:
            self._note(picture, error)
            raise

    def _note(self, picture: LabelledPicture, error: InputError) -> None:
        if picture.picture_id in self._failed:
            return
        self._failed.add(picture.picture_id)
        if len(self.sentences) < SHOWN:
            self.sentences.append(str(error))
