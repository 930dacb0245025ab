"""Memory that processes took at most, as far as the system tells."""

import contextlib
import importlib
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_PROC = Path("/proc")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakMemory:
    """What a run took at most.

    Attributes:
        process_bytes: Of this process since it was started, its libraries with it; None where the
            system does not tell.
        decoders: Processes that decoded for it, as many as were seen.
        decoder_bytes: Of the largest of them; what they share with each other counts in each.
        gpu_bytes: That torch held of a GPU's memory; None where it ran on none.
    """

    process_bytes: int | None
    decoders: int = 0
    decoder_bytes: int = 0
    gpu_bytes: int | None = None


@dataclass(slots=True, kw_only=True)
class MemoryWatch:
    """Looks at the processes that this one has started, now and then, while they live."""

    peaks_bytes: dict[int, int] = field(default_factory=dict)

    def look(self) -> None:
        """Note what each of them took at most up to now; does nothing but on Linux."""
        own = str(os.getpid())
        waiting, seen = [own], set()
        while waiting:
            process = waiting.pop()
            seen.add(process)
            waiting += [child for child in _children(process) if child not in seen]
        for process in seen - {own}:
            if peak := _peak_of(process):
                self.peaks_bytes[int(process)] = peak

    def peak(self, *, device: str, decoders: int) -> PeakMemory:
        """Of this process until now, and of the decoding ones.

        Args:
            device: Where the network ran.
            decoders: How many there are; the others seen are those that start them.
        """
        found = sorted(self.peaks_bytes.values(), reverse=True)
        return PeakMemory(
            process_bytes=peak_of_this_process(),
            decoders=min(decoders, len(found)),
            decoder_bytes=found[0] if decoders and found else 0,
            gpu_bytes=_peak_of_gpu(device),
        )


def peak_of_this_process() -> int | None:
    """Bytes that were resident at most, or None where there is no telling."""
    if peak_bytes := _peak_of("self"):  # resource's begins with the memory of whoever started us
        return peak_bytes
    try:
        resource: Any = importlib.import_module("resource")
    except ImportError:  # Windows
        return None
    peak: int = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _peak_of_gpu(device: str) -> int | None:
    torch = sys.modules.get("torch")  # another runtime's GPU memory is not torch's to tell
    if torch is None or not device.startswith("cuda") or not torch.cuda.is_initialized():
        return None
    return int(torch.cuda.max_memory_reserved(device))


def _children(process: str) -> list[str]:
    children: list[str] = []
    with contextlib.suppress(OSError):  # it has ended, or this is not Linux
        for thread in (_PROC / process / "task").iterdir():
            children += (thread / "children").read_text().split()
    return children


def _peak_of(process: str) -> int:
    with contextlib.suppress(OSError):
        for line in (_PROC / process / "status").read_text(errors="replace").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
