"""How much of the machine's arithmetic a network uses: its own work over what a product reaches.

The peak is measured, not looked up: the best of several products of square matrices, on as many
threads and in the same precision as the network has. The network's work is what its convolutions
add and multiply if they are done as written; a library that does them in a cleverer way, such as
Winograd's, comes out above what it really computes.
"""

import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from yolact_cli.inference.runtimes.openvino_runtime import usable_cores
from yolact_cli.network.config import NetworkConfig
from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import Precision

_DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
_SIDES = (256, 512, 1024, 2048, 4096, 8192)
_ENOUGH_S = 0.04  # a product that takes so long tells the machine's speed; larger ones tell no more
_REPEATS = 6
_LONGER_S = 1.0  # for the fastest ones once more: other programs may have had the cores before


@dataclass(frozen=True, slots=True, kw_only=True)
class MatrixPeak:
    """The most that products of matrices reach.

    Attributes:
        gflop_per_s: Multiplications and additions count one each.
        library: Whose product was the fastest.
        side: Of the fastest matrices.
        threads: That torch was given; numpy takes as many as it is built to.
    """

    gflop_per_s: float
    library: str
    side: int
    threads: int


def network_gflop(config: NetworkConfig) -> float:
    """What the network multiplies and adds for a picture, in 10^9 operations, 2 for each product.

    Counted by torch on shapes alone: no weights are needed. Convolutions and matrix products count;
    normalisation, activations and resizing do not. A deformable convolution counts as the plain one
    of its shape, without what its sampling costs. Mask rescoring, whose work goes with the number
    of objects, is left out.
    """
    side = config.input_size
    with torch.device("meta"), torch.inference_mode():
        network, images = Yolact(config).eval(), torch.zeros(1, 3, side, side)
    counter = FlopCounterMode(display=False, custom_mapping=_deformable_flops())
    with torch.inference_mode(), counter:
        network(images)
    return float(counter.get_total_flops()) / 1e9


def matrix_peak(*, device: str, precision: Precision, threads: int) -> MatrixPeak:
    """Measure it, for a few seconds.

    Args:
        device: As torch spells it.
        precision: Arithmetic of the product.
        threads: Of a processor.
    """
    where = torch.device(device)
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        found = [_fastest("torch", _torch_product(where, _DTYPES[precision]), threads)]
        if device == "cpu" and precision == "fp32":
            found.append(_fastest("numpy", _numpy_product, threads))
    finally:
        torch.set_num_threads(before)
    return max(found, key=lambda one: one.gflop_per_s)


def network_threads(runtime: str) -> int:
    """As many as a runtime gives the network on a processor."""
    return torch.get_num_threads() if runtime == "torch" else usable_cores()


def processor_name() -> str:
    """What the processor calls itself, or its architecture."""
    if sys.platform == "linux":
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def gpu_name(device: str) -> str | None:
    """What a GPU of NVIDIA's or AMD's calls itself; None for other devices."""
    if not device.startswith("cuda") or not torch.cuda.is_available():
        return None
    return torch.cuda.get_device_name(device)


Product = Callable[[int], Callable[[], object]]
"""Of a side, the product of two matrices of it; done when the call ends."""


def _fastest(library: str, product: Product, threads: int) -> MatrixPeak:
    seconds_by_side: dict[int, float] = {}
    for side in _SIDES:
        multiply = product(side)
        multiply()
        seconds_by_side[side] = min(_seconds(multiply) for _ in range(_REPEATS))
        if seconds_by_side[side] > _ENOUGH_S:
            break
    side = max(seconds_by_side, key=lambda one: one**3 / seconds_by_side[one])
    least_s = min(seconds_by_side[side], _least_seconds(product(side)))
    speed = 2 * side**3 / least_s / 1e9
    return MatrixPeak(gflop_per_s=speed, library=library, side=side, threads=threads)


def _least_seconds(call: Callable[[], object]) -> float:
    """Of as many calls as there is time for, at least one."""
    end_s = time.perf_counter() + _LONGER_S
    least = _seconds(call)
    while time.perf_counter() < end_s:
        least = min(least, _seconds(call))
    return least


def _seconds(call: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    call()
    return time.perf_counter() - begun_s


def _torch_product(device: torch.device, dtype: torch.dtype) -> Product:
    def product(side: int) -> Callable[[], object]:
        generator = torch.Generator().manual_seed(side)
        left, right = (
            torch.rand(side, side, generator=generator).to(device, dtype) for _ in range(2)
        )
        result = torch.empty_like(left)

        def multiply() -> None:
            torch.mm(left, right, out=result)
            if device.type != "cpu":
                getattr(torch, device.type).synchronize()

        return multiply

    return product


def _numpy_product(side: int) -> Callable[[], object]:
    rng = np.random.default_rng(side)
    left, right = rng.random((2, side, side), np.float32)
    result = np.empty_like(left)
    return lambda: np.matmul(left, right, out=result)


def _deformable_flops() -> dict[Any, Callable[..., int]]:
    import torchvision  # noqa: F401  # registers the operator

    def flops(_: Any, weight_shape: Any, *__: Any, out_shape: Any, **___: Any) -> int:
        pictures, channels, height, width = out_shape
        inputs, rows, columns = weight_shape[1:]
        return int(2 * pictures * channels * height * width * inputs * rows * columns)

    return {torch.ops.torchvision.deform_conv2d: flops}
