"""How much memory pictures on their way may take.

A quarter is for frames that wait for the network or are with it, the rest for pictures while they
are decoded.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from yolact_cli.sources.gate import unreadable

Admit = Callable[[tuple[int, int], str], None]
"""Called with a picture's width and height in px and its name, before its pixels are decoded."""

BYTES_A_PIXEL = 8
"""Of decoding: samples, a copy turned upright or in another order, what decoders keep besides."""
LEAST_BYTES, MOST_BYTES = 256 << 20, 4 << 30
_UNKNOWN_BYTES = 4 << 30
_MEMINFO, _CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Memory for pictures on their way from files through the network.

    Attributes:
        total_bytes: All of it.
        is_limit: Whether pictures that alone would not fit are refused; they go alone otherwise.
    """

    total_bytes: int
    is_limit: bool = False

    @property
    def frame_bytes(self) -> int:
        """For frames that wait, and those of the batch in the network."""
        return self.total_bytes // 4

    @property
    def decoding_bytes(self) -> int:
        """For all pictures together that are being decoded."""
        return self.total_bytes - self.frame_bytes

    def check(self, size_wh: tuple[int, int], name: str) -> None:
        """Refuse a picture that would not fit if it were alone.

        Raises:
            UnreadablePictureError: It would not, and there is a limit.
        """
        needed_bytes = bytes_to_decode(size_wh)
        if self.is_limit and needed_bytes > self.decoding_bytes:
            needed_mb = -(-needed_bytes // 1_000_000)
            total_mb = -(-needed_bytes * 4 // 3 // 1_000_000)
            raise unreadable(
                name,
                f"decoding {size_wh[0]}x{size_wh[1]} pixels takes about {needed_mb:,} MB, more than"
                f" the three quarters of --memory that one picture may take",
                f"Scale it down, or give at least --memory {total_mb}MB.",
            )


def bytes_to_decode(size_wh: tuple[int, int]) -> int:
    """What decoding a picture of this width and height takes at its highest, about."""
    return size_wh[0] * size_wh[1] * BYTES_A_PIXEL


def room_of(memory_bytes: int | None) -> Room:
    """What a person gave, as a limit; else what suits the machine."""
    if memory_bytes is None:
        return suiting_room()
    return Room(total_bytes=memory_bytes, is_limit=True)


def suiting_room() -> Room:
    """A quarter of the memory that is free here, within reason."""
    return Room(total_bytes=min(max(available_bytes() // 4, LEAST_BYTES), MOST_BYTES))


def available_bytes() -> int:
    """Memory that may be taken without pushing others out, as far as the system tells."""
    found = [count for count in (_free_in_machine(), _free_in_container()) if count is not None]
    return min(found, default=_UNKNOWN_BYTES)


def _free_in_machine() -> int | None:
    try:
        for line in _MEMINFO.read_text("ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) << 10
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    except (AttributeError, ValueError, OSError):
        return None


def _free_in_container() -> int | None:
    """By the limit of a container's control group, version 2; None where there is none."""
    try:
        limit = int((_CGROUP / "memory.max").read_text("ascii"))  # or the word "max"
        used = int((_CGROUP / "memory.current").read_text("ascii"))
        lines = (_CGROUP / "memory.stat").read_text("ascii").splitlines()
        kept_files = sum(
            int(line.split()[1]) for line in lines if line.startswith("inactive_file ")
        )
    except (OSError, ValueError, IndexError):
        return None
    return max(0, limit - used + kept_files)
