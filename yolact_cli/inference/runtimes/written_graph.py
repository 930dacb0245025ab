"""A graph run as its file has it: whole batches on the processor, no axis fixed and none freed.

Runs give the graph a picture at a time, so that they cannot tell whether it takes more.
"""

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from jaxtyping import Float32

from yolact_cli.errors import ModelError
from yolact_cli.inference.runtimes.graph import (
    MASK_IOUS,
    OUTPUTS,
    GraphBytes,
    GraphPair,
    PictureOutputs,
)

_REMEDY = "Please report this with the versions of 'pip list'."
_Run = Callable[[np.ndarray], Mapping[str, np.ndarray]]


class WrittenEngine:
    """An :class:`~yolact_cli.inference.runtimes.graph.Engine` of the graphs as they are."""

    def __init__(self, graphs: GraphPair, *, runtime: str) -> None:
        """Load the graphs into ``onnx`` or ``openvino``."""
        self.largest_batch: int | None = None  # it is asked whether it takes them as they are
        load = {"onnx": _load_onnx, "openvino": _load_openvino}[runtime]
        self._network = load(graphs.network)
        self._rescoring = load(graphs.rescoring) if graphs.rescoring is not None else None

    def infer(self, pixels: Float32[np.ndarray, "b s s 3"]) -> Iterator[PictureOutputs]:
        """The outputs of each picture, of one run over all of them.

        Raises:
            ModelError: The graph does not take so many, or not give as many.
        """
        values = _run(self._network, pixels, "pictures")
        return (
            PictureOutputs(**{name: values[name][place] for name in OUTPUTS})
            for place in range(len(pixels))
        )

    def rescore(self, soft_masks: Float32[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n c"]:
        """The IoU expected of each mask for each class.

        Raises:
            ModelError: As for :meth:`infer`.
        """
        assert self._rescoring is not None  # noqa: S101 - asked of networks with rescoring only
        return _run(self._rescoring, soft_masks, "masks")[MASK_IOUS]


def _run(run: _Run, inputs: np.ndarray, what: str) -> Mapping[str, np.ndarray]:
    asked = f"The graph takes no batches of {len(inputs)} {what}"
    try:
        values = run(inputs)
    except Exception as error:  # each library raises what it likes
        reason = str(error).strip().splitlines()
        told = reason[-1] if reason else type(error).__name__
        raise ModelError(f"{asked} ({told}).", remedy=_REMEDY) from error
    for name, value in values.items():
        if len(value) != len(inputs):
            raise ModelError(f"{asked}: it gives {name} of {len(value)}.", remedy=_REMEDY)
    return values


def _load_onnx(graph: GraphBytes) -> _Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    providers = ["CPUExecutionProvider"]
    session = onnxruntime.InferenceSession(graph.model, options, providers=providers)
    (taken,) = session.get_inputs()
    names = [one.name for one in session.get_outputs()]
    return lambda inputs: dict(zip(names, session.run(names, {taken.name: inputs}), strict=True))


def _load_openvino(graph: GraphBytes) -> _Run:
    from yolact_cli.inference.runtimes.openvino_runtime import compile_settings, library

    model = library().read_model(model=graph.model, weights=graph.weights)
    compiled = library().compile_model(model, "CPU", compile_settings("CPU", "fp32"))
    names = [output.get_any_name() for output in compiled.outputs]

    def run(inputs: np.ndarray) -> dict[str, np.ndarray]:
        values = compiled([inputs])
        return {name: values[name] for name in names}

    return run
