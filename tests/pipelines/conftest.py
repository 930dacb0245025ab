"""Builders of runs with a small network, in this process."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_request import AnnotateRequest
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
