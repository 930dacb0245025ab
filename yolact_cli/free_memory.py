"""Memory of the machine, or of the container that this process runs in."""

import os
from pathlib import Path

_UNKNOWN_BYTES = 4 << 30
_MEMINFO, _CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup")


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
