"""A network of torch's to a graph of OpenVINO's, through OpenVINO's own reader of torch modules.

That reader takes deformable convolutions, which OpenVINO's reader of ONNX does not.
"""

import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from yolact_cli.errors import OutputError
from yolact_cli.inference.runtimes.float32_layers import float32_modules
from yolact_cli.inference.runtimes.graph import GraphBytes, GraphPair
from yolact_cli.inference.runtimes.graph_modules import NETWORK_ATTRIBUTE, graph_pair
from yolact_cli.inference.runtimes.openvino_float32 import keep_float32
from yolact_cli.inference.runtimes.openvino_runtime import graph_of_files
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.network.yolact import Yolact

if TYPE_CHECKING:
    import openvino


def openvino_graphs(network: Yolact, normalisation: Normalisation) -> GraphPair:
    """The network's graphs in float32, for any number of pictures.

    What should not compute in bf16, should it be asked for later, is marked.
    """
    pair = graph_pair(network, normalisation, _graph)
    names = [f"{NETWORK_ATTRIBUTE}.{name}" for name in float32_modules(network)]
    return replace(pair, network=keep_float32(pair.network, names)) if names else pair


def graph_of_model(model: "openvino.Model") -> GraphBytes:
    """The model as its XML and weights, float32 kept.

    Raises:
        OutputError: The folder for temporary files does not take them.
    """
    import openvino

    try:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "graph.xml"
            # OpenVINO's default is to round weights to fp16
            openvino.save_model(model, path, compress_to_fp16=False)
            return graph_of_files(path)
    except (OSError, RuntimeError) as error:  # OpenVINO says no more than "iostream error"
        raise OutputError(
            f"The converted model cannot be written into {tempfile.gettempdir()} ({error}).",
            remedy="Free some space there, or set TMPDIR to another folder.",
        ) from error


def _graph(
    module: nn.Module, example: Tensor, input_name: str, outputs: tuple[str, ...]
) -> GraphBytes:
    import openvino

    with warnings.catch_warnings(), torch.inference_mode():
        warnings.simplefilter("ignore")  # sizes become constants, which is wanted
        traced = torch.jit.trace(module, example, check_trace=False)  # type: ignore[no-untyped-call]
        model = openvino.convert_model(traced, example_input=example)
    free = openvino.PartialShape([-1, *example.shape[1:]])
    model.reshape({model.inputs[0]: free})
    for port, name in zip((*model.inputs, *model.outputs), (input_name, *outputs), strict=True):
        port.get_tensor().set_names({name})
    return graph_of_model(model)
