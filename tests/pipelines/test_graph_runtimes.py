"""Models converted for other runtimes, and kept by what they were converted from."""

import dataclasses
import shutil

import pytest

from yolact_cli.errors import ChecksumError
from yolact_cli.inference.selection import Selection
from yolact_cli.pipelines import graph_runtimes
from yolact_cli.pipelines.graph_runtimes import CACHE_FOLDER, openvino_runtime
from yolact_cli.zoo.resolve import resolve_model


@pytest.fixture
def source(tiny_model, tmp_path, monkeypatch):
    """A model whose weights nobody promised, and a cache of its own."""
    pytest.importorskip("openvino", reason="needs openvino, which is not installed")
    monkeypatch.setenv("YOLACT_CACHE", str(tmp_path / "cache"))
    found = resolve_model(str(tiny_model))
    weights = shutil.copy(found.weights_path, tmp_path / "tiny.safetensors")
    return dataclasses.replace(found, weights_path=tmp_path / weights, sha256=None)


def kept(tmp_path):
    return list((tmp_path / "cache" / CACHE_FOLDER).glob("*/index.json"))


def test_weights_exchanged_during_a_start_are_not_kept_as_those_before(
    source, tmp_path, monkeypatch
):
    convert = graph_runtimes.source_graphs

    def exchanged(*arguments):
        with source.weights_path.open("r+b") as file:
            file.seek(-1, 2)
            file.write(b"\x01")
        return convert(*arguments)

    monkeypatch.setattr(graph_runtimes, "source_graphs", exchanged)
    with pytest.raises(ChecksumError):
        openvino_runtime(source, Selection(), device="cpu", precision="fp32")
    assert kept(tmp_path) == []


def test_a_second_start_converts_nothing(source, tmp_path, monkeypatch):
    openvino_runtime(source, Selection(), device="cpu", precision="fp32")
    assert len(kept(tmp_path)) == 1
    monkeypatch.setattr(graph_runtimes, "source_graphs", None)
    openvino_runtime(source, Selection(), device="cpu", precision="fp32")
