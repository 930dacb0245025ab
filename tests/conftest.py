"""Builders shared by every room's tests, and the way to the data beside the checkout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def repository() -> Path:
    """The checkout's root."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """Golden files and data beside the checkout; the test skips where they are absent."""
    folder = REPOSITORY.parent / "shared"
    if not folder.is_dir():
        pytest.skip("needs the golden files and data in ../shared, which are not here")
    return folder


@pytest.fixture
def make_picture() -> Callable[..., np.ndarray]:
    """Build an RGB picture with a few coloured rectangles: ``make_picture(height, width, seed)``."""

    def build(height: int = 60, width: int = 80, seed: int = 0) -> np.ndarray:
        rng = np.random.default_rng(seed)
        picture = np.full((height, width, 3), 90, np.uint8)
        for _ in range(5):
            y, x = rng.integers(0, height), rng.integers(0, width)
            size_h, size_w = rng.integers(1, height), rng.integers(1, width)
            picture[y : y + size_h, x : x + size_w] = rng.integers(0, 255, 3)
        return picture

    return build
