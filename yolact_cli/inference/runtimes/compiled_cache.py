"""What was converted or compiled once, kept on this machine for the next start.

An entry is a folder that appears whole. Its name is the digest of all that it depends on; its
index has the files' digests, so that a damaged entry is made anew rather than run.
"""

import contextlib
import hashlib
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_log = logging.getLogger(__name__)

_INDEX = "index.json"
_SCRATCH, _SCRATCH_S = "new-", 3600
"""How folders begin that are being written, and for how long one may be."""
MOST_BYTES = 2 << 30
"""Of all entries together; the ones not used for longest go first."""


class CompiledCache:
    """Named bytes by what they depend on. A cache that cannot be written is no cache."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, key: Mapping[str, Any]) -> dict[str, bytes] | None:
        """What was stored under the key, or None."""
        entry = self._folder / _digest(json.dumps(key, sort_keys=True, default=str).encode())
        try:
            index = _read_index(entry / _INDEX)
            parts = {name: (entry / name).read_bytes() for name in index}
        except OSError:
            return None
        except (ValueError, RecursionError):
            index, parts = {}, {}
        if not parts or any(_digest(data) != index[name] for name, data in parts.items()):
            _log.info("%s: damaged, and made anew.", entry)
            return None
        with contextlib.suppress(OSError):  # a cache that may only be read is used all the same
            os.utime(entry)
        return parts

    def store(self, key: Mapping[str, Any], parts: Mapping[str, bytes]) -> None:
        """Keep the parts; do nothing where the folder cannot be written."""
        name = _digest(json.dumps(key, sort_keys=True, default=str).encode())
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=self._folder, prefix=_SCRATCH) as scratch:
                self._write(Path(scratch) / name, parts)
                shutil.rmtree(self._folder / name, ignore_errors=True)
                # where another process was first, its entry stays
                with contextlib.suppress(OSError):
                    (Path(scratch) / name).rename(self._folder / name)
            self._prune()
        except OSError as error:
            _log.info("%s: cannot keep a compiled model (%s).", self._folder, error)

    def _write(self, entry: Path, parts: Mapping[str, bytes]) -> None:
        entry.mkdir()
        for name, data in parts.items():
            (entry / name).write_bytes(data)
        index = {name: _digest(data) for name, data in parts.items()}
        (entry / _INDEX).write_text(json.dumps(index))

    def _prune(self) -> None:
        for left_over in self._folder.glob(f"{_SCRATCH}*"):  # of processes that were killed
            with contextlib.suppress(OSError):
                if time.time() - left_over.stat().st_mtime > _SCRATCH_S:
                    shutil.rmtree(left_over, ignore_errors=True)
        entries = [path for path in self._folder.iterdir() if (path / _INDEX).is_file()]
        left = MOST_BYTES
        for entry in sorted(entries, key=lambda path: -path.stat().st_mtime):
            left -= sum(file.stat().st_size for file in entry.iterdir())
            if left < 0:
                shutil.rmtree(entry, ignore_errors=True)


def _read_index(path: Path) -> dict[str, str]:
    index = json.loads(path.read_bytes())
    names = index if isinstance(index, dict) else {}
    if any(
        not isinstance(digest, str) or Path(name).name != name for name, digest in names.items()
    ):
        raise ValueError("an index names files of its own folder, with their digests")
    return names


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
