"""Names of label files that are a picture's without its ending: ``a/b.jpg`` is ``a/b``.

Tools find labels that way, though ``a.jpg`` and ``a.png`` may both be there. Such pictures keep
their endings (``a.jpg``, ``a.png``), so that no two share a file of labels.
"""

import hashlib
from array import array
from collections.abc import Iterable
from pathlib import PurePosixPath

import numpy as np

MOST_BYTES = 255
"""Longest file name that common file systems take, in UTF-8."""
LONGEST_ENDING_BYTES = 8
_DIGEST_CHARACTERS = 8


class Stems:
    """What pictures' label files are called. Holds eight bytes a picture, whatever its name.

    Args:
        names: Of all pictures.
    """

    def __init__(self, names: Iterable[str]) -> None:
        hashes = np.frombuffer(array("Q", (_hash_of(_stem(name)) for name in names)), np.uint64)
        self._known, counts = np.unique(hashes, return_counts=True)
        self._shared = self._known[counts > 1]

    def of(self, name: str) -> str:
        """The path of a picture's labels, without their ending; the same for the same pictures."""
        stem = _stem(name)
        if _is_among(stem, self._shared):
            stem = name if not _is_among(name, self._known) else f"{name}~{_digest_of(name)}"
        return _fitting(stem, name)


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.with_suffix("").as_posix() if path.suffix else name


def _hash_of(stem: str) -> int:
    # Some file systems take A.txt for a.txt.
    folded = stem.casefold().encode("utf-8", "surrogateescape")
    return int.from_bytes(hashlib.blake2b(folded, digest_size=8).digest())


def _is_among(stem: str, hashes: np.ndarray) -> bool:
    place = np.searchsorted(hashes, np.uint64(_hash_of(stem)))
    return bool(place < len(hashes) and hashes[place] == np.uint64(_hash_of(stem)))


def _digest_of(name: str) -> str:
    encoded = name.encode("utf-8", "surrogateescape")
    return hashlib.sha256(encoded).hexdigest()[:_DIGEST_CHARACTERS]


def _fitting(stem: str, name: str) -> str:
    """The stem, cut and told apart by a digest where its file name would get too long."""
    folder, slash, last = stem.rpartition("/")
    encoded = last.encode("utf-8", "surrogateescape")
    if len(encoded) + LONGEST_ENDING_BYTES <= MOST_BYTES:
        return stem
    room = MOST_BYTES - LONGEST_ENDING_BYTES - _DIGEST_CHARACTERS - 1
    return f"{folder}{slash}{encoded[:room].decode('utf-8', 'ignore')}~{_digest_of(name)}"
