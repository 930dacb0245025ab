"""The network run by ONNX Runtime, on a processor or an NVIDIA GPU."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from yolact_cli.errors import DeviceError, WeightsMismatchError
from yolact_cli.inference.runtimes.graph import (
    OUTPUTS,
    PIXELS,
    GraphBytes,
    GraphPair,
    PictureOutputs,
    expect_shapes,
)
from yolact_cli.inference.runtimes.openvino_runtime import usable_cores
from yolact_cli.network.config import NetworkConfig

if TYPE_CHECKING:
    import onnxruntime

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"


class OnnxEngine:
    """Sessions of the graphs.

    On a processor pictures are run one by one, so that a picture's outputs do not depend on the
    others of its batch; batches were no faster there.
    """

    def __init__(self, graphs: GraphPair, *, config: NetworkConfig, device: str) -> None:
        """Load the graphs.

        Args:
            graphs: ONNX, of the network and its rescoring branch.
            config: Of the network.
            device: cpu, cuda or cuda:1.

        Raises:
            DeviceError: ONNX Runtime cannot use the device.
            WeightsMismatchError: The graph cannot be read, or is not of this network.
        """
        providers = _providers(device)
        self._session = _session(graphs.network, providers)
        _check(self._session, config)
        self._rescoring = _session(graphs.rescoring, providers) if graphs.rescoring else None
        self._pictures = 1 if device == "cpu" else None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    def infer(self, pixels: Float32[np.ndarray, "b s s 3"]) -> Iterator[PictureOutputs]:
        """Begin with all pictures, and give the outputs of each, in order."""
        step = self._pictures or max(len(pixels), 1)
        parts = [pixels[start : start + step] for start in range(0, len(pixels), step)]
        begun = [self._thread.submit(self._outputs, part) for part in parts]
        return (outputs for one in begun for outputs in one.result())

    def _outputs(self, pixels: Float32[np.ndarray, "b s s 3"]) -> list[PictureOutputs]:
        values = self._session.run(list(OUTPUTS), {PIXELS: pixels})
        return [
            PictureOutputs(
                **{name: value.copy() for name, value in zip(OUTPUTS, outputs, strict=True)}
            )
            for outputs in zip(*values, strict=True)
        ]

    def rescore(self, soft_masks: Float32[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n c"]:
        """The IoU expected of each mask for each class."""
        assert self._rescoring is not None  # noqa: S101 - cards with rescoring have both graphs
        (mask_ious,) = self._rescoring.run(None, {self._rescoring.get_inputs()[0].name: soft_masks})
        found: np.ndarray = mask_ious
        return found


def _providers(device: str) -> list[Any]:
    import onnxruntime

    if device == "cpu":
        return [_CPU]
    kind, _, index = device.partition(":")
    available = onnxruntime.get_available_providers()
    if kind != "cuda" or _CUDA not in available:
        raise DeviceError(
            f"ONNX Runtime {onnxruntime.__version__} cannot use {device}.",
            remedy="Use --device cpu, or install onnxruntime-gpu in onnxruntime's place.",
        )
    # TF32 would make fp32 something else
    return [(_CUDA, {"device_id": int(index or 0), "use_tf32": 0}), _CPU]


def _session(graph: GraphBytes, providers: list[Any]) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = usable_cores()
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(graph.model, options, providers=providers)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsMismatchError(f"ONNX Runtime cannot read the graph ({reason}).") from error


def _check(session: "onnxruntime.InferenceSession", config: NetworkConfig) -> None:
    outputs = {one.name: tuple(one.shape[1:]) for one in session.get_outputs()}
    problem = expect_shapes(outputs, config)
    side, inputs = config.input_size, session.get_inputs()
    if len(inputs) != 1 or inputs[0].shape[1:] != [side, side, 3]:
        problem = f"its input is {inputs[0].shape}, not pictures of {side} x {side} x 3"
    if problem:
        raise WeightsMismatchError(f"The graph is of another network: {problem}.")
