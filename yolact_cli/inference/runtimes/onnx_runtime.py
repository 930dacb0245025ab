"""The network run by ONNX Runtime, on a processor or an NVIDIA GPU."""

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Float32

from yolact_cli.errors import DeviceError, WeightsMismatchError
from yolact_cli.inference.runtimes.graph import (
    MASK_IOUS,
    MASKS,
    OUTPUTS,
    PIXELS,
    GraphBytes,
    GraphPair,
    PictureOutputs,
    Port,
    network_problem,
    rescoring_problem,
)
from yolact_cli.inference.runtimes.graph_memory import most_bytes
from yolact_cli.inference.runtimes.openvino_runtime import usable_cores
from yolact_cli.inference.runtimes.runtime import halved_batch, no_room_for_one
from yolact_cli.network.config import NetworkConfig

if TYPE_CHECKING:
    import onnxruntime

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_NO_MEMORY = ("allocate memory", "out of memory", "bad_alloc", "available memory of")
_AT_LOADING = "ConstantFolding"
"""Computes what depends on no picture, in memory that :func:`_bound_memory` does not bound."""


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
        _check(self._session, config, network_problem)
        self._rescoring = None
        if graphs.rescoring is not None:
            self._rescoring = _session(graphs.rescoring, providers)
            _check(self._rescoring, config, rescoring_problem)
        self._pictures = 1 if device == "cpu" else None
        self.largest_batch: int | None = None
        self._device = device
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="network")

    def infer(self, pixels: Float32[np.ndarray, "b s s 3"]) -> Iterator[PictureOutputs]:
        """Begin with all pictures, and give the outputs of each, in order."""
        step = self._pictures or self.largest_batch or max(len(pixels), 1)
        parts = [pixels[start : start + step] for start in range(0, len(pixels), step)]
        begun = [self._thread.submit(self._outputs, part) for part in parts]
        return (outputs for one in begun for outputs in one.result())

    def _outputs(self, pixels: Float32[np.ndarray, "b s s 3"]) -> list[PictureOutputs]:
        try:
            values = self._session.run(list(OUTPUTS), {PIXELS: pixels})
        except Exception as error:  # its own kinds share no other parent
            if not _is_out_of_memory(error):
                raise
            return self._outputs_of_halves(pixels)
        return [
            PictureOutputs(**dict(zip(OUTPUTS, outputs, strict=True)))
            for outputs in zip(*values, strict=True)
        ]

    def _outputs_of_halves(self, pixels: Float32[np.ndarray, "b s s 3"]) -> list[PictureOutputs]:
        self.largest_batch = half = halved_batch(len(pixels), device=self._device)
        parts = [pixels[start : start + half] for start in range(0, len(pixels), half)]
        return [outputs for part in parts for outputs in self._outputs(part)]

    def rescore(self, soft_masks: Float32[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n c"]:
        """The IoU expected of each mask for each class."""
        assert self._rescoring is not None  # noqa: S101 - cards with rescoring have both graphs
        try:
            (mask_ious,) = self._rescoring.run([MASK_IOUS], {MASKS: soft_masks})
        except Exception as error:
            if not _is_out_of_memory(error):
                raise
            raise no_room_for_one(self._device) from error
        found: np.ndarray = mask_ious
        return found


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return any(sign in text for sign in _NO_MEMORY)


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
    if providers == [_CPU]:
        _bound_memory()
        options.add_session_config_entry("session.use_env_allocators", "1")
    try:
        return onnxruntime.InferenceSession(
            graph.model, options, providers=providers, disabled_optimizers=[_AT_LOADING]
        )
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise WeightsMismatchError(f"ONNX Runtime cannot read the graph ({reason}).") from error


@functools.cache
def _bound_memory() -> None:
    """Let the library's memory end where the machine's does not: it has one for all sessions.

    Without a bound, a graph that makes gigabytes out of a single number would have them.
    """
    import onnxruntime

    arena = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    place = onnxruntime.OrtMemoryInfo("Cpu", arena, 0, onnxruntime.OrtMemType.DEFAULT)
    settings = onnxruntime.OrtArenaCfg({"max_mem": most_bytes()})
    onnxruntime.create_and_register_allocator(place, settings)


def _check(
    session: "onnxruntime.InferenceSession",
    config: NetworkConfig,
    problem_of: Callable[[Sequence[Port], Sequence[Port], NetworkConfig], str | None],
) -> None:
    inputs, outputs = _ports(session.get_inputs()), _ports(session.get_outputs())
    problem = problem_of(inputs, outputs, config)
    if problem is None and inputs[0].shape[0] is not None:
        problem = f"it is for batches of {inputs[0].shape[0]}"
    if problem:
        raise WeightsMismatchError(f"The graph is of another network: {problem}.")


def _ports(arguments: Sequence[Any]) -> list[Port]:
    return [
        Port(
            name=one.name,
            shape=tuple(side if isinstance(side, int) else None for side in one.shape or ()),
            is_float32=one.type == "tensor(float)",
        )
        for one in arguments
    ]
