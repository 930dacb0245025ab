"""A setting has one default: what the command line gives is what the dataclasses say."""

from pathlib import Path

import pytest

from yolact_cli.cli import annotate as annotate_command
from yolact_cli.cli import bench as bench_command
from yolact_cli.cli import export as export_command
from yolact_cli.cli.train import train
from yolact_cli.pipelines import train as train_pipeline
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.bench_request import BenchRequest
from yolact_cli.pipelines.export import ExportRequest
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.settings import LabelSettings, TrainSettings


class Requested(Exception):  # noqa: N818 - it carries the request out, and tells of nothing wrong
    """The pipeline was reached, with this request."""


def test_annotate_asks_for_what_the_dataclasses_default_to(tiny_model, tmp_path):
    arguments = ["photos", "--output", str(tmp_path), "--model", str(tiny_model)]
    chosen = annotate_command.annotate.make_context("annotate", arguments).params
    request = annotate_command._request(chosen)
    assert request == AnnotateRequest(
        sources=("photos",), output=tmp_path, model=request.model, settings=LabelSettings()
    )


def test_bench_asks_for_what_the_dataclasses_default_to(tiny_model):
    chosen = bench_command.bench.make_context("bench", ["--model", str(tiny_model)]).params
    request = bench_command._request(chosen)
    assert request == BenchRequest(sources=(), model=request.model, settings=LabelSettings())


def test_export_asks_for_what_the_dataclasses_default_to(tmp_path):
    arguments = ["run", "--to", "voc", "--output", str(tmp_path)]
    chosen = export_command.export.make_context("export", arguments).params
    request = export_command._request(chosen)
    assert request == ExportRequest(run=Path("run"), output=tmp_path, formats=("voc",))


def test_train_asks_for_what_the_dataclasses_default_to(tmp_path, monkeypatch):
    def refuse(request):
        raise Requested(request)

    monkeypatch.setattr(train_pipeline, "run_training", refuse)
    data = tmp_path / "data.json"
    data.touch()
    arguments = [str(data), "--images", str(tmp_path), "--output", str(tmp_path / "run")]
    with pytest.raises(Requested) as reached:
        train.main(arguments, standalone_mode=False)
    (request,) = reached.value.args
    assert request == TrainRequest(
        data=data,
        images_dir=tmp_path,
        output=tmp_path / "run",
        model="yolact_lite0",
        start="model",
        name="run",
        settings=TrainSettings(),
        command=request.command,
    )
