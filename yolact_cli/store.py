"""Where a run's files live: whole files, appended files, listings. Local now; object stores fit.

Paths are relative to the store's root, with forward slashes.
"""

import contextlib
import errno
import os
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO, Protocol

from yolact_cli.errors import DiskFullError, OutputError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
PART_SUFFIX = ".part"
"""Ends the name of a file that is not whole yet."""


class Store(Protocol):
    """A folder-like place for files. A file that :meth:`put` wrote is whole or absent."""

    def list_files(self, folder: str = "") -> list[str]:
        """Paths of all files below ``folder``, sorted; empty where there is no such folder."""
        ...

    def exists(self, path: str) -> bool:
        """Whether a file of that path is there."""
        ...

    def read_bytes(self, path: str) -> bytes:
        """A file's contents.

        Raises:
            FileNotFoundError: It is not there.
        """
        ...

    def open(self, path: str) -> BinaryIO:
        """A file to be read piece by piece.

        Raises:
            FileNotFoundError: It is not there.
        """
        ...

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole, replacing one that is there.

        Raises:
            DiskFullError: No space is left; the old file, if any, is untouched.
        """
        ...

    def put_stream(self, path: str) -> AbstractContextManager[BinaryIO]:
        """Like :meth:`put`, for contents that are made piece by piece.

        The file appears when the block ends; a block that raises leaves what was there before.
        """
        ...

    def scratch(self) -> AbstractContextManager[IO[bytes]]:
        """A file without a name, to be written and read back, that is gone when the block ends."""
        ...

    def append(self, path: str, data: bytes, *, sync: bool = True) -> None:
        """Add to the end of a file, making it where it is not there.

        Args:
            path: The file.
            data: What is added.
            sync: Return only once the data would outlive a power cut.

        Raises:
            DiskFullError: No space is left. A part of ``data`` may have been added.
        """
        ...

    def size_of(self, path: str) -> int:
        """A file's size in bytes; 0 where there is none."""
        ...

    def truncate(self, path: str, size_bytes: int) -> None:
        """Cut a file off after so many bytes, in place: this needs no space."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file, or do nothing where there is none."""
        ...


class LocalStore:
    """A :class:`Store` in a folder of this machine. Folders are made as files need them.

    Args:
        root: The folder; it need not be there yet.
        resumes: Whether what fills it goes on where it stopped when it is run again; errors say so.

    Attributes:
        root: The folder, absolute.
    """

    def __init__(self, root: str | os.PathLike[str], *, resumes: bool = True) -> None:
        self.root = Path(root).absolute()
        self._resumes = resumes

    def path_of(self, path: str) -> Path:
        """The local path behind a path of this store.

        Raises:
            ValueError: The path is absolute or leads out of the store.
        """
        pure = PurePosixPath(path)
        if pure.is_absolute() or ".." in pure.parts:
            raise ValueError(f"not a path inside the store: {path!r}")
        return self.root / pure

    def list_files(self, folder: str = "") -> list[str]:
        """Paths of all files below ``folder``, sorted, without unfinished ones."""
        found = []
        for parent, _, names in os.walk(self.path_of(folder)):
            relative = Path(parent).relative_to(self.root)
            found += [(relative / name).as_posix() for name in names if not _is_part(name)]
        return sorted(found)

    def exists(self, path: str) -> bool:
        """Whether a file of that path is there."""
        return self.path_of(path).is_file()

    def read_bytes(self, path: str) -> bytes:
        """A file's contents."""
        return self.path_of(path).read_bytes()

    def open(self, path: str) -> BinaryIO:
        """A file to be read piece by piece."""
        return self.path_of(path).open("rb")

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole, replacing one that is there."""
        with self.put_stream(path) as file:
            file.write(data)

    @contextlib.contextmanager
    def put_stream(self, path: str) -> Iterator[BinaryIO]:
        """A file that appears, whole, when the block ends without an error."""
        target = self.path_of(path)
        part = _part_of(target)
        with told_as_output_errors(target, resumes=self._resumes):
            target.parent.mkdir(parents=True, exist_ok=True)
            file = part.open("wb")
        try:
            with _told_as_disk_full(target, resumes=self._resumes), file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            with told_as_output_errors(target, resumes=self._resumes):
                self._settle(part, target)
        except BaseException:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise

    @contextlib.contextmanager
    def scratch(self) -> Iterator[IO[bytes]]:
        """A file without a name beside the others: there is room, where /tmp may be memory."""
        with told_as_output_errors(self.root, resumes=self._resumes):
            self.root.mkdir(parents=True, exist_ok=True)
            file = tempfile.TemporaryFile(dir=self.root)  # noqa: SIM115 - closed below
        with _told_as_disk_full(self.root, resumes=self._resumes), file:
            yield file

    def link(self, path: str, target: Path) -> None:
        """Make a file that stands for another one of this machine; symbolic, absolute."""
        place = self.path_of(path)
        part = _part_of(place)
        with told_as_output_errors(place, resumes=self._resumes):
            place.parent.mkdir(parents=True, exist_ok=True)
            part.unlink(missing_ok=True)
            part.symlink_to(target.absolute())
            self._settle(part, place)

    def _settle(self, part: Path, target: Path) -> None:
        """Put a whole file in its place; stores that keep some files from this override it."""
        part.replace(target)

    def append(self, path: str, data: bytes, *, sync: bool = True) -> None:
        """Add to the end of a file, making it where it is not there."""
        target = self.path_of(path)
        with told_as_output_errors(target, resumes=self._resumes):
            target.parent.mkdir(parents=True, exist_ok=True)
            is_new = not target.exists()
            with target.open("ab") as file:
                file.write(data)
                file.flush()
                if sync:
                    os.fsync(file.fileno())
            if is_new and sync:
                _sync_folder(target.parent)

    def size_of(self, path: str) -> int:
        """A file's size in bytes; 0 where there is none."""
        target = self.path_of(path)
        return target.stat().st_size if target.is_file() else 0

    def truncate(self, path: str, size_bytes: int) -> None:
        """Cut a file off after so many bytes, in place."""
        target = self.path_of(path)
        with told_as_output_errors(target, resumes=self._resumes), target.open("r+b") as file:
            file.truncate(size_bytes)
            file.flush()
            os.fsync(file.fileno())

    def delete(self, path: str) -> None:
        """Remove a file, and the folders that this leaves empty."""
        target = self.path_of(path)
        with told_as_output_errors(target, resumes=self._resumes):
            target.unlink(missing_ok=True)
        for parent in target.parents:
            if parent == self.root or self.root not in parent.parents:
                return
            try:
                parent.rmdir()
            except OSError:  # not empty, or not there
                return


def _part_of(target: Path) -> Path:
    # The name's checksum, not the name: names of 255 bytes are legal, and leave no room.
    return target.with_name(f".{zlib.crc32(os.fsencode(target.name)):08x}{PART_SUFFIX}")


def _is_part(name: str) -> bool:
    return name.startswith(".") and name.endswith(PART_SUFFIX)


def _sync_folder(folder: Path) -> None:
    """Make a new file's name as lasting as its contents, where the system lets us."""
    if os.name == "nt":  # Windows opens no folders
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def output_error(path: Path, error: OSError, *, resumes: bool = True) -> OutputError:
    """What the system says of a file that is written, in the words of the program's errors.

    Args:
        path: The file, or its folder.
        error: The system's.
        resumes: Whether the command goes on where it stopped when it is run again.
    """
    if error.errno in _FULL:
        again = "Free some space and run the same command again"
        return DiskFullError(
            f"{path}: no space left ({error.strerror}).",
            remedy=f"{again}; it resumes." if resumes else f"{again}.",
        )
    return OutputError(
        f"{path}: cannot be written ({error.strerror}).",
        remedy="Choose another place for the output, or change its permissions.",
    )


@contextlib.contextmanager
def told_as_output_errors(path: Path, *, resumes: bool = True) -> Iterator[None]:
    """Turn what the system raises into :func:`output_error`."""
    try:
        yield
    except OSError as error:
        raise output_error(path, error, resumes=resumes) from error


@contextlib.contextmanager
def _told_as_disk_full(path: Path, *, resumes: bool) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise output_error(path, error, resumes=resumes) from error
