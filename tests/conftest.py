"""Builders shared by every room's tests, and the way to the data beside the checkout."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from yolact_cli.geometry import rle
from yolact_cli.structures import Detections, Instance

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


@pytest.fixture(scope="session")
def make_instance() -> Callable[..., Instance]:
    """Build an instance from a full-size bool mask: ``make_instance(mask, score=0.9, ...)``."""

    def build(mask: np.ndarray, score: float = 0.9, class_id: int = 0, **fields) -> Instance:
        counts = rle.encode_mask(mask)
        x, y, width, height = box = rle.tight_bbox(counts, mask.shape)
        values = {
            "uid": f"{int(score * 1e4):06x}{x % 4096:03x}{y % 4096:03x}",
            "class_id": class_id,
            "score": score,
            "box_score": score,
            "predicted_box_xyxy_px": (float(x), float(y), float(x + width), float(y + height)),
            "bbox_xywh_px": box,
            "area_px": rle.area_of(counts),
            "rle_counts": counts,
        }
        return Instance(**(values | fields))

    return build


@pytest.fixture(scope="session")
def make_detections(make_instance: Callable[..., Instance]) -> Callable[..., Detections]:
    """Build one picture's labels, ``count`` ellipses of falling score: ``make_detections(3)``."""

    def build(
        count: int = 3,
        *,
        name: str = "a.jpg",
        picture_id: int = 1,
        size_hw: tuple[int, int] = (60, 80),
        num_classes: int = 3,
        seed: int = 0,
    ) -> Detections:
        rng = np.random.default_rng(seed)
        y, x = np.ogrid[: size_hw[0], : size_hw[1]]
        instances = []
        for index in range(count):
            centre_y, centre_x = rng.uniform(0, size_hw)
            radius_y, radius_x = rng.uniform(2, 2 + np.array(size_hw) / 3)
            mask = ((y - centre_y) / radius_y) ** 2 + ((x - centre_x) / radius_x) ** 2 <= 1
            score = round(0.95 - 0.5 * index / max(count, 1), 4)
            class_id = int(rng.integers(num_classes))
            instances.append(make_instance(mask, score, class_id, uid=f"{seed:06x}{index:06x}"))
        return Detections(
            picture_id=picture_id, name=name, size_hw=size_hw, instances=tuple(instances)
        )

    return build
