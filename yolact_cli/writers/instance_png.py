"""One 16-bit PNG a picture with an instance id in each pixel."""

from collections.abc import Mapping

from yolact_cli.geometry.masks import paint_instances
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections, Frame
from yolact_cli.writers import names, rasters


class InstancePngWriter:
    """Writes ``masks/<name>.instances.png``: 0 is background, id i the picture's i-th annotation.

    Annotations count within the picture in the order they are written, the highest score first.
    Where objects overlap the higher score, that is the lower id, has the pixel; the whole masks
    are in ``annotations.json``.

    Args:
        store: Takes the files.
        classes: For every class id of the model the category it is written as; None drops it.
    """

    def __init__(self, store: Store, classes: Mapping[int, Category | None]) -> None:
        self._store = store
        self._classes = classes

    def write(self, frame: Frame, detections: Detections) -> None:  # noqa: ARG002 - the protocol's
        """Write the picture's ids; a picture without objects gives a PNG of zeros."""
        ids = paint_instances(detections.keeping(self._classes))
        self._store.put(names.mask_path(detections.name, "instances"), rasters.gray_png(ids))
