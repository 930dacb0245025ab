"""Builders of runs with a small network, in this process."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.settings import AugmentSettings, LabelSettings, NmsSettings, TrainSettings
from yolact_cli.zoo.resolve import resolve_model


@pytest.fixture
def make_request(tmp_path: Path, tiny_model: Path) -> Callable[..., AnnotateRequest]:
    """``make_request(source, **fields)``: three objects a picture at most, batches of two."""

    def build(*sources: Path, labels: dict | None = None, **fields) -> AnnotateRequest:
        chosen = {"nms": NmsSettings(max_detections=3), **(labels or {})}
        defaults = {
            "output": tmp_path / "run",
            "model": resolve_model(str(tiny_model)),
            "settings": LabelSettings(**chosen),
            "write": ("coco",),
            "device": "cpu",
            "batch_size": 2,
            "workers": 0,
        }
        return AnnotateRequest(sources=tuple(map(str, sources)), **(defaults | fields))

    return build


@pytest.fixture
def run(make_request) -> Callable[..., dict]:
    """Run to the end and read annotations.json: ``run(source, **fields)``."""

    def build(*sources: Path, **fields) -> dict:
        request = make_request(*sources, **fields)
        for _ in annotate(request):
            pass
        return json.loads((request.output / "annotations.json").read_bytes())

    return build


@pytest.fixture
def make_training(tmp_path: Path, tiny_model: Path, make_coco_set) -> Callable[..., TrainRequest]:
    """``make_training(output, settings=, **fields)``: six pictures, batches of two, 64 px."""
    data = make_coco_set(tmp_path / "data", 6)

    def build(output: str = "out", *, settings: dict | None = None, **fields) -> TrainRequest:
        chosen = {
            "iterations": 4,
            "batch_size": 2,
            "input_sizes": (64,),
            "warmup_iterations": 1,
            "optimizer": "adamw",
            "ema_decay": 0.5,
            "augment": AugmentSettings(mosaic=0.3),
            **(settings or {}),
        }
        defaults = {
            "data": data,
            "images_dir": tmp_path / "data" / "images",
            "output": tmp_path / output,
            "model": str(tiny_model),
            "start": "model",
            "name": "made",
            "settings": TrainSettings(**chosen),
            "device": "cpu",
            "workers": 0,
        }
        return TrainRequest(**(defaults | fields))

    return build


# Name, seed of the noise and rows: with these the small network finds four objects in each.
REVIEWED_PICTURES = (("a.png", 1, 60), ("b.png", 3, 67), ("bad.png", 0, 0), ("sub/c.png", 9, 67))


@pytest.fixture(scope="session")
def annotated_once(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> Path:
    """A folder with ``photos`` and the finished ``run`` over them, not to be changed."""
    folder = tmp_path_factory.mktemp("annotated")
    for name, seed, rows in REVIEWED_PICTURES:
        path = folder / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(seed).integers(0, 255, (max(rows, 1), 80, 3), np.uint8)
        is_encoded, data = cv2.imencode(".png", pixels)
        assert is_encoded
        path.write_bytes(data.tobytes() if rows else b"no picture")
    request = AnnotateRequest(
        sources=(str(folder / "photos"),),
        output=folder / "run",
        model=resolve_model(str(tiny_model)),
        settings=LabelSettings(nms=NmsSettings(max_detections=6), score_threshold=0.05),
        write=("coco",),
        device="cpu",
        batch_size=2,
        workers=0,
    )
    for _ in annotate(request):
        pass
    return folder


@pytest.fixture
def annotated(annotated_once: Path, tmp_path: Path) -> RunLabels:
    """A run over three photographs, with four objects each, and one that cannot be read.

    A copy: ``photos`` and ``run`` lie in ``tmp_path``.
    """
    for name in ("photos", "run"):
        shutil.copytree(annotated_once / name, tmp_path / name)
    return RunLabels.open(tmp_path / "run")
