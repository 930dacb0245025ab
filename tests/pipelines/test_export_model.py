"""Exported models: verified, whole, and run like any other."""

import dataclasses
import errno
import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from yolact_cli.cli.main import main
from yolact_cli.errors import ChecksumError, ModelError, OutputExistsError, SettingsError
from yolact_cli.inference.runtimes import installed
from yolact_cli.pipelines import export_model as exporting
from yolact_cli.pipelines import quantize_model
from yolact_cli.pipelines.export_model import export_model
from yolact_cli.pipelines.graph_runtimes import source_graphs
from yolact_cli.pipelines.graph_staging import staging_folder
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


@pytest.mark.parametrize("name", ["tiny-openvino.xml", "tiny-openvino.bin"])
def test_file_of_somebody_else_is_not_replaced_unasked(name, tiny_model, tmp_path):
    pytest.importorskip("openvino", reason="needs openvino, which is not installed")
    (tmp_path / name).write_text("mine")
    with pytest.raises(OutputExistsError, match=name):
        export_model(resolve_model(str(tiny_model)), "openvino", tmp_path)
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [(name, "mine")]


def test_export_told_to_replaces_what_is_there(exported, tiny_model, tmp_path, monkeypatch):
    (tmp_path / "tiny-openvino.xml").write_text("old")
    made_before = source_graphs(resolve_model(str(exported.card)), None)
    monkeypatch.setattr(exporting, "make_graphs", lambda *_: made_before)
    export_model(resolve_model(str(tiny_model)), "openvino", tmp_path, overwrite=True)
    for path in exported.card.parent.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()


def test_what_it_was_compared_on_is_told(
    exported, tiny_model, make_photos, tmp_path, monkeypatch, capsys
):
    made_before = source_graphs(resolve_model(str(exported.card)), None)
    monkeypatch.setattr(exporting, "make_graphs", lambda *_: made_before)
    command = ["models", "export", str(tiny_model), "--to", "openvino", "-o", str(tmp_path / "x")]
    assert main(command) == 0
    told = capsys.readouterr().err
    assert "on 3 made-up pictures" in told
    assert "--images" in told
    photos = make_photos("a.png", "b.png")
    assert main([*command, "--overwrite", "--images", str(photos)]) == 0
    assert "on 2 pictures" in capsys.readouterr().err
    assert main([*command, "--overwrite", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["made_up"] is True


@pytest.fixture(params=["export", "quantize"])
def convert(request, tiny_model, make_photos, monkeypatch):
    """``convert(folder)``: the exit code of a command that writes a graph there."""
    if not installed.is_installed("openvino") or not installed.is_installed("nncf"):
        pytest.skip("needs openvino and nncf, which are not installed")
    options = {
        "export": ["--to", "openvino"],
        "quantize": ["--images", str(make_photos("a.png"))],
    }
    monkeypatch.setattr(quantize_model, "_quantised", lambda exact, *_, **__: exact)

    def run(folder):
        arguments = [str(tiny_model), *options[request.param], "-o", str(folder)]
        return main(["models", request.param, *arguments])

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="/proc")
@pytest.mark.parametrize("folder", ["/dev/null/x", "/proc/x"])
def test_place_that_cannot_be_written_is_told_before_the_work(convert, folder, monkeypatch, capsys):
    for module in (exporting, quantize_model):
        monkeypatch.setattr(module, "make_graphs", None)  # a call would be a TypeError
    assert convert(folder) == 1
    told = capsys.readouterr().err
    assert f"{folder}: cannot be written" in told
    assert "bug" not in told


def test_full_disk_is_told_and_nothing_is_left(exported, convert, tmp_path, monkeypatch, capsys):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    made_before = source_graphs(resolve_model(str(exported.card)), None)
    for module in (exporting, quantize_model):
        monkeypatch.setattr(module, "make_graphs", lambda *_: made_before)
    monkeypatch.setattr(Path, "write_bytes", refuse)
    assert convert(tmp_path / "out") == 1
    told = capsys.readouterr().err
    assert "no space left" in told
    assert "resumes" not in told
    assert list((tmp_path / "out").iterdir()) == []


def test_folders_that_a_killed_process_left_are_removed(tmp_path):
    day_s = 24 * 3600
    for name, file, age_s in (
        (".export-old", "tiny.xml", 2 * day_s),
        (".export-others", "notes.txt", 2 * day_s),
        (".export-at-work", "tiny.xml", 60),
    ):
        (tmp_path / name).mkdir()
        (tmp_path / name / file).touch()
        then_s = time.time() - age_s
        for path in (tmp_path / name / file, tmp_path / name):
            os.utime(path, (then_s, then_s))
    with staging_folder(tmp_path):
        names = {path.name for path in tmp_path.glob(".export-*")}
        assert len(names) == 3
        assert {".export-others", ".export-at-work"} < names


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
def test_int8_that_was_not_measured_says_so_and_claims_no_figure(
    exported, tiny_model, make_photos, tmp_path, monkeypatch, capsys
):
    made_before = source_graphs(resolve_model(str(exported.card)), None)
    monkeypatch.setattr(quantize_model, "make_graphs", lambda *_: made_before)
    monkeypatch.setattr(quantize_model, "_quantised", lambda exact, *_, **__: exact)
    card = tmp_path / "tiny.toml"
    text = tiny_model.read_text().replace(
        "tiny.safetensors", str(tiny_model.with_suffix(".safetensors"))
    )
    card.write_text(f"{text}[reported]\nmask_ap = 29.8\n[paper]\nmask_ap = 29.9\n")
    options = ["--images", make_photos("a.png"), "-o", tmp_path / "q"]
    assert main(list(map(str, ["models", "quantize", card, *options]))) == 0
    capsys.readouterr()
    made = resolve_model(str(tmp_path / "q" / "tiny-int8.toml")).card
    assert made.summary.endswith("; a graph for openvino in int8, what it loses not measured")
    assert (made.reported, made.paper) == ({}, {})
    monkeypatch.setenv("YOLACT_MODELS", str(tmp_path / "q"))
    assert main(["models", "list"]) == 0
    (line,) = (one for one in capsys.readouterr().out.splitlines() if "tiny-int8" in one)
    assert line.rstrip().endswith("not measured")


def test_fp32_keeps_the_figures_of_others(tiny_model):
    source = resolve_model(str(tiny_model))
    card = dataclasses.replace(source.card, reported={"mask_ap": 29.8}, paper={"mask_ap": 29.9})
    source = dataclasses.replace(source, card=card)
    made = exporting.graph_card(source, "openvino", name="x")
    assert (made.reported, made.paper) == (card.reported, card.paper)


@needs_nncf
def test_labels_without_an_object_of_the_model_are_refused_at_once(
    tiny_model, make_coco_set, tmp_path, monkeypatch, capsys
):
    labels = make_coco_set(tmp_path / "set", 1)  # its only object is of class 90
    labels.write_text(labels.read_text().replace("class 7", "cat"))
    monkeypatch.setattr(quantize_model, "make_graphs", None)
    options = ["--images", labels.parent / "images", "--labels", labels, "-o", tmp_path / "q"]
    assert main(list(map(str, ["models", "quantize", tiny_model, *options]))) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert str(labels) in told
    assert "no mask of the classes that it shares with the model (cat)" in told
    assert not (tmp_path / "q").exists()


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

    monkeypatch.setattr(EfficientNetLite0, "is_separable", is_separable)
    fallen = iter(ap_points)
    monkeypatch.setattr(quantize_model._Measure, "ap", lambda *_: next(fallen))
    options = ["--images", labelled.parent / "images", "--labels", labelled, "-o", tmp_path / "q"]
    assert main(list(map(str, ["models", "quantize", tiny_model, *options]))) == 1
    assert f"loses {lost} points" in capsys.readouterr().err
    assert next(fallen, None) is None
    assert list((tmp_path / "q").iterdir()) == []
