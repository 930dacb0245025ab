"""Whether it is worth asking torch for a GPU: importing it to hear "no" takes a second or more."""

import os
import sys
from pathlib import Path

# NVIDIA's driver, a GPU of Windows seen from Linux, AMD's driver
_LINUX_SIGNS = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def has_gpu_signs() -> bool:
    """False only where torch would surely find none."""
    system_name: str = sys.platform  # a plain text: types differ on every system
    if system_name == "linux":
        return any(Path(sign).exists() for sign in _LINUX_SIGNS)
    if system_name == "win32":
        system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32"
        return (system / "nvcuda.dll").exists()
    return True
