"""The network run by OpenVINO, on a processor or on Intel's GPUs.

Pictures are run one by one in as many streams as there are cores to fill, so that a picture's
outputs do not depend on the others of its batch at all. On two cores that was faster than batches
of four (``.github/decisions/0007-openvino-on-processors.md``).
"""

import functools
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
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
    PictureOutputs,
    Port,
    network_problem,
    rescoring_problem,
)
from yolact_cli.inference.runtimes.graph_memory import check_memory
from yolact_cli.network.config import NetworkConfig
from yolact_cli.settings import Precision

if TYPE_CHECKING:
    import openvino

# Never left to the library, whose own choice on new processors is bf16.
_HINTS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
_NAMES = {PIXELS, MASKS, MASK_IOUS, *OUTPUTS}
_MASKS = 100  # of a picture, which is as many as it has objects by default
MOST_STREAMS = 4
"""As many pictures as a batch has on a processor."""


@functools.cache
def library() -> "openvino.Core":
    """The library's entrance, one for the whole process, which stays until it ends.

    Each entrance changes the stack that the thread's signals are handled on, and changes it back
    when it goes. Where the first of two goes first, memory that is gone stays behind as that stack:
    the next signal, be it Ctrl-C, would end the process by a fault.
    """
    import openvino

    return openvino.Core()


class OpenVinoEngine:
    """A compiled graph, and the mask-rescoring branch's where there is one."""

    def __init__(
        self,
        compiled: "openvino.CompiledModel",
        rescoring: "openvino.CompiledModel | None",
        *,
        config: NetworkConfig,
    ) -> None:
        """Take what :func:`compile_graph` or :func:`load_compiled` gave.

        Raises:
            WeightsMismatchError: The graph is not of this network.
        """
        _check(compiled, config, network_problem)
        if rescoring is not None:
            _check(rescoring, config, rescoring_problem)
        self.largest_batch: int | None = None  # pictures are run one by one
        self._compiled = compiled
        self._free: list[openvino.InferRequest] = []
        self._rescoring = rescoring.create_infer_request() if rescoring is not None else None

    def infer(self, pixels: Float32[np.ndarray, "b s s 3"]) -> Iterator[PictureOutputs]:
        """Begin with all pictures, and give the outputs of each, in order.

        The library keeps them in a queue, so that none of its streams waits for another picture.
        """
        begun: deque[openvino.InferRequest] = deque()
        for place in range(len(pixels)):
            request = self._free.pop() if self._free else self._compiled.create_infer_request()
            request.start_async({PIXELS: pixels[place : place + 1]}, share_inputs=True)
            begun.append(request)
        return self._taken(begun)

    def _taken(self, begun: "deque[openvino.InferRequest]") -> Iterator[PictureOutputs]:
        try:
            while begun:
                request = begun[0]
                request.wait()
                yield _outputs(request)
                self._free.append(begun.popleft())
        finally:
            for request in begun:  # they still read the caller's pixels
                request.wait()

    def rescore(self, soft_masks: Float32[np.ndarray, "n h w"]) -> Float32[np.ndarray, "n c"]:
        """The IoU expected of each mask for each class."""
        assert self._rescoring is not None  # noqa: S101 - cards with rescoring have both graphs
        self._rescoring.infer({MASKS: soft_masks})
        mask_ious: np.ndarray = self._rescoring.get_tensor(MASK_IOUS).data.copy()
        return mask_ious


def compile_graph(
    graph: GraphBytes, *, device: str, precision: Precision, pictures: int | None = 1
) -> "openvino.CompiledModel":
    """The graph compiled for a device of OpenVINO's ("CPU", "GPU").

    Args:
        graph: XML and weights.
        device: As OpenVINO spells it.
        precision: Arithmetic; fp32 is fp32.
        pictures: Length of the first axis, or None where it is not known.

    Raises:
        DeviceError: OpenVINO cannot compile it for the device, or memory does not suffice.
        WeightsMismatchError: OpenVINO cannot read the graph, or sizes in it are unknown.
    """
    core = library()
    try:
        model = core.read_model(model=graph.model, weights=graph.weights)
        _set_pictures(model, _MASKS if pictures is None else pictures)
    except RuntimeError as error:
        raise WeightsMismatchError(
            f"OpenVINO cannot read the graph ({_first_line(error)})."
        ) from error
    settings = compile_settings(device, precision)
    check_memory(model, at_once=1 if pictures is None else settings.get("NUM_STREAMS", 1))
    if pictures is None:
        _set_pictures(model, -1)
    try:
        return core.compile_model(model, device, settings)
    except RuntimeError as error:
        raise DeviceError(
            f"OpenVINO cannot compile the network for {device} ({_first_line(error)}).",
            remedy="Use --runtime torch.",
        ) from error


def _set_pictures(model: "openvino.Model", pictures: int) -> None:
    import openvino

    shape = model.inputs[0].get_partial_shape()
    shape[0] = openvino.Dimension(pictures)
    model.reshape({model.inputs[0]: shape})


def compile_settings(device: str, precision: Precision) -> dict[str, Any]:
    """What decides a compiled graph besides the graph itself; also its key in the cache."""
    settings: dict[str, Any] = {
        "INFERENCE_PRECISION_HINT": _HINTS[precision],
        "PERFORMANCE_HINT": "THROUGHPUT",
    }
    if device == "CPU":
        cores = usable_cores()
        settings |= {
            "INFERENCE_NUM_THREADS": cores,
            "NUM_STREAMS": min(cores, MOST_STREAMS),
        }
    return settings


def load_compiled(blob: bytes, *, device: str, precision: Precision) -> "openvino.CompiledModel":
    """What :func:`save_compiled` gave on this machine, for the same version of OpenVINO.

    Args:
        blob: A compiled graph, which does not know what it was compiled with: without the same
            settings it would run in a single stream, and in bf16 where the processor has it.
        device: As it was compiled for.
        precision: As it was compiled for.

    Raises:
        RuntimeError: It was made elsewhere, or is damaged.
    """
    return library().import_model(blob, device, compile_settings(device, precision))


def save_compiled(compiled: "openvino.CompiledModel") -> bytes:
    """The compiled graph, to be loaded again here: quicker by most of a start."""
    blob: bytes = compiled.export_model().getvalue()
    return blob


def device_facts(device: str) -> dict[str, str]:
    """What a compiled graph depends on: the library's version, the device and its abilities."""
    import openvino

    core = library()
    if device not in core.available_devices:
        raise DeviceError(
            f"OpenVINO finds no device {device!r}; there is {', '.join(core.available_devices)}.",
            remedy="Use --device cpu, or install the device's driver.",
        )
    return {
        "openvino": openvino.__version__,
        "device": str(core.get_property(device, "FULL_DEVICE_NAME")),
        "abilities": ",".join(core.get_property(device, "OPTIMIZATION_CAPABILITIES")),
    }


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def has_reduced_precision(precision: Precision) -> bool:
    """Whether the processor computes in bf16 or fp16, rather than pretending to."""
    wanted = {"bf16": "BF16", "fp16": "FP16"}.get(precision, "FP32")
    return wanted in library().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


def _check(
    compiled: "openvino.CompiledModel",
    config: NetworkConfig,
    problem_of: Callable[[Sequence[Port], Sequence[Port], NetworkConfig], str | None],
) -> None:
    problem = problem_of(_ports(compiled.inputs), _ports(compiled.outputs), config)
    if problem:
        raise WeightsMismatchError(f"The graph is of another network: {problem}.")


def _ports(ports: Sequence[Any]) -> list[Port]:
    return [
        Port(
            name=min(port.get_names() & _NAMES or port.get_names(), default=""),
            shape=tuple(
                side.get_length() if side.is_static else None for side in port.get_partial_shape()
            ),
            is_float32=port.get_element_type().get_type_name() == "f32",
        )
        for port in ports
    ]


def _outputs(request: "openvino.InferRequest") -> PictureOutputs:
    # the library's own memory, which the next picture of this request is written over
    values = {name: request.get_tensor(name).data[0] for name in OUTPUTS}
    return PictureOutputs(
        **{name: value.astype(np.float32, copy=False) for name, value in values.items()}
    )


def _first_line(error: RuntimeError) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def graph_of_files(xml: Path) -> GraphBytes:
    """The graph in an XML file and the ``.bin`` beside it."""
    return GraphBytes(model=xml.read_bytes(), weights=xml.with_suffix(".bin").read_bytes())
