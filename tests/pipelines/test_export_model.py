"""Exported models: verified, whole, and run like any other."""

import json
from pathlib import Path

import numpy as np
import pytest

from yolact_cli.cli.main import main
from yolact_cli.errors import ChecksumError, ModelError, OutputExistsError, SettingsError
from yolact_cli.inference.runtimes import installed
from yolact_cli.pipelines import export_model as exporting
from yolact_cli.pipelines.export_model import export_model
from yolact_cli.pipelines.graph_runtimes import source_graphs
from yolact_cli.pipelines.model import ready_model
from yolact_cli.settings import LabelSettings
from yolact_cli.zoo.resolve import resolve_model

needs_onnx = pytest.mark.skipif(
    not (installed.is_installed("onnxruntime") and installed.is_installed("onnxscript")),
    reason="needs onnxruntime and onnxscript, which are not installed",
)
needs_nncf = pytest.mark.skipif(
    not installed.is_installed("nncf"), reason="needs nncf, which is not installed"
)


@pytest.fixture(scope="module")
def exported(tiny_model, tmp_path_factory):
    if not installed.is_installed("openvino"):
        pytest.skip("needs openvino, which is not installed")
    folder = tmp_path_factory.mktemp("export")
    return export_model(resolve_model(str(tiny_model)), "openvino", folder)


def labels_of(photos, run, *options):
    assert main(["-q", "annotate", str(photos), "-o", str(run), "--write", "coco", "--device", "cpu",
                 "--workers", "0", *map(str, options)]) == 0  # fmt: skip
    return json.loads((run / "annotations.json").read_text())["annotations"]


def test_export_leaves_the_graph_and_its_card_alone(exported):
    names = sorted(path.name for path in exported.card.parent.iterdir())
    assert names == ["tiny-openvino.bin", "tiny-openvino.toml", "tiny-openvino.xml"]
    assert max(exported.differences.values()) < 1e-3


def test_exported_model_labels_as_torch_does(exported, tiny_model, make_photos, tmp_path):
    photos = make_photos("a.png", "b.png")
    by_graph = labels_of(photos, tmp_path / "graph", "--model", exported.card)
    by_torch = labels_of(photos, tmp_path / "torch", "--model", tiny_model, "--runtime", "torch")
    assert by_torch
    assert [one["category_id"] for one in by_graph] == [one["category_id"] for one in by_torch]
    for one, other in zip(by_graph, by_torch, strict=True):
        assert one["score"] == pytest.approx(other["score"], abs=2e-4)
        assert one["area"] == pytest.approx(other["area"], rel=0.01, abs=4)


def test_second_start_takes_what_the_first_compiled(exported, make_photos, tmp_path, monkeypatch):
    monkeypatch.setenv("YOLACT_CACHE", str(tmp_path / "cache"))
    photos = make_photos("a.png")
    first = labels_of(photos, tmp_path / "first", "--model", exported.card)
    monkeypatch.setattr("yolact_cli.pipelines.graph_runtimes.source_graphs", None)
    assert labels_of(photos, tmp_path / "second", "--model", exported.card) == first


def test_run_records_which_runtime_ran(exported, make_photos, tmp_path):
    labels_of(make_photos("a.png"), tmp_path / "run", "--model", exported.card)
    manifest = json.loads((tmp_path / "run" / "manifest.json").read_text())
    assert manifest["settings"]["labels"]["runtime"] == "openvino"
    assert manifest["settings"]["runtime_version"].startswith("openvino 20")


def test_graph_that_differs_from_torch_is_not_kept(exported, tiny_model, tmp_path, monkeypatch):
    made_before = source_graphs(resolve_model(str(exported.card)), None)
    monkeypatch.setattr(exporting, "make_graphs", lambda *_: made_before)
    card = tmp_path / "other.toml"
    text = tiny_model.read_text().replace("mean = [120.0", "mean = [90.0")
    card.write_text(text.replace("tiny.safetensors", str(tiny_model.with_suffix(".safetensors"))))
    with pytest.raises(ModelError, match=r"differ from torch.*Nothing was written"):
        export_model(resolve_model(str(card)), "openvino", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_export_that_is_there_is_not_replaced_unasked(exported, tiny_model):
    with pytest.raises(OutputExistsError, match="--overwrite"):
        export_model(resolve_model(str(tiny_model)), "openvino", exported.card.parent)


def test_damaged_graph_is_not_run(exported, tmp_path):
    for path in exported.card.parent.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    damaged = tmp_path / "tiny-openvino.bin"
    damaged.write_bytes(b"x" + damaged.read_bytes()[1:])
    source = resolve_model(str(tmp_path / "tiny-openvino.toml"))
    with pytest.raises(ChecksumError):
        ready_model(source, LabelSettings(), device="cpu")


def test_torch_is_told_that_it_cannot_run_a_graph(exported):
    source = resolve_model(str(exported.card))
    with pytest.raises(SettingsError, match="was exported for openvino"):
        ready_model(source, LabelSettings(runtime="torch"), device="cpu")


def test_export_without_the_library_says_how_to_get_it(tiny_model, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installed, "is_installed", lambda _: False)
    assert main(["models", "export", str(tiny_model), "--to", "onnx", "-o", str(tmp_path)]) == 2
    assert "pip install onnxruntime onnx onnxscript" in capsys.readouterr().err


@needs_onnx
@pytest.mark.slow  # torch's exporter takes seconds whatever the network
def test_onnx_export_labels_as_torch_does(tiny_model, make_photos, tmp_path, capsys):
    assert (
        main(["models", "export", str(tiny_model), "--to", "onnx", "-o", str(tmp_path / "x")]) == 0
    )
    card = capsys.readouterr().out.strip()
    photos = make_photos("a.png", "b.png")
    by_graph = labels_of(photos, tmp_path / "graph", "--model", card)
    by_torch = labels_of(photos, tmp_path / "torch", "--model", tiny_model, "--runtime", "torch")
    assert [one["area"] for one in by_graph] == pytest.approx(
        [one["area"] for one in by_torch], rel=0.01, abs=4
    )


@pytest.fixture
def labelled(make_coco_set, tmp_path):
    labels = make_coco_set(tmp_path / "set", 4)
    labels.write_text(labels.read_text().replace("class 7", "cat").replace("class 90", "dog"))
    return labels


@needs_nncf
@pytest.mark.slow  # importing NNCF takes seconds
def test_quantised_model_says_what_it_lost_and_runs(tiny_model, labelled, tmp_path, capsys):
    options = ["--images", labelled.parent / "images", "--labels", labelled, "-o", tmp_path / "q"]
    command = ["models", "quantize", tiny_model, *options, "--max-ap-drop", "100", "--json"]
    assert main(list(map(str, command))) == 0
    done = json.loads(capsys.readouterr().out)
    source = resolve_model(done["card"])
    (row,) = source.card.measured
    assert row["ap_drop_points"] == pytest.approx(done["ap_before"] - done["ap_after"], abs=0.01)
    assert source.card.graph.precision == "int8"
    assert labels_of(labelled.parent / "images", tmp_path / "run", "--model", done["card"])


@needs_nncf
@pytest.mark.slow
def test_quantised_weights_use_half_of_the_range(tiny_model, labelled, tmp_path, capsys):
    """Or processors without VNNI, which add two products in 16 bits, would overflow."""
    import openvino

    options = ["--images", labelled.parent / "images", "-o", tmp_path / "q"]
    assert main(list(map(str, ["models", "quantize", tiny_model, *options]))) == 0
    graph = Path(capsys.readouterr().out.strip()).with_suffix(".xml")
    constants = [
        operation.data
        for operation in openvino.Core().read_model(graph).get_ops()
        if operation.get_type_name() == "Constant"
    ]
    weights = [one for one in constants if one.dtype == np.int8 and one.ndim == 4]  # not depthwise
    assert len(weights) > 20
    largest = max(int(np.abs(one.astype(np.int16)).max()) for one in weights)
    assert 60 <= largest <= 64


@needs_nncf
@pytest.mark.slow
@pytest.mark.parametrize(
    ("is_separable", "ap_points", "lost"),
    [
        pytest.param(True, [50.0, 49.0], "1.00", id="at most is spared at once"),
        pytest.param(False, [50.0, 49.0, 49.1, 49.2], "0.80", id="more and more is spared"),
    ],
)
def test_model_that_loses_too_much_is_not_written(
    is_separable, ap_points, lost, tiny_model, labelled, tmp_path, monkeypatch, capsys
):
    from yolact_cli.network.backbones.efficientnet_lite import EfficientNetLite0
    from yolact_cli.pipelines import quantize_model

    monkeypatch.setattr(EfficientNetLite0, "is_separable", is_separable)
    fallen = iter(ap_points)
    monkeypatch.setattr(quantize_model._Measure, "ap", lambda *_: next(fallen))
    options = ["--images", labelled.parent / "images", "--labels", labelled, "-o", tmp_path / "q"]
    assert main(list(map(str, ["models", "quantize", tiny_model, *options]))) == 1
    assert f"loses {lost} points" in capsys.readouterr().err
    assert next(fallen, None) is None
    assert list((tmp_path / "q").iterdir()) == []
