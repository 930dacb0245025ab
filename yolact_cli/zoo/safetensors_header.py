"""The header of a safetensors file, read without the library, torch, or trust."""

import json
from pathlib import Path
from typing import Any, BinaryIO

from yolact_cli.errors import NotACheckpointError

MAX_HEADER_BYTES = 16 << 20
CARD_KEY = "yolact_card"


def read_header(path: Path) -> dict[str, Any]:
    """The header's JSON object: tensors by name, and ``__metadata__``.

    Raises:
        NotACheckpointError: If the file is cut off or is no safetensors file.
    """
    try:
        with path.open("rb") as file:
            return _read_header(file, size_bytes=path.stat().st_size)
    except (OSError, ValueError, RecursionError) as error:
        raise NotACheckpointError(
            f"{path}: not a safetensors file ({error}).",
            remedy="It may be cut off: compare its size with the original's.",
        ) from error


def _read_header(file: BinaryIO, *, size_bytes: int) -> dict[str, Any]:
    length = int.from_bytes(file.read(8), "little")
    if size_bytes < 8 or length > min(MAX_HEADER_BYTES, size_bytes - 8):
        raise ValueError("the length of its header makes no sense")
    header = json.loads(file.read(length))
    if not isinstance(header, dict) or not all(isinstance(v, dict) for v in header.values()):
        raise ValueError("its header is no table of tensors")
    return header


def read_embedded_card(path: Path) -> str | None:
    """The text of the card that the file carries in its metadata, or None.

    Raises:
        NotACheckpointError: If the file is no safetensors file.
    """
    text = read_header(path).get("__metadata__", {}).get(CARD_KEY)
    return text if isinstance(text, str) else None
