"""A run folder to write into, and frames to write about."""

import numpy as np
import pytest

from yolact_cli.store import LocalStore
from yolact_cli.structures import Category, Frame


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "run")


@pytest.fixture
def classes():
    """Three classes; the second is not the first's neighbour among the category ids."""
    return {
        0: Category(category_id=1, name="person"),
        1: Category(category_id=17, name="Kätzchen"),
        2: Category(category_id=90, name="人"),
    }


@pytest.fixture
def make_frame(make_picture):
    """A frame with a preview that fits the detections: ``make_frame(detections, height, width)``."""

    def build(detections, height=None, width=None, preview=None):
        if preview is None:
            size_hw = (height or detections.size_hw[0], width or detections.size_hw[1])
            preview = make_picture(*np.maximum(size_hw, 2))
        return Frame(
            picture_id=detections.picture_id,
            name=detections.name,
            size_hw=detections.size_hw,
            pixels=np.zeros((8, 8, 3), np.uint8),
            preview=preview,
        )

    return build
