"""One PNG an object, for tools that take a file a mask."""

from collections.abc import Mapping

import numpy as np

from yolact_cli.geometry.masks import crop_of
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections, Frame
from yolact_cli.writers import names, rasters


class ObjectPngWriter:
    """Writes ``masks/<name>.objects/<i>.png``: 255 where the picture's i-th annotation is, else 0.

    Annotations count as in the instance PNG, but objects keep the pixels that a better one covers.
    A picture without objects has no such file.

    Args:
        store: Takes the files.
        classes: For every class id of the model the category it is written as; None drops it.
    """

    def __init__(self, store: Store, classes: Mapping[int, Category | None]) -> None:
        self._store = store
        self._classes = classes

    def write(self, frame: Frame, detections: Detections) -> None:  # noqa: ARG002 - the protocol's
        """Write one file an object; one raster is in memory at a time."""
        canvas = np.zeros(detections.size_hw, np.uint8)
        for number, instance in enumerate(detections.keeping(self._classes).instances, start=1):
            x, y, width, height = instance.bbox_xywh_px
            window = canvas[y : y + height, x : x + width]
            window[crop_of(instance, detections.size_hw)] = 255
            self._store.put(names.object_path(detections.name, number), rasters.gray_png(canvas))
            window[:] = 0
