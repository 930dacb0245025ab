"""One PNG a picture with a class in each pixel."""

import io
import zlib
from collections.abc import Mapping

import numpy as np
from jaxtyping import UInt16
from PIL import Image

from yolact_cli.geometry.masks import paint
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections, Frame
from yolact_cli.writers import names, rasters
from yolact_cli.writers.palette import class_colours

_PALETTE_SIZE = 256


def semantic_values(classes: Mapping[int, Category | None]) -> dict[int, int]:
    """The pixel value of each kept class: its id plus 1, as 0 is background.

    Classes that are written as one category share the value of the first of them.
    """
    values: dict[int, int] = {}
    first: dict[int, int] = {}
    for class_id in sorted(classes):
        category = classes[class_id]
        if category is not None:
            values[class_id] = first.setdefault(category.category_id, class_id + 1)
    return values


class SemanticPngWriter:
    """Writes ``masks/<name>.semantic.png``, a palette PNG: viewers show colours, readers values.

    Where objects overlap the higher score has the pixel. With more than 255 classes a palette is
    too small, and the PNG is 16-bit grey instead.

    Args:
        store: Takes the files.
        classes: For every class id of the model the category it is written as; None drops it.
    """

    def __init__(self, store: Store, classes: Mapping[int, Category | None]) -> None:
        self._store = store
        self._classes = classes
        self._values = semantic_values(classes)

    def write(self, frame: Frame, detections: Detections) -> None:  # noqa: ARG002 - the protocol's
        """Write the picture's classes; a picture without objects gives a PNG of zeros."""
        kept = detections.keeping(self._classes)
        raster = paint(kept, [self._values[item.class_id] for item in kept.instances])
        has_palette = max(self._values.values(), default=0) < _PALETTE_SIZE
        data = _palette_png(raster) if has_palette else rasters.gray_png(raster)
        self._store.put(names.mask_path(detections.name, "semantic"), data)


def _palette_png(raster: UInt16[np.ndarray, "h w"]) -> bytes:
    colours = np.zeros((_PALETTE_SIZE, 3), np.uint8)
    colours[1:] = class_colours(_PALETTE_SIZE - 1)
    picture = Image.fromarray(raster.astype(np.uint8), "L")
    picture.putpalette(colours.tobytes())
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_type=zlib.Z_RLE)  # as in rasters.py: smaller, and quicker
    return stream.getvalue()
