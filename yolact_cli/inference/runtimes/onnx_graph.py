"""A network of torch's to a graph in ONNX."""

import io
import logging
import warnings

import torch
from torch import Tensor, nn

from yolact_cli.inference.runtimes.graph import GraphBytes, GraphPair
from yolact_cli.inference.runtimes.graph_modules import graph_pair
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.network.yolact import Yolact

OPSET = 20
"""DeformConv came with 19; the newest that ONNX Runtime of two years ago reads is 20."""


def onnx_graphs(network: Yolact, normalisation: Normalisation) -> GraphPair:
    """The network's graphs in float32, for any number of pictures, weights inside."""
    return graph_pair(network, normalisation, _graph)


def _graph(
    module: nn.Module, example: Tensor, input_name: str, outputs: tuple[str, ...]
) -> GraphBytes:
    exporter_log = logging.getLogger("torch.onnx")
    level = exporter_log.level
    exporter_log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                module,
                (example,),
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes=({0: torch.export.Dim("batch")},),
                input_names=[input_name],
                output_names=list(outputs),
                verbose=False,
            )
    finally:
        exporter_log.setLevel(level)
    assert program is not None  # noqa: S101 - what dynamo=True promises
    buffer = io.BytesIO()
    program.save(buffer)  # type: ignore[arg-type]  # takes files, though it does not say so
    return GraphBytes(model=buffer.getvalue())
