"""Ways to run a network's graph, all in one process; see contestants.py."""

import functools
import time
from pathlib import Path

import cv2
import numpy as np
import openvino
import torch

from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.graph import PIXELS
from yolact_cli.inference.runtimes.onnx_graph import onnx_graphs
from yolact_cli.inference.runtimes.onnx_runtime import OnnxEngine
from yolact_cli.inference.runtimes.openvino_graph import openvino_graphs
from yolact_cli.inference.runtimes.openvino_runtime import (
    OpenVinoEngine,
    compile_graph,
    compile_settings,
    library,
)
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model

BATCH = 4
PLAIN = "the network as torch has it, batch of 4"


@functools.cache
def ways(model):
    """What runs a batch, by name."""
    source = resolve_model(model)
    card, spec = source.card, source.card.input
    normalisation = Normalisation(mean=spec.mean, std=spec.std)
    graph = openvino_graphs(load_network(source), normalisation).network
    single = OpenVinoEngine(
        compile_graph(graph, device="CPU", precision="fp32"), None, config=card.network
    )
    onnx = onnx_graphs(load_network(source), normalisation)
    onnx_single = OnnxEngine(onnx, config=card.network, device="cpu")
    onnx_batch = OnnxEngine(onnx, config=card.network, device="cpu")
    onnx_batch._pictures = None
    plain = load_network(source).to(memory_format=torch.channels_last)
    by_torch = TorchRuntime(
        load_network(source), normalisation=normalisation, device=torch.device("cpu")
    )

    return {
        PLAIN: functools.partial(run_plain, plain),
        "torch, batch of 4": by_torch.run_network,
        "OpenVINO, single pictures in streams": lambda pixels: list(single.infer(pixels)),
        "OpenVINO, batch of 4, one compiled shape": openvino_batch(graph, BATCH),
        "OpenVINO, batch of 4, length not known": openvino_batch(graph, -1),
        "ONNX Runtime, batch of 4": lambda pixels: list(onnx_batch.infer(pixels)),
        "ONNX Runtime, single pictures": lambda pixels: list(onnx_single.infer(pixels)),
    }


def run_plain(network, pixels):
    """In evaluation mode, channels last, all else as it was trained."""
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    with torch.inference_mode():
        network(images.contiguous(memory_format=torch.channels_last))


def openvino_batch(graph, length):
    """All cores on one batch."""
    core = library()
    read = core.read_model(model=graph.model, weights=graph.weights)
    shape = read.inputs[0].get_partial_shape()
    shape[0] = openvino.Dimension(length)
    read.reshape({read.inputs[0]: shape})
    settings = compile_settings("CPU", "fp32") | {"NUM_STREAMS": 1}
    request = core.compile_model(read, "CPU", settings).create_infer_request()
    return lambda pixels: request.infer({PIXELS: pixels}, share_inputs=True)


def turn(*, model, folder):
    """Seconds of each way for the same four pictures."""
    runs = ways(model)
    resize = Resize(input_size=resolve_model(model).card.network.input_size, kind="area")
    paths = sorted(Path(folder).iterdir())[:BATCH]
    pixels = np.stack([resize(cv2.imread(str(path))) for path in paths]).astype(np.float32)
    seconds = {}
    for name, run in runs.items():
        start = time.perf_counter()
        run(pixels)
        seconds[name] = time.perf_counter() - start
    return seconds
