"""A graph of OpenVINO's to one that computes in int8 where that costs little, by NNCF.

Source: post-training quantisation of NNCF (openvinotoolkit/nncf, Apache-2.0): ranges of activations
are measured on pictures, then biases are corrected for the rounding.
"""

import contextlib
import io
import logging
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float32

from yolact_cli.inference.runtimes.graph import PIXELS, GraphBytes
from yolact_cli.inference.runtimes.openvino_graph import graph_of_model
from yolact_cli.inference.runtimes.openvino_runtime import library
from yolact_cli.settings import Spared

if TYPE_CHECKING:
    import openvino

_FIRST = 24
"""To stride 16 in EfficientNet-lite0, to stride 8 in ResNet-50."""
_CONVOLUTIONS = ("Convolution", "GroupConvolution", "DeformableConvolution")


def quantise(
    graph: GraphBytes, pixels: Sequence[Float32[np.ndarray, "1 s s 3"]], *, spared: Spared
) -> GraphBytes:
    """The graph in int8.

    Weights use half of the range. Processors without VNNI add two products in 16 bits, where two
    full ones overflow; labels would depend on the processor (``ONEDNN_MAX_CPU_ISA=AVX2`` in the
    environment shows what one without VNNI finds).

    Args:
        graph: In float32.
        pixels: Pictures, one each, of the kind that the model will see.
        spared: What stays in float32. Rounding in the first convolutions is carried through all
            the rest; the last ones give boxes and scores directly.
    """
    logging.getLogger("torch.utils.cpp_extension").setLevel(logging.ERROR)  # about CUDA
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the library's own imports
        import nncf
        from nncf.quantization.advanced_parameters import OverflowFix

    logging.getLogger("nncf").setLevel(logging.ERROR)
    model = library().read_model(model=graph.model, weights=graph.weights)
    names = _first_convolutions(model) if spared != "nothing" else []
    if spared == "first and last layers":
        names += last_convolutions(model)
    scope = nncf.IgnoredScope(names=names) if names else None
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantised = nncf.quantize(
            model,
            nncf.Dataset(pixels, lambda picture: {PIXELS: picture}),
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(pixels),
            ignored_scope=scope,
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=OverflowFix.ENABLE
            ),
        )
    return graph_of_model(quantised)


def _first_convolutions(model: "openvino.Model") -> list[str]:
    """The convolutions that are computed first."""
    operations = model.get_ordered_ops()
    names = [one.get_friendly_name() for one in operations if one.get_type_name() in _CONVOLUTIONS]
    return names[:_FIRST]


def last_convolutions(model: "openvino.Model") -> list[str]:
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
