"""A video's labelled frames as pictures, for tools that know no videos."""

import numpy as np

from yolact_cli.store import Store
from yolact_cli.structures import Detections, Frame
from yolact_cli.writers import names, rasters


class FramePngWriter:
    """Writes ``frames/<name>``, lossless: annotating it gives the same labels as the video did.

    Args:
        store: Takes the files.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, frame: Frame, detections: Detections) -> None:
        """Write the frame, which came with its whole pixels as the preview."""
        assert frame.preview is not None  # noqa: S101 - asked for when frames are written
        pixels = np.asarray(frame.preview, np.uint8)
        self._store.put(names.frame_path(detections.name), rasters.rgb_png(pixels))
