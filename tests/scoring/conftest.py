"""Tiny truths and results, and random ones."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

Box = tuple[float, float, float, float]


def _polygon(box: Box) -> list[list[float]]:
    x, y, w, h = box
    return [[x, y, x + w, y, x + w, y + h, x, y + h]]


@pytest.fixture
def make_truth() -> Callable[..., dict[str, Any]]:
    """A COCO data set of 100x100 px pictures: ``make_truth([(image_id, category_id, box), ...])``."""

    def build(objects, *, images=(1, 2), categories=(1, 2)) -> dict[str, Any]:
        annotations = [
            {
                "id": place,
                "image_id": image_id,
                "category_id": category_id,
                "bbox": list(box),
                "area": box[2] * box[3],
                "iscrowd": 0,
                "segmentation": _polygon(box),
            }
            for place, (image_id, category_id, box) in enumerate(objects)
        ]
        return {
            "images": [
                {"id": key, "file_name": f"{key}.jpg", "width": 100, "height": 100}
                for key in images
            ],
            "categories": [{"id": key, "name": f"class {key}"} for key in categories],
            "annotations": annotations,
        }

    return build


@pytest.fixture
def make_results() -> Callable[..., list[dict[str, Any]]]:
    """COCO results with boxes and masks: ``make_results([(image_id, category_id, box, score)])``."""
    from pycocotools import mask as coco_mask

    def build(objects) -> list[dict[str, Any]]:
        results = []
        for image_id, category_id, box, score in objects:
            rle = coco_mask.merge(coco_mask.frPyObjects(_polygon(box), 100, 100))
            results.append(
                {
                    "image_id": image_id,
                    "category_id": category_id,
                    "score": score,
                    "bbox": list(box),
                    "segmentation": {"size": [100, 100], "counts": rle["counts"].decode()},
                }
            )
        return results

    return build


@pytest.fixture
def random_pair(make_truth, make_results) -> Callable[[int], tuple[dict, list]]:
    """Truth with crowds and shaken results, many alike in score: ``random_pair(seed)``."""

    def build(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        rng = np.random.default_rng(seed)
        images, categories = tuple(range(1, 13)), (2, 5, 7)

        def some_box() -> Box:
            x, y, w, h = rng.integers(0, 40, 2).tolist() + rng.integers(5, 60, 2).tolist()
            return float(x), float(y), float(w), float(h)

        objects = [
            (int(rng.choice(images)), int(rng.choice(categories)), some_box()) for _ in range(60)
        ]
        truth = make_truth(objects, images=images, categories=categories)
        for annotation in truth["annotations"][::9]:
            annotation["iscrowd"] = 1
        shaken = [
            (image, category, tuple(np.add(box, rng.integers(0, 6, 4)).tolist()), score)
            for image, category, box in objects[::2] * 2 + objects[1::4]
            for score in [float(rng.integers(1, 9) / 10)]
        ]
        noise = [
            (int(rng.choice(images)), int(rng.choice(categories)), some_box(), 0.35)
            for _ in range(20)
        ]
        return truth, make_results(shaken + noise)

    return build
