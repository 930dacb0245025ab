"""Pictures beside their labels: copied byte for byte, linked, or not at all."""

import contextlib
import io
import os
import shutil
from pathlib import PurePosixPath

from PIL import Image

from yolact_cli.errors import InputError
from yolact_cli.labels import LabelledPicture, LabelSet, PictureFiles
from yolact_cli.settings import Images
from yolact_cli.store import LocalStore

USUAL: Images = "copy" if os.name == "nt" else "link"
"""For formats that are data sets with their pictures; Windows lets few people make links."""
_PIECE_BYTES = 1 << 20


def put_picture_of_set(
    labels: LabelSet,
    store: LocalStore,
    picture: LabelledPicture,
    *,
    path: str,
    images: Images | None,
) -> None:
    """Put a picture into a data set that has its pictures with it, under ``path`` and its ending.

    One that cannot be found is left out: it was noted by those who gave the files, and its labels
    are worth having without.

    Args:
        labels: With the way to the picture.
        store: The data set.
        picture: Whose file it is.
        path: Within the store, without the ending.
        images: How, or None for the usual way.
    """
    ending = PurePosixPath(picture.name).suffix
    with contextlib.suppress(InputError):
        put_picture(store, f"{path}{ending}", picture, labels.files, images or USUAL)


def put_picture(
    store: LocalStore, path: str, picture: LabelledPicture, files: PictureFiles, how: Images
) -> None:
    """Put a picture into the store, as the file that it is or as a link to that.

    A video's frame that is in no file of its own becomes a PNG either way. Copies keep their EXIF
    orientation, as their labels suppose.

    Raises:
        InputError: The picture is not where it was.
        OutputError: The store cannot take it.
    """
    if how == "none":
        return
    source = files.path_of(picture)
    if source is None:
        with io.BytesIO() as stream:
            Image.fromarray(files.pixels_of(picture)).save(stream, "png", compress_level=1)
            store.put(path, stream.getvalue())
    elif how == "link":
        store.link(path, source)
    else:
        with source.open("rb") as reader, store.put_stream(path) as writer:
            shutil.copyfileobj(reader, writer, _PIECE_BYTES)
