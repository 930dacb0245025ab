"""Tiny truths and results, random ones, large synthetic ones, and pycocotools as the oracle."""

import contextlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

Box = tuple[float, float, float, float]
COCO_AREAS = {"small": (0, 32**2), "medium": (32**2, 96**2), "large": (96**2, 1e10)}


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


@pytest.fixture
def random_set() -> Callable[..., tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Truth and results with everything that happens: ``random_set(seed, detections=150)``.

    Crowds, pictures without objects or results, classes that only one side has, equal scores,
    masks of two parts, objects of all sizes, and many detections of one class in one picture.
    """

    def build(seed: int, *, pictures=6, objects=20, detections=60) -> tuple[dict, list]:
        rng = np.random.default_rng(seed)
        size_hw = (240, 320)
        image_ids = [int(one) for one in rng.choice(10_000, pictures, replace=False)]
        category_ids = [3, 4, 11, 90]
        truth: dict[str, Any] = {
            "images": [
                {"id": key, "file_name": f"{key}.jpg", "height": 240, "width": 320}
                for key in image_ids
            ],
            "categories": [{"id": key, "name": f"class {key}"} for key in category_ids],
            "annotations": [],
        }
        for place in range(objects):
            box = _some_box(rng, size_hw)
            mask = _mask(rng, box, size_hw)
            truth["annotations"].append(
                {
                    "id": 500 + place,
                    "image_id": int(rng.choice(image_ids[: max(1, pictures - 1)])),
                    "category_id": int(rng.choice(category_ids[:3])),
                    "bbox": list(box),
                    "segmentation": mask,
                    "area": float(coco_mask.area(mask)),
                    "iscrowd": int(rng.random() < 0.15),
                }
            )
        results = []
        for _ in range(detections):
            image_id, category_id = (
                int(rng.choice(image_ids[1:] or image_ids)),
                int(rng.choice(category_ids[1:])),
            )
            box = _some_box(rng, size_hw)
            if truth["annotations"] and rng.random() < 0.7:
                like = truth["annotations"][int(rng.integers(objects))]
                image_id, box = like["image_id"], _shaken(rng, like["bbox"], size_hw)
                category_id = like["category_id"] if rng.random() < 0.8 else category_id
            results.append(
                {
                    "image_id": image_id,
                    "category_id": category_id,
                    "bbox": list(box),
                    "score": float(rng.integers(0, 21) / 20),
                    "segmentation": _mask(rng, box, size_hw),
                }
            )
        return truth, results

    return build


def _some_box(rng: np.random.Generator, size_hw: tuple[int, int]) -> Box:
    height, width = size_hw
    w, h = (float(side) for side in np.exp(rng.uniform(np.log(4), np.log(200), 2)))
    x, y = float(rng.uniform(0, max(width - w, 1))), float(rng.uniform(0, max(height - h, 1)))
    return x, y, min(w, width - x), min(h, height - y)


def _shaken(rng: np.random.Generator, box: Box, size_hw: tuple[int, int]) -> Box:
    height, width = size_hw
    x, y, w, h = np.array(box) + rng.normal(0, 0.12, 4) * np.array([box[2], box[3]] * 2)
    x, y = max(float(x), 0.0), max(float(y), 0.0)
    return x, y, max(min(float(w), width - x), 1.0), max(min(float(h), height - y), 1.0)


def _mask(rng: np.random.Generator, box: Box, size_hw: tuple[int, int]) -> dict[str, Any]:
    x, y, w, h = box
    parts = _polygon((x, y, w, h * 0.8))
    if rng.random() < 0.3:
        parts += _polygon((x + w / 2, y + h / 2, w / 2, h / 2))
    rle = coco_mask.merge(coco_mask.frPyObjects(parts, *size_hw))
    return {"size": list(size_hw), "counts": rle["counts"].decode()}


@pytest.fixture
def oracle() -> Callable[..., dict[str, float]]:
    """pycocotools' figures under our names: ``oracle(truth, results, "segm")``."""

    def measure(truth, results, iou_type, *, max_detections=100, areas=COCO_AREAS) -> dict:
        # Matches of annotation 0 are taken for none; results with both are filed under the box.
        numbered = [{**one, "id": place} for place, one in enumerate(truth["annotations"], 1)]
        side = {"segm": "segmentation", "bbox": "bbox"}[iou_type]
        kept = ("image_id", "category_id", "score", side)
        coco = COCO()
        coco.dataset = {**truth, "annotations": numbered}
        with contextlib.redirect_stdout(io.StringIO()):
            coco.createIndex()
            found = COCO()
            found.dataset = {**truth, "annotations": []}
            found.createIndex()
            if results:
                found = coco.loadRes([{key: one[key] for key in kept} for one in results])
            evaluation = COCOeval(coco, found, iou_type)
            limits = [one for one in (1, 10) if one < max_detections] + [max_detections]
            evaluation.params.maxDets = limits
            evaluation.params.areaRng = [[0, 1e10], *(list(one) for one in areas.values())]
            evaluation.params.areaRngLbl = ["all", *areas]
            evaluation.evaluate()
            evaluation.accumulate()
        return _named(evaluation.eval, limits, areas)

    return measure


def _named(tables, limits, areas) -> dict[str, float]:
    precision, recall = tables["precision"][..., -1], tables["recall"]
    return {
        "ap": _mean(precision[..., 0]),
        "ap50": _mean(precision[0, ..., 0]),
        "ap75": _mean(precision[5, ..., 0]),
        **{f"ap_{name}": _mean(precision[..., at]) for at, name in enumerate(areas, 1)},
        **{f"ar{limit}": _mean(recall[:, :, 0, at]) for at, limit in enumerate(limits)},
        **{f"ar_{name}": _mean(recall[:, :, at, -1]) for at, name in enumerate(areas, 1)},
    }


def _mean(figures) -> float:
    return float(np.mean(figures[figures > -1])) if (figures > -1).any() else float("nan")


@pytest.fixture(scope="session")
def synthetic_set() -> Callable[..., tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Many pictures of 640x480 px with ellipses, about 6.5 objects and 9.5 results each."""

    def build(pictures: int, *, seed: int = 0, classes: int = 80, with_masks: bool = True):
        rng = np.random.default_rng(seed)
        annotations, results = [], []
        for image_id in range(1, pictures + 1):
            for _ in range(rng.poisson(6.5)):
                ellipse = _some_ellipse(rng)
                category_id = int(rng.integers(1, classes + 1))
                annotations.append(
                    {
                        "id": len(annotations) + 1,
                        "image_id": image_id,
                        "category_id": category_id,
                        "iscrowd": int(rng.random() < 0.02),
                        **_drawn(ellipse, with_masks=with_masks),
                    }
                )
                for _ in range(int(rng.integers(0, 3))):
                    other = int(rng.integers(1, classes + 1))
                    results.append(
                        {
                            "image_id": image_id,
                            "category_id": category_id if rng.random() < 0.9 else other,
                            "score": round(float(rng.random()), 4),
                            **_drawn(_near(rng, ellipse), with_masks=with_masks),
                        }
                    )
            results += [
                {
                    "image_id": image_id,
                    "category_id": int(rng.integers(1, classes + 1)),
                    "score": round(float(rng.random() * 0.6), 4),
                    **_drawn(_some_ellipse(rng), with_masks=with_masks),
                }
                for _ in range(rng.poisson(3))
            ]
        truth = {
            "images": [
                {"id": key, "file_name": f"{key}.jpg", "height": 480, "width": 640}
                for key in range(1, pictures + 1)
            ],
            "categories": [{"id": key, "name": f"class {key}"} for key in range(1, classes + 1)],
            "annotations": annotations,
        }
        return truth, results

    return build


def _some_ellipse(rng: np.random.Generator) -> np.ndarray:
    """Centre and half axes, within the picture."""
    radii = np.exp(rng.uniform(np.log(8), np.log(150), 2))
    return np.array([*rng.uniform(radii, [640, 480] - radii), *radii])


def _near(rng: np.random.Generator, ellipse: np.ndarray) -> np.ndarray:
    shift = rng.normal(0, 0.12, 4)
    radii = np.maximum(ellipse[2:] * np.exp(shift[2:]), 3)
    centre = np.clip(ellipse[:2] + shift[:2] * ellipse[2:], 4, [635, 475])
    return np.concatenate([centre, radii])


def _drawn(ellipse: np.ndarray, *, with_masks: bool) -> dict[str, Any]:
    x, y, half_w, half_h = (float(part) for part in ellipse)
    left, top = max(x - half_w, 0.0), max(y - half_h, 0.0)
    bbox = [left, top, min(x + half_w, 640) - left, min(y + half_h, 480) - top]
    if not with_masks:
        return {"bbox": bbox, "area": bbox[2] * bbox[3]}
    columns = np.arange(int(np.ceil(left)), int(np.floor(left + bbox[2])))
    halves = half_h * np.sqrt(np.maximum(0, 1 - ((columns - x) / half_w) ** 2))
    tops = np.clip(np.ceil(y - halves), 0, 480).astype(int)
    bottoms = np.clip(np.floor(y + halves) + 1, 0, 480).astype(int)
    edges = np.stack([columns * 480 + tops, columns * 480 + bottoms], axis=1).ravel()
    runs = np.diff([0, *edges.tolist(), 640 * 480])
    counts = coco_mask.frPyObjects({"size": [480, 640], "counts": runs.tolist()}, 480, 640)
    rle = {"size": [480, 640], "counts": counts["counts"].decode()}
    return {"bbox": bbox, "segmentation": rle, "area": float(coco_mask.area(rle))}
