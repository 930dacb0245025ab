"""How a batch gets to the device that runs the network, and what it gives back to arrays.

On CUDA both ways go through page-locked memory, on streams of their own: a batch travels while the
one before it is computed, and prototypes, most of what comes back, travel while detections are
chosen.
"""

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float32, Shaped
from torch import Tensor

ToArray = Callable[[], np.ndarray]
"""Waits until values are there, and gives them."""


@runtime_checkable
class DeviceBatch(Protocol):
    """Pixels on their way to a device."""

    def __len__(self) -> int:
        """Pictures."""

    def part(self, start: int, stop: int | None) -> Shaped[Tensor, "b s s 3"]:
        """Some of the pictures on the device, for the stream that asks to compute with."""


@runtime_checkable
class DeviceCopies(Protocol):
    """Copies between this process's arrays and a device."""

    def to_device(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> DeviceBatch:
        """Begin to copy a batch, which is to stay unchanged until it was computed with."""

    def to_array(self, values: Float32[Tensor, "..."]) -> ToArray:
        """Begin to copy what the current stream will have computed."""


class DirectCopies:
    """Copies made when they are asked for; none at all on a processor."""

    def __init__(self, device: torch.device) -> None:
        self._device = device

    def to_device(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> DeviceBatch:
        """The batch, of which each part is copied when it is asked for."""
        return _WaitingBatch(pixels, self._device)

    def to_array(self, values: Float32[Tensor, "..."]) -> ToArray:
        """The values, copied when the array is asked for."""
        return lambda: values.cpu().numpy()


class StreamCopies:
    """Copies through page-locked memory, on one stream to the device and another one from it.

    Args:
        device: A CUDA device.
        backend: What has streams and events: ``torch.cuda``, or ``torch.cpu``, whose streams do
            nothing, so that the same code runs where there is no GPU.
        pinned: Whether memory is page-locked, which only an NVIDIA driver can do.
    """

    def __init__(
        self, device: torch.device, *, backend: Any = torch.cuda, pinned: bool = True
    ) -> None:
        self._device = device
        self._backend = backend
        self._pinned = pinned
        self._there = backend.Stream(device)
        self._back = backend.Stream(device)

    def to_device(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> DeviceBatch:
        """The batch on its way, or waiting to be copied in parts where there is no room now."""
        values = torch.from_numpy(np.ascontiguousarray(pixels))
        try:
            ready = values.pin_memory() if self._pinned else values
            with self._backend.stream(self._there):
                copy = ready.to(self._device, non_blocking=True)
                arrived = self._backend.Event()
                arrived.record(self._there)
        except RuntimeError:  # no room there, or none to be page-locked; all else comes up again
            return _WaitingBatch(pixels, self._device)
        return _TravellingBatch(copy, lambda: self._let_wait(copy, arrived))

    def to_array(self, values: Float32[Tensor, "..."]) -> ToArray:
        """The values, on their way as soon as they are computed."""
        try:
            here = torch.empty(values.shape, dtype=values.dtype, pin_memory=self._pinned)
        except RuntimeError:
            return lambda: values.cpu().numpy()
        self._back.wait_stream(self._current())
        with self._backend.stream(self._back):
            here.copy_(values, non_blocking=True)
            arrived = self._backend.Event()
            arrived.record(self._back)
        _in_use(values, self._back)

        def waited() -> np.ndarray:
            arrived.synchronize()
            return here.numpy()

        return waited

    def _let_wait(self, copy: Tensor, arrived: Any) -> None:
        current = self._current()
        current.wait_event(arrived)
        _in_use(copy, current)

    def _current(self) -> Any:
        return self._backend.current_stream(self._device)


class _WaitingBatch:
    def __init__(self, pixels: Shaped[np.ndarray, "b s s 3"], device: torch.device) -> None:
        self._pixels = pixels
        self._device = device

    def __len__(self) -> int:
        return len(self._pixels)

    def part(self, start: int, stop: int | None) -> Shaped[Tensor, "b s s 3"]:
        part = np.ascontiguousarray(self._pixels[start:stop])
        return torch.from_numpy(part).to(self._device)


class _TravellingBatch:
    def __init__(self, copy: Tensor, let_wait: Callable[[], None]) -> None:
        self._copy = copy
        self._let_wait = let_wait

    def __len__(self) -> int:
        return len(self._copy)

    def part(self, start: int, stop: int | None) -> Shaped[Tensor, "b s s 3"]:
        self._let_wait()
        return self._copy[start:stop]


def _in_use(values: Tensor, stream: Any) -> None:
    """Keep memory made on one stream until another one has read it; a processor has but one."""
    if values.is_cuda:
        values.record_stream(stream)


def copies_for(device: torch.device) -> DeviceCopies:
    """The kind that pays on a device."""
    return StreamCopies(device) if device.type == "cuda" else DirectCopies(device)
