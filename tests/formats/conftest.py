"""Builders for what is written as text."""

import io
import json

import pytest

from yolact_cli.formats.coco import write_coco
from yolact_cli.structures import Category


@pytest.fixture
def classes():
    """Three classes with the gaps that COCO's category ids have."""
    return {
        0: Category(category_id=1, name="person", supercategory="person"),
        1: Category(category_id=17, name="Kätzchen", supercategory="animal"),
        2: Category(category_id=90, name="人", supercategory=""),
    }


@pytest.fixture
def written(classes):
    """Bytes of a COCO file with the given pictures: ``written([detections, …])``."""

    def write(pictures, classes=classes, info=None) -> bytes:
        stream = io.BytesIO()
        write_coco(stream, lambda: iter(pictures), classes=classes, info=info or {})
        return stream.getvalue()

    return write


@pytest.fixture
def parsed(written):
    """Like ``written``, parsed."""
    return lambda *args, **kwargs: json.loads(written(*args, **kwargs))
