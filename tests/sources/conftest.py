"""Builders for sources: folders of empty files, and encoded pictures."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture
def make_files(tmp_path: Path) -> Callable[..., Path]:
    """Make empty files below the test's folder: ``make_files("a/x.jpg", "b.txt")``."""

    def build(*names: str) -> Path:
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
        return tmp_path

    return build


@pytest.fixture
def quarters() -> np.ndarray:
    """60 x 40 px, its quarters red, green, blue and white, so that any turn shows."""
    picture = np.empty((40, 60, 3), np.uint8)
    picture[:20, :30], picture[:20, 30:] = (250, 10, 20), (0, 200, 0)
    picture[20:, :30], picture[20:, 30:] = (10, 20, 240), (255, 255, 255)
    return picture


@pytest.fixture(scope="session")
def encode() -> Callable[..., bytes]:
    """Encode an array or Pillow picture: ``encode(picture, "JPEG", **options)``."""

    def build(picture: np.ndarray | Image.Image, kind: str, **options: object) -> bytes:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        file = io.BytesIO()
        image.save(file, kind, **options)
        return file.getvalue()

    return build
