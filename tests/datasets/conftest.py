"""Tiny COCO documents, right ones and wrong ones."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def document() -> dict[str, Any]:
    """Two pictures of 20x10 px, one with a cat (id 7); a dog (id 3) that nobody saw."""
    return {
        "categories": [{"id": 7, "name": "cat"}, {"id": 3, "name": "dog"}],
        "images": [
            {"id": 1, "file_name": "a.jpg", "width": 20, "height": 10},
            {"id": 2, "file_name": "b.jpg", "width": 20, "height": 10},
        ],
        "annotations": [
            {"id": 5, "image_id": 1, "category_id": 7, "bbox": [2, 3, 4, 5], "iscrowd": 0}
        ],
    }


@pytest.fixture
def write_json(tmp_path: Path) -> Callable[[Any], Path]:
    """Write a document to a file: ``write_json(document)``."""

    def write(document: Any) -> Path:
        path = tmp_path / "labels.json"
        path.write_text(json.dumps(document))
        return path

    return write
