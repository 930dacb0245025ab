"""Tiny runs with truth whose names are hostile, and a browser."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from yolact_cli.runs.listing import write_listing
from yolact_cli.store import LocalStore
from yolact_cli.structures import ListedPicture

SIDE = 120
HOSTILE_CLASS = '<script>alert("class")</script>'
HOSTILE_FILES = ("<script>alert(1).png", '"onload="alert(2).png', "c&d's.png", "$x_1$.png")


@pytest.fixture
def make_scored(tmp_path) -> Callable[..., SimpleNamespace]:
    """``make_scored(names=...)``: ``.truth``, ``.run``, ``.other``, ``.images``, ``.root``.

    In every picture two objects of the first two classes; the run finds one, takes the other for
    the third class, and sees something where nothing is. The other run misses one of them.
    """

    def build(
        *,
        names: tuple[str, ...] = HOSTILE_FILES,
        classes: tuple[str, ...] = (HOSTILE_CLASS, "cat", "dog"),
        with_masks: bool = True,
    ) -> SimpleNamespace:
        images = tmp_path / "images"
        images.mkdir(exist_ok=True)
        paths = [_picture(images / name, seed) for seed, name in enumerate(names)]
        truth, found, fewer = ([] for _ in range(3))
        for image_id in range(1, len(names) + 1):
            shift = 3 * (image_id % 8)
            _add(truth, image_id, 1, (10, 10, 40, 30 + shift))
            _add(truth, image_id, 2, (60, 40, 40, 40))
            _add(found, image_id, 1, (10, 10, 40, 28 + shift), score=0.9)
            _add(found, image_id, 3, (60, 42, 40, 38), score=0.8 - shift / 100)
            _add(found, image_id, 2, (4, 90, 20, 20), score=0.4)
            _add(fewer, image_id, 1, (10, 20, 40, 20), score=0.7)
        frame = {
            "images": [
                {"id": key, "file_name": name, "width": SIDE, "height": SIDE}
                for key, name in enumerate(names, start=1)
            ],
            "categories": [{"id": key, "name": name} for key, name in enumerate(classes, start=1)],
        }
        truth_file = tmp_path / "truth.json"
        truth_file.write_text(json.dumps({**frame, "annotations": truth}))
        runs = [
            _run(tmp_path / name, {**frame, "annotations": objects}, paths, with_masks=with_masks)
            for name, objects in (("run", found), ("other", fewer))
        ]
        return SimpleNamespace(
            truth=truth_file, run=runs[0], other=runs[1], images=images, root=tmp_path
        )

    return build


def _picture(path: Path, seed: int) -> Path:
    rows, columns = np.mgrid[:SIDE, :SIDE]
    pixels = np.stack([rows * 2, columns * 2, 0 * rows + 50 * seed], axis=-1).astype(np.uint8)
    is_encoded, data = cv2.imencode(".png", pixels)
    assert is_encoded
    path.write_bytes(data.tobytes())
    return path


def _add(objects: list[dict[str, Any]], image_id: int, category_id: int, box, **extra: Any) -> None:
    x, y, w, h = box
    objects.append(
        {
            "id": len(objects) + 1,
            "image_id": image_id,
            "category_id": category_id,
            "bbox": list(box),
            "area": w * h,
            "iscrowd": 0,
            "segmentation": [[x, y, x + w, y, x + w, y + h, x, y + h]],
            **extra,
        }
    )


def _run(folder: Path, document: dict[str, Any], paths: list[Path], *, with_masks: bool) -> Path:
    folder.mkdir()
    if not with_masks:
        for one in document["annotations"]:
            one.pop("segmentation")
    (folder / "annotations.json").write_text(json.dumps(document))
    listed = [
        ListedPicture(
            picture_id=number,
            name=path.name,
            location=str(path),
            size_bytes=path.stat().st_size,
            mtime_ns=0,
        )
        for number, path in enumerate(paths, start=1)
    ]
    write_listing(LocalStore(folder), listed)
    return folder
