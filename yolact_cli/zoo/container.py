"""The outside of a checkpoint file: is it whole, and does it hold only tensors?

Looks at bytes and declared sizes; imports no torch, executes nothing. Two layouts are known:
torch's zip archive, and the sequence of pickles before it, in which files of 2019 come.
"""

import io
import os
import tarfile
import zipfile
from pathlib import Path
from typing import BinaryIO

from yolact_cli.errors import NotACheckpointError
from yolact_cli.zoo.pickle_scan import (
    CodeFoundError,
    PickleRefusedError,
    PickleScan,
    Storage,
    scan_pickle,
)

MAX_CHECKPOINT_BYTES = 1 << 30  # five times the largest released file
MAX_PICKLE_BYTES = 4 << 20  # forty times that of the largest released file
MAX_DIRECTORY_BYTES = 4 << 20
# protocol 2, then torch's magic number 0x1950a86a20f9469cfc6c as a ten-byte integer
LEGACY_START = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
ZIP_START = b"PK\x03\x04"
ZIP_END_BYTES = 22
ZIP64_END_BYTES = 56
ZIP64_LOCATOR_BYTES = 20

FOREIGN_STARTS = (
    (b"<", "a web page: the host sent a page instead of the file"),
    (b"version https://git-lfs", "a Git LFS pointer: the file itself was not fetched"),
    (b"\x1f\x8b", "a gzip archive: unpack it first"),
    (b"BZh", "a bzip2 archive: unpack it first"),
    (b"\xfd7zXZ", "an xz archive: unpack it first"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
DOWNLOAD_AGAIN = "Download or copy it again, and compare its size with the original's."
NOT_EXECUTED = (
    "Nothing of it was executed. Do not use this file unless you know why it asks for that; a "
    "plain state_dict needs no code."
)


def check_size(file: BinaryIO, path: Path) -> None:
    """Refuse an oversized file, before anything of it is read.

    Raises:
        NotACheckpointError: If it is.
    """
    size_bytes = os.fstat(file.fileno()).st_size
    if size_bytes > MAX_CHECKPOINT_BYTES:
        raise NotACheckpointError(
            f"{path}: {size_bytes:,} bytes; no checkpoint above {MAX_CHECKPOINT_BYTES:,} is opened."
        )


def check_container(file: BinaryIO, path: Path) -> None:
    """Refuse a .pth file that is cut off, foreign, or holds code.

    Args:
        file: Open for reading; left at an arbitrary position.
        path: Names it in errors.

    Raises:
        NotACheckpointError: With the reason and what to do.
    """
    file.seek(0)
    try:
        _check_by_start(file, os.fstat(file.fileno()).st_size)
    except CodeFoundError as error:
        raise NotACheckpointError(
            f"{path}: its pickle asks to call {error.target}, which tensors do not need.",
            remedy=NOT_EXECUTED,
        ) from error
    except (PickleRefusedError, zipfile.BadZipFile) as error:
        raise NotACheckpointError(
            f"{path}: not a usable checkpoint: {error}.", remedy=DOWNLOAD_AGAIN
        ) from error


def _check_by_start(file: BinaryIO, size_bytes: int) -> None:
    start = file.read(32)
    if start.startswith(ZIP_START):
        _check_zip(file, size_bytes)
    elif start.startswith(LEGACY_START):
        _check_legacy(file, size_bytes)
    else:
        raise PickleRefusedError(_foreign(start, size_bytes))


def _foreign(start: bytes, size_bytes: int) -> str:
    if size_bytes == 0:
        return "it is empty"
    for known, what in FOREIGN_STARTS:
        if start.lstrip().startswith(known):
            return f"it is {what}"
    return f"it begins with {start[:8]!r}, as neither form of torch.save does"


def _check_zip(file: BinaryIO, size_bytes: int) -> None:
    _check_zip_end(file, size_bytes)
    with zipfile.ZipFile(file) as archive:
        members = {info.filename: info for info in archive.infolist()}
        if len(members) != len(archive.infolist()):
            raise PickleRefusedError("two members of the archive have one name")
        if any(m.compress_type != zipfile.ZIP_STORED or m.flag_bits & 1 for m in members.values()):
            raise PickleRefusedError("it is compressed or encrypted, which torch.save never does")
        if sum(member.file_size for member in members.values()) > size_bytes:
            raise PickleRefusedError("its members declare more bytes than the file has")
        pickle_name = _pickle_name(members)
        if members[pickle_name].file_size > MAX_PICKLE_BYTES:
            raise PickleRefusedError("its list of tensors is implausibly long")
        scan = scan_pickle(io.BytesIO(archive.read(pickle_name)))
    prefix = pickle_name.removesuffix("data.pkl")
    for storage in scan.storages.values():
        member = members.get(f"{prefix}data/{storage.key}")
        if member is None or member.file_size != storage.size_bytes:
            raise PickleRefusedError(_storage_complaint(storage, member))


def _check_zip_end(file: BinaryIO, size_bytes: int) -> None:
    # The directory is bounded before zipfile makes an object of each of its entries.
    tail_bytes = min(size_bytes, ZIP_END_BYTES + ZIP64_LOCATOR_BYTES + ZIP64_END_BYTES)
    file.seek(-tail_bytes, os.SEEK_END)
    tail = file.read()
    end = tail[-ZIP_END_BYTES:]
    if not end.startswith(b"PK\x05\x06"):
        raise PickleRefusedError("the end of the file is missing, it was cut off")
    directory_bytes = int.from_bytes(end[12:16], "little")
    if tail[-ZIP_END_BYTES - ZIP64_LOCATOR_BYTES :].startswith(b"PK\x06\x07"):
        directory_bytes = int.from_bytes(tail[40:48], "little")
    if directory_bytes > MAX_DIRECTORY_BYTES:
        raise PickleRefusedError("its directory is implausibly long")
    file.seek(0)


def _pickle_name(members: dict[str, zipfile.ZipInfo]) -> str:
    roots = {name.split("/")[0] for name in members}
    pickles = [name for name in members if name.count("/") == 1 and name.endswith("/data.pkl")]
    if any(name.endswith("/constants.pkl") for name in members):
        raise PickleRefusedError("it is a TorchScript program, not a state_dict")
    if len(pickles) != 1 or len(roots) != 1:
        raise PickleRefusedError("it is a zip archive, but not one that torch.save wrote")
    return pickles[0]


def _storage_complaint(storage: Storage, member: zipfile.ZipInfo | None) -> str:
    there = "nothing" if member is None else f"{member.file_size:,} bytes"
    return f"tensor storage {storage.key} should be {storage.size_bytes:,} bytes, there is {there}"


def _check_legacy(file: BinaryIO, size_bytes: int) -> None:
    file.seek(0)
    if tarfile.is_tarfile(file):
        raise PickleRefusedError("it is a tar archive in the guise of a checkpoint")
    file.seek(0)
    head = io.BytesIO(file.read(MAX_PICKLE_BYTES))
    # magic number, protocol version, machine, the object, the order of the storages
    scans: list[PickleScan] = [scan_pickle(head) for _ in range(5)]
    storages = scans[3].storages.values()
    expected = head.tell() + sum(8 + storage.size_bytes for storage in storages)
    if size_bytes < expected:
        raise PickleRefusedError(f"it was cut off, {size_bytes:,} bytes are there of {expected:,}")
    if size_bytes > expected or any(scan.storages for scan in (*scans[:3], scans[4])):
        raise PickleRefusedError("it holds more than the tensors it lists")
