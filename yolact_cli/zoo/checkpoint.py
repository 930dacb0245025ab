"""The only place that opens checkpoints.

In this order: size limit, checksum, the container's own promises, then the tensors. torch.load
runs with ``weights_only=True`` and nothing is ever tried without it.
"""

import pickle
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from yolact_cli.errors import NotACheckpointError
from yolact_cli.zoo.card import GRAPH_SUFFIXES
from yolact_cli.zoo.container import DOWNLOAD_AGAIN, check_container, check_size
from yolact_cli.zoo.digest import check_digest, sha256_of
from yolact_cli.zoo.safetensors_header import read_header

# What torch.load is seen to raise on files with single bytes changed.
DAMAGE = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, OSError, RuntimeError,
    TypeError, ValueError, pickle.UnpicklingError, struct.error,
)  # fmt: skip


def read_checkpoint(path: Path, *, sha256: str | None = None) -> Any:
    """What ``torch.save`` wrote: tensors, numbers and text in containers, on the CPU.

    Args:
        path: A zip archive or a pre-zip file.
        sha256: The digest it must have, or None for any.

    Raises:
        ChecksumError: If the digest is another.
        NotACheckpointError: If the file is cut off, foreign, oversized, or holds code.
    """
    try:
        with path.open("rb") as file:
            check_size(file, path)
            if sha256 is not None:
                check_digest(sha256_of(file), sha256, path)
            check_container(file, path)
            file.seek(0)
            return torch.load(file, map_location="cpu", weights_only=True)  # noqa: TID251
    except DAMAGE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise NotACheckpointError(
            f"{path}: cannot be loaded ({reason}).", remedy=DOWNLOAD_AGAIN
        ) from error


def read_tensors(path: Path, *, sha256: str | None = None) -> dict[str, Tensor]:
    """The named tensors of a .pth or .safetensors file, as stored.

    Raises:
        ChecksumError: If the digest is another.
        NotACheckpointError: If the file holds anything but named tensors.
    """
    if path.suffix in GRAPH_SUFFIXES.values():
        raise NotACheckpointError(
            f"{path}: is a graph made for a runtime; it holds no tensors to load or to train.",
            remedy="Use the model that it was made from.",
        )
    if path.suffix == ".safetensors":
        return _read_safetensors(path, sha256)
    content = read_checkpoint(path, sha256=sha256)
    if not isinstance(content, Mapping):
        raise NotACheckpointError(f"{path}: holds a {type(content).__name__}, not named tensors.")
    if not content:
        raise NotACheckpointError(f"{path}: holds no tensors at all.", remedy=DOWNLOAD_AGAIN)
    for name, value in content.items():
        if not isinstance(name, str):
            raise NotACheckpointError(f"{path}: its tensors have no names ({name!r} is none).")
        if not isinstance(value, Tensor):
            raise NotACheckpointError(
                f"{path}: {name!r} is a {type(value).__name__}, not a tensor.",
                remedy="It may be a training state; a bare state_dict is wanted.",
            )
        if value.layout != torch.strided or value.is_quantized:
            raise NotACheckpointError(f"{path}: {name} is no plain tensor ({value.layout}).")
    return dict(content)


def _read_safetensors(path: Path, sha256: str | None) -> dict[str, Tensor]:
    try:
        with path.open("rb") as file:
            check_size(file, path)
            if sha256 is not None:
                check_digest(sha256_of(file), sha256, path)
        read_header(path)
        return dict(load_file(path))
    except (SafetensorError, OSError, ValueError, RuntimeError, KeyError) as error:
        raise NotACheckpointError(
            f"{path}: not a usable safetensors file ({error}).", remedy=DOWNLOAD_AGAIN
        ) from error
