"""A network of torch's to a graph in ONNX."""

import io
import logging
import warnings

import torch
from torch import Tensor, nn

from yolact_cli.inference.runtimes.graph import (
    MASK_IOUS,
    MASKS,
    OUTPUTS,
    PIXELS,
    GraphBytes,
    GraphPair,
)
from yolact_cli.inference.runtimes.graph_modules import MasksToIous, PixelsToOutputs
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.network.anchors import level_sizes_hw
from yolact_cli.network.yolact import Yolact

OPSET = 20
"""DeformConv came with 19; the newest that ONNX Runtime of two years ago reads is 20."""


def onnx_graphs(network: Yolact, normalisation: Normalisation) -> GraphPair:
    """The network's graphs in float32, for any number of pictures, weights inside."""
    side = network.config.input_size
    pixels = torch.zeros(2, side, side, 3)  # two: an axis of one is taken for a constant
    module = PixelsToOutputs(network, normalisation).eval()
    graph = _graph(module, pixels, input_name=PIXELS, outputs=OUTPUTS)
    if not network.config.mask_rescoring:
        return GraphPair(network=graph)
    rows, columns = level_sizes_hw(side)[0]
    masks = torch.zeros(2, 2 * rows, 2 * columns)
    rescoring = MasksToIous(network.maskiou_net).eval()
    return GraphPair(
        network=graph,
        rescoring=_graph(rescoring, masks, input_name=MASKS, outputs=(MASK_IOUS,)),
    )


def _graph(
    module: nn.Module, example: Tensor, *, input_name: str, outputs: tuple[str, ...]
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
