"""Where the network runs."""

import torch

from yolact_cli.errors import DeviceError


def resolve_device(name: str) -> torch.device:
    """The device called ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``, known to be there.

    ``auto`` is the first CUDA device, else Apple's GPU, else the processor.

    Raises:
        DeviceError: No such device here, or no such spelling.
    """
    if name == "auto":
        return _best_device()
    kind, _, index = name.partition(":")
    if kind == "cpu" and not index:
        return torch.device("cpu")
    if kind == "mps" and not index:
        return _apple_device()
    if kind == "cuda" and (not index or index.isdecimal()) and not name.endswith(":"):
        return _cuda_device(int(index or 0))
    raise DeviceError(
        f"There is no device called {name!r}.", remedy="Use auto, cpu, cuda, cuda:1 (say) or mps."
    )


def _best_device() -> torch.device:
    if torch.cuda.is_available():
        return torch.device("cuda", 0)
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def _apple_device() -> torch.device:
    if not torch.backends.mps.is_available():
        raise DeviceError("No Apple GPU (mps) is available here.", remedy="Use --device cpu.")
    return torch.device("mps")


def _cuda_device(index: int) -> torch.device:
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(
            f"torch {torch.__version__} finds no CUDA device.",
            remedy="Use --device cpu, or install a CUDA build of torch and the NVIDIA driver.",
        )
    if index >= count:
        last = "only cuda:0 is" if count == 1 else f"cuda:0 to cuda:{count - 1} are"
        raise DeviceError(f"cuda:{index} is not there.", remedy=f"Here {last} available.")
    return torch.device("cuda", index)
