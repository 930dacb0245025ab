"""The C allocator's habits: large tensors come and go thousands of times a minute."""

import ctypes
import sys

# glibc's mallopt parameters, malloc.h.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX, M_ARENA_MAX = -1, -2, -4, -8
TOP_PAD_BYTES = 64 << 20


def keep_freed_memory() -> bool:
    """Let the process reuse freed memory instead of returning it to the system.

    By default glibc maps each large tensor anew, and the system zeroes its pages at first touch:
    on a network's early, wide layers that takes longer than the arithmetic. The memory held is
    that of the largest moment, not more with time.

    Returns:
        Whether the allocator took it; False where it is not glibc's.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError):
        return False
    settings = (
        (M_MMAP_MAX, 0),
        (M_TRIM_THRESHOLD, 2**31 - 1),
        (M_TOP_PAD, TOP_PAD_BYTES),
        (M_ARENA_MAX, 1),  # a thread's own arena gives large tensors back whatever was said above
    )
    return all(mallopt(parameter, value) for parameter, value in settings)
