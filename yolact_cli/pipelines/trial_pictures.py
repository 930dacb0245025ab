"""Pictures to try a model on: somebody's own, or made-up ones."""

import itertools
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from jaxtyping import Shaped, UInt8

from yolact_cli.errors import NoInputsError, UnreadablePictureError
from yolact_cli.inference.preprocess import Resize
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.sources.discover import discover
from yolact_cli.zoo.card import ModelCard

_log = logging.getLogger(__name__)

MOST_PICTURES = 8
_MADE_UP = 3


def trial_pixels(card: ModelCard, images: Path | None) -> Shaped[np.ndarray, "b s s 3"]:
    """A few pictures at the network's input size.

    Args:
        card: Of the network.
        images: A folder, or None for made-up pictures.

    Raises:
        NoInputsError: The folder holds no picture that can be read.
    """
    resize = Resize(input_size=card.network.input_size, kind=card.input.interpolation)
    if images is None:
        pictures = [made_up_picture(seed) for seed in range(_MADE_UP)]
    else:
        pictures = list(itertools.islice(readable_pictures(images), MOST_PICTURES))
    return np.stack([resize(picture) for picture in pictures])


def readable_pictures(folder: Path) -> Iterator[UInt8[np.ndarray, "_ _ 3"]]:
    """The pictures below a folder, in order; those that cannot be read are passed over.

    Raises:
        NoInputsError: There is none.
    """
    is_empty = True
    for listed in discover([str(folder)]).pictures:
        try:
            yield read_picture(listed.location, DecodeSettings())
        except UnreadablePictureError as error:
            _log.warning("%s", error)
            continue
        is_empty = False
    if is_empty:
        raise NoInputsError(f"{folder}: none of its pictures can be read.")


def made_up_picture(
    seed: int, *, size_hw: tuple[int, int] | None = None
) -> UInt8[np.ndarray, "h w 3"]:
    """Gradients, ellipses and some noise: everything that a convolution can get wrong.

    Args:
        seed: Pictures of different seeds differ; those of one are the same everywhere.
        size_hw: In px; None for one that goes with the seed.
    """
    rng = np.random.default_rng(seed)
    height, width = size_hw or (300 + 20 * seed, 400)
    rows, columns = np.mgrid[:height, :width]
    picture = np.stack([rows * 0.6, columns * 0.5, (rows + columns) * 0.3], axis=-1)
    for _ in range(12):
        y, x = rng.uniform(0, height), rng.uniform(0, width)
        radius_y, radius_x = rng.uniform(10, 120, 2)
        inside = ((rows - y) / radius_y) ** 2 + ((columns - x) / radius_x) ** 2 < 1
        picture[inside] = rng.uniform(0, 255, 3)
    picture += rng.normal(0, 8, picture.shape)
    return picture.clip(0, 255).astype(np.uint8)
