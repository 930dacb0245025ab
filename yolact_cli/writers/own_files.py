"""Files that replace only what was written here before, never anybody else's.

A record beside the files says what each of them was when it was written. A file that is not in it,
or that somebody has changed since, belongs to somebody else.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from yolact_cli.errors import OutputExistsError
from yolact_cli.store import Store


def replace_own_files(
    store: Store, files: Mapping[str, bytes], *, record_path: str, record: Mapping[str, Any]
) -> None:
    """Write the files and, with their checksums in it, the record; what an earlier call wrote goes.

    A kill at any moment leaves only files that the next call takes for its own.

    Args:
        store: Takes them.
        files: Contents by path.
        record_path: Of the record.
        record: Plain JSON types; ``files`` is added.

    Raises:
        OutputExistsError: A file of that name is somebody else's; nothing was written.
        OutputError: The store cannot take a file.
    """
    refuse_foreign(store, list(files), record_path=record_path)
    before = _known(store, record_path)
    for path in before or {}:
        if not _is_foreign(store, path, before):
            store.delete(path)
    checksums = {path: _checksum(data) for path, data in files.items()}
    document = {**record, "files": checksums}
    text = json.dumps(document, indent=1, allow_nan=False)
    store.put(record_path, text.encode("ascii") + b"\n")
    for path, data in files.items():
        store.put(path, data)


def refuse_foreign(store: Store, paths: Sequence[str], *, record_path: str) -> None:
    """Do nothing, unless a file of these names is somebody else's.

    Raises:
        OutputExistsError: One is.
    """
    before = _known(store, record_path)
    foreign = [path for path in paths if _is_foreign(store, path, before)]
    if before is None and store.exists(record_path):
        foreign.append(record_path)
    if foreign:
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise OutputExistsError(
            f"{foreign[0]}{more}: already there, and not written by this command.",
            remedy="Choose another folder with --output, or move the files away.",
        )


def _known(store: Store, record_path: str) -> dict[str, str] | None:
    """Checksums by path of an earlier call, or None where no record says so."""
    try:
        files = json.loads(store.read_bytes(record_path))["files"]
        known = {PurePosixPath(path).name: str(checksum) for path, checksum in files.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
    # Names alone: a record of somebody else's leads to no file outside its folder.
    return known if known.keys() == files.keys() else None


def _is_foreign(store: Store, path: str, before: Mapping[str, str] | None) -> bool:
    try:
        data = store.read_bytes(path)
    except FileNotFoundError:
        return False
    except OSError:  # a folder of that name, or one that may not be read
        return True
    return _checksum(data) != (before or {}).get(path)


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
