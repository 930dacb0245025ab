"""Which runtime runs a model: what was asked for, or the fastest that computes as exactly."""

import dataclasses

import pytest

from yolact_cli.errors import DeviceError, SettingsError
from yolact_cli.inference.runtimes import installed
from yolact_cli.pipelines import runtime_choice
from yolact_cli.pipelines.runtime_choice import choose_runtime
from yolact_cli.settings import LabelSettings
from yolact_cli.zoo.card import GraphSpec, read_card


@pytest.fixture
def card(tiny_model):
    return read_card(tiny_model)


@pytest.fixture
def choose(monkeypatch, card):
    """``choose(installed, runtime=..., precision=..., device=...)`` on a machine without a GPU."""

    def run(*modules, device="auto", abilities=("fp32",), card=card, **fields):
        for room in (runtime_choice, installed):
            monkeypatch.setattr(room, "is_installed", lambda name: name in modules)
        monkeypatch.setattr(runtime_choice, "has_gpu_signs", lambda: False)
        monkeypatch.setattr(
            runtime_choice, "_openvino_computes_in", lambda precision: precision in abilities
        )
        return choose_runtime(card, LabelSettings(**fields), device=device)

    return run


ALL = ("openvino", "onnxruntime", "onnxscript")


@pytest.mark.parametrize(
    ("modules", "chosen"),
    [(ALL, "openvino"), (ALL[1:], "onnx"), (("onnxruntime",), "torch"), ((), "torch")],
)
def test_auto_takes_the_fastest_that_is_installed(choose, modules, chosen):
    choice = choose(*modules)
    assert (choice.runtime, choice.device) == (chosen, "cpu")


def test_auto_takes_openvino_for_bf16_where_the_processor_has_it(choose):
    assert choose(*ALL, precision="bf16", abilities=("fp32", "bf16")).runtime == "openvino"


def test_auto_takes_torch_for_bf16_where_the_processor_has_none(choose, caplog):
    assert choose(*ALL, precision="bf16").runtime == "torch"
    assert "fp32 would be faster" in caplog.text


def test_precision_that_a_named_runtime_lacks_is_an_error(choose):
    with pytest.raises(DeviceError, match="no arithmetic in bf16"):
        choose(*ALL, runtime="openvino", precision="bf16")
    with pytest.raises(SettingsError, match="computes in fp32"):
        choose(*ALL, runtime="onnx", precision="fp16")


@pytest.mark.parametrize(
    ("runtime", "package"), [("openvino", "openvino"), ("onnx", "onnxruntime")]
)
def test_runtime_that_is_not_installed_is_an_error_with_the_command(choose, runtime, package):
    with pytest.raises(SettingsError, match=f"pip install {package}"):
        choose(runtime=runtime)


@pytest.mark.parametrize(
    ("runtime", "device"),
    [
        *[("openvino", device) for device in ("cuda", "cpu:3", "intel-gpu:7", "intel-gpu ", "")],
        *[("onnx", device) for device in ("mps", "cpu:0", "cuda:", "cuda:x", "cuda:-1", "cuda:1 ")],
    ],
)
def test_device_that_a_runtime_does_not_run_on_is_an_error(choose, runtime, device):
    with pytest.raises(DeviceError, match=f"{runtime} does not run on '{device}'. Use cpu"):
        choose(*ALL, runtime=runtime, device=device)


def test_device_that_a_runtime_runs_on_is_taken_as_it_is_spelt(choose):
    for runtime, device in (("openvino", "intel-gpu"), ("onnx", "cuda:1"), ("onnx", "cuda")):
        assert choose(*ALL, runtime=runtime, device=device).device == device


def test_exported_model_is_run_by_what_it_was_made_for(choose, card):
    graph = GraphSpec(runtime="onnx", made_from="tiny", made_with="a test")
    weights = dataclasses.replace(card.weights, file="tiny.onnx", sha256="0" * 64)
    exported = dataclasses.replace(card, graph=graph, weights=weights)
    assert choose(*ALL, card=exported).runtime == "onnx"
    with pytest.raises(SettingsError, match="was exported for onnx"):
        choose(*ALL, card=exported, runtime="torch")


def test_choice_names_the_version_that_ran(choose):
    assert choose(runtime="torch").version.startswith("torch 2")
