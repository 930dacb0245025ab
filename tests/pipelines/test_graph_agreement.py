"""A graph that does not give what torch gives, or not for any number, is refused."""

import dataclasses
import re

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from yolact_cli.errors import ModelError
from yolact_cli.inference.runtimes import installed
from yolact_cli.inference.runtimes.graph import GraphBytes, GraphPair
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.inference.runtimes.written_graph import WrittenEngine
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines import export_model as exporting
from yolact_cli.pipelines.export_model import export_model
from yolact_cli.pipelines.graph_agreement import check_differences, largest_differences
from yolact_cli.zoo.card import read_card
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model

pytestmark = pytest.mark.skipif(
    not installed.is_installed("openvino"), reason="needs openvino, which is not installed"
)


@pytest.fixture(scope="module")
def rescoring_model(tiny_model, tmp_path_factory):
    """The card of a network with a rescoring branch, at the least size that this can have."""
    card_path = tmp_path_factory.mktemp("rescoring") / "tiny.toml"
    text = tiny_model.read_text()
    card_path.write_text(text.replace("input_size = 96", "input_size = 256\nmask_rescoring = true"))
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = Yolact(read_card(card_path).network)
    save_file(network.state_dict(), card_path.with_suffix(".safetensors"))
    return card_path


def graphs_of(card_path):
    source = resolve_model(str(card_path))
    spec = source.card.input
    normalisation = Normalisation(mean=spec.mean, std=spec.std)
    return exporting.make_graphs(load_network(source), normalisation, "openvino")


@pytest.fixture(scope="module")
def graphs(rescoring_model):
    return graphs_of(rescoring_model)


def with_axis_of_one(graph):
    import openvino

    from yolact_cli.inference.runtimes.openvino_graph import graph_of_model

    model = openvino.Core().read_model(model=graph.model, weights=graph.weights)
    shape = model.inputs[0].get_partial_shape()
    shape[0] = 1
    model.reshape({model.inputs[0]: shape})
    return graph_of_model(model)


def with_other_weights(graph):
    """A part of the first kernels is zero."""
    kernels = re.search(rb'element_type="f32"[^>]* offset="(\d+)" size="(\d+)"', graph.model)
    first, size = map(int, kernels.groups())
    zeros = bytes(size // 2)
    weights = graph.weights[:first] + zeros + graph.weights[first + len(zeros) :]
    return GraphBytes(model=graph.model, weights=weights)


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("network", with_axis_of_one, "takes no batches of 2 pictures"),
        ("rescoring", with_axis_of_one, "takes no batches of 3 masks"),
        ("rescoring", with_other_weights, "mask_ious differ from torch"),
    ],
)
def test_graph_that_is_wrong_is_not_written(
    rescoring_model, graphs, tmp_path, monkeypatch, part, change, words
):
    wrong = dataclasses.replace(graphs, **{part: change(getattr(graphs, part))})
    monkeypatch.setattr(exporting, "make_graphs", lambda *_: wrong)
    with pytest.raises(ModelError, match=words):
        export_model(resolve_model(str(rescoring_model)), "openvino", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_rescoring_graph_is_exported_with_the_difference_of_its_scores(
    rescoring_model, graphs, tmp_path, monkeypatch
):
    monkeypatch.setattr(exporting, "make_graphs", lambda *_: graphs)
    done = export_model(resolve_model(str(rescoring_model)), "openvino", tmp_path)
    assert done.differences["mask_ious"] < 1e-3
    assert len(list(tmp_path.iterdir())) == 5


class NoNumbers(WrittenEngine):
    """Rescores to NaN."""

    def rescore(self, soft_masks):
        return np.full_like(super().rescore(soft_masks), np.nan)


class OnePicture(WrittenEngine):
    """Looks at the first picture of a batch only."""

    def infer(self, pixels):
        return super().infer(np.repeat(pixels[:1], len(pixels), axis=0))


@pytest.mark.parametrize(
    ("kind", "pictures", "differs"),
    [
        (WrittenEngine, 1, set()),
        (NoNumbers, 1, {"mask_ious"}),
        (OnePicture, 1, {"box_offsets", "mask_coefficients"}),
        (OnePicture, 3, {"box_offsets", "mask_coefficients"}),
    ],
)
def test_what_an_engine_gets_wrong_is_named(rescoring_model, graphs, kind, pictures, differs):
    pixels = np.random.default_rng(0).integers(0, 255, (pictures, 256, 256, 3), np.uint8)
    source = resolve_model(str(rescoring_model))
    normalisation = Normalisation(mean=source.card.input.mean, std=source.card.input.std)
    found = largest_differences(
        load_network(source), normalisation, [kind(graphs, runtime="openvino")], pixels
    )
    assert {name for name, difference in found.items() if not difference < 1e-3} >= differs
    if differs:
        with pytest.raises(ModelError, match="differ from torch's"):
            check_differences(found, name="tiny")
    else:
        check_differences(found, name="tiny")


@pytest.mark.slow  # torch's exporter takes seconds whatever the network
@pytest.mark.skipif(
    not (installed.is_installed("onnxruntime") and installed.is_installed("onnxscript")),
    reason="needs onnxruntime and onnxscript, which are not installed",
)
def test_onnx_whose_axis_is_fixed_is_not_written(tiny_model, tmp_path, monkeypatch):
    import onnx

    make_graphs = exporting.make_graphs

    def fixed(*arguments):
        model = onnx.load_from_string(make_graphs(*arguments).network.model)
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
        return GraphPair(network=GraphBytes(model=model.SerializeToString()))

    monkeypatch.setattr(exporting, "make_graphs", fixed)
    with pytest.raises(ModelError, match="it is for batches of 1"):
        export_model(resolve_model(str(tiny_model)), "onnx", tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []
