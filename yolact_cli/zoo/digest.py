"""SHA-256 of files, and the sentence for when it is another than promised."""

import hashlib
from io import BufferedReader
from pathlib import Path

from yolact_cli.errors import ChecksumError


def sha256_of(file: BufferedReader) -> str:
    """The digest of all that can be read from ``file``'s start, in lower-case hex."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_path(path: Path) -> str:
    """The digest of the file, in lower-case hex."""
    with path.open("rb") as file:
        return sha256_of(file)


def check_digest(found: str, expected: str | None, path: Path) -> None:
    """Compare a digest with the promised one, where there is one.

    Raises:
        ChecksumError: If they differ.
    """
    if expected is not None and found != expected:
        raise ChecksumError(
            f"{path}: its SHA-256 is {found[:12]}…, but {expected[:12]}… was promised.",
            remedy="It was damaged or exchanged. Delete it and fetch it again.",
        )
