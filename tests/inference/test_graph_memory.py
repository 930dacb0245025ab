"""Graphs from somebody else that ask for more memory than there is."""

import contextlib
import subprocess
import sys

import numpy as np
import pytest

from yolact_cli.errors import DeviceError, WeightsMismatchError

openvino = pytest.importorskip("openvino", reason="needs openvino")

from openvino import opset13 as ops  # noqa: E402

from yolact_cli.inference.runtimes import graph_memory, openvino_runtime  # noqa: E402
from yolact_cli.inference.runtimes.graph import GraphBytes  # noqa: E402
from yolact_cli.inference.runtimes.graph_memory import live_bytes  # noqa: E402
from yolact_cli.inference.runtimes.openvino_runtime import compile_graph  # noqa: E402

SIDE = 8
PICTURE_BYTES = SIDE * SIDE * 3 * 4


@pytest.fixture
def made_of():
    """``made_of(build)``: a graph whose output is what ``build`` makes of the pixels."""

    def make(build):
        pixels = ops.parameter([-1, SIDE, SIDE, 3], np.float32, name="pixels")
        model = openvino.Model([build(pixels)], [pixels], "graph")
        model.reshape({model.inputs[0]: openvino.PartialShape([1, SIDE, SIDE, 3])})
        return model

    return make


@pytest.fixture
def swollen(tmp_path):
    """``swollen(numbers)``: a small file that makes so many numbers out of one."""

    def make(numbers):
        pixels = ops.parameter([-1, SIDE, SIDE, 3], np.float32, name="pixels")
        length = ops.constant(np.array([numbers], np.int64))
        many = ops.broadcast(ops.constant(np.ones(1, np.float32)), length)
        highest = ops.reduce_max(many, ops.constant(np.zeros(1, np.int64)), keep_dims=False)
        openvino.serialize(
            openvino.Model([ops.add(pixels, highest)], [pixels], "graph"), tmp_path / "graph.xml"
        )
        return GraphBytes(
            model=(tmp_path / "graph.xml").read_bytes(),
            weights=(tmp_path / "graph.bin").read_bytes(),
        )

    return make


def test_what_is_no_longer_needed_does_not_count(made_of):
    """Pixels and one result at a time; at the end the last result and what is handed out."""
    chain = made_of(lambda pixels: ops.relu(ops.tanh(ops.sigmoid(pixels))))
    assert live_bytes(chain) == 2 * PICTURE_BYTES


def test_what_is_needed_later_counts_until_then(made_of):
    def build(pixels):
        first = ops.sigmoid(pixels)
        return ops.add(first, ops.tanh(ops.relu(first)))

    assert live_bytes(made_of(build)) == 3 * PICTURE_BYTES


def test_a_graph_that_makes_gigabytes_out_of_nothing_is_refused_uncompiled(swollen, monkeypatch):
    monkeypatch.setattr(graph_memory, "available_bytes", lambda: 1 << 30)
    graph = swollen(1 << 30)
    with pytest.raises(DeviceError, match=r"more than the 0\.8 GB that are three quarters"):
        compile_graph(graph, device="CPU", precision="fp32")
    compile_graph(swollen(1 << 10), device="CPU", precision="fp32")


def test_a_graph_counts_as_often_as_it_is_run_side_by_side(made_of, monkeypatch):
    monkeypatch.setattr(graph_memory, "available_bytes", lambda: 4 * PICTURE_BYTES)
    graph = made_of(lambda pixels: ops.relu(ops.sigmoid(pixels)))
    graph_memory.check_memory(graph, at_once=1)
    with pytest.raises(DeviceError):
        graph_memory.check_memory(graph, at_once=2)


def test_every_stream_of_a_compiled_graph_counts(swollen, monkeypatch):
    graph = swollen(1 << 20)  # 4 MB
    monkeypatch.setattr(graph_memory, "available_bytes", lambda: 12 << 20)
    for cores, fits in ((1, True), (4, False)):
        monkeypatch.setattr(openvino_runtime, "usable_cores", lambda cores=cores: cores)
        with contextlib.nullcontext() if fits else pytest.raises(DeviceError):
            compile_graph(graph, device="CPU", precision="fp32")


def test_a_graph_whose_sizes_hang_on_the_picture_is_refused(made_of):
    def build(pixels):
        every = ops.constant(np.arange(4))
        length = ops.reduce_max(pixels, every, keep_dims=False)
        shape = ops.unsqueeze(ops.convert(length, "i64"), ops.constant(0))
        return ops.broadcast(ops.constant(np.ones(1, np.float32)), shape)

    with pytest.raises(WeightsMismatchError, match="does not say how large"):
        live_bytes(made_of(build))


HOSTILE = """
import sys
import numpy as np
from onnx import TensorProto, helper, numpy_helper
from yolact_cli.inference.runtimes import graph_memory, onnx_runtime
from yolact_cli.inference.runtimes.graph import GraphBytes

graph_memory.available_bytes = lambda: 1 << 28
sides = ["b", 8, 8, 3]
value = helper.make_tensor("value", TensorProto.FLOAT, [1], [1.0])
nodes = [
    helper.make_node("ConstantOfShape", ["length"], ["many"], value=value),
    helper.make_node("ReduceMax", ["many"], ["highest"], keepdims=0),
    helper.make_node("Add", ["pixels", "highest"], ["out"]),
]
length = numpy_helper.from_array(np.array([int(sys.argv[1])], np.int64), "length")
ports = [helper.make_tensor_value_info(n, TensorProto.FLOAT, sides) for n in ("pixels", "out")]
graph = helper.make_graph(nodes, "graph", ports[:1], ports[1:], [length])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)], ir_version=9)
session = onnx_runtime._session(GraphBytes(model=model.SerializeToString()), ["CPUExecutionProvider"])
try:
    print(session.run(None, {"pixels": np.zeros((1, 8, 8, 3), np.float32)})[0].max())
except Exception as error:
    print(onnx_runtime._is_out_of_memory(error))
"""


@pytest.mark.parametrize(("numbers", "said"), [(1 << 10, "1.0"), (1 << 27, "True")])
def test_onnx_runtime_has_no_more_than_most_of_the_memory_that_is_free(numbers, said):
    """In a process of its own: the bound is made once, for all graphs."""
    for package in ("onnx", "onnxruntime"):
        pytest.importorskip(package, reason=f"needs {package}")
    run = subprocess.run(
        [sys.executable, "-c", HOSTILE, str(numbers)], capture_output=True, text=True, check=False
    )
    assert run.stdout.strip() == said, run.stderr
