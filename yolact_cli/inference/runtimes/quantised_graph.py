"""A graph of OpenVINO's to one that computes in int8 where that costs little, by NNCF.

Source: post-training quantisation of NNCF (openvinotoolkit/nncf, Apache-2.0): ranges of activations
are measured on pictures, then biases are corrected for the rounding.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence

import numpy as np
import openvino
from jaxtyping import Float32

from yolact_cli.inference.runtimes.graph import PIXELS, GraphBytes
from yolact_cli.inference.runtimes.openvino_graph import graph_of_model
from yolact_cli.settings import Spared

_CONVOLUTIONS = ("Convolution", "GroupConvolution", "DeformableConvolution")


def quantise(
    graph: GraphBytes, pixels: Sequence[Float32[np.ndarray, "1 s s 3"]], *, spared: Spared
) -> GraphBytes:
    """The graph in int8.

    Args:
        graph: In float32.
        pixels: Pictures, one each, of the kind that the model will see.
        spared: What stays in float32. The last convolutions, whose outputs are boxes and scores,
            feel each step of int8; depthwise ones have a range of their own in each channel. Both
            are a small share of the work.
    """
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # about CUDA
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own imports
        import nncf

    logging.getLogger("nncf").setLevel(logging.ERROR)
    model = openvino.Core().read_model(model=graph.model, weights=graph.weights)
    scope = None
    if spared != "nothing":
        types = ["GroupConvolution"] if spared == "last and depthwise layers" else []
        scope = nncf.IgnoredScope(names=last_convolutions(model), types=types, validate=False)
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantised = nncf.quantize(
            model,
            nncf.Dataset(pixels, lambda picture: {PIXELS: picture}),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(pixels),
            ignored_scope=scope,
        )
    return graph_of_model(quantised)


def last_convolutions(model: openvino.Model) -> list[str]:
    """The convolutions between which and an output there is no other."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = [result.input_value(0).get_node() for result in model.get_results()]
    while waiting:
        node = waiting.pop()
        name = node.get_friendly_name()
        if name in seen:
            continue
        seen.add(name)
        if node.get_type_name() in _CONVOLUTIONS:
            found[name] = None
            continue
        waiting += [value.get_node() for value in node.input_values()]
    return list(found)
