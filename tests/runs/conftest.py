"""Builders for runs: a store in memory and listed pictures."""

import contextlib
import io
from collections.abc import Callable, Iterator
from typing import BinaryIO

import pytest

from yolact_cli.structures import ListedPicture


class MemoryStore:
    """A store without a disk, for tests that write thousands of files."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def list_files(self, folder: str = "") -> list[str]:
        prefix = f"{folder}/" if folder else ""
        return sorted(name for name in self.files if name.startswith(prefix))

    def exists(self, path: str) -> bool:
        return path in self.files

    def read_bytes(self, path: str) -> bytes:
        return self.files[path]

    def open(self, path: str) -> BinaryIO:
        return io.BytesIO(self.files[path])

    def put(self, path: str, data: bytes) -> None:
        self.files[path] = data

    @contextlib.contextmanager
    def put_stream(self, path: str) -> Iterator[BinaryIO]:
        file = io.BytesIO()
        yield file
        self.files[path] = file.getvalue()

    def scratch(self) -> io.BytesIO:
        return io.BytesIO()

    def append(self, path: str, data: bytes, *, sync: bool = True) -> None:
        self.files[path] = self.files.get(path, b"") + data

    def size_of(self, path: str) -> int:
        return len(self.files.get(path, b""))

    def truncate(self, path: str, size_bytes: int) -> None:
        self.files[path] = self.files[path][:size_bytes]

    def delete(self, path: str) -> None:
        self.files.pop(path, None)


@pytest.fixture(scope="session")
def make_store() -> Callable[[], MemoryStore]:
    """Build an empty store in memory."""
    return MemoryStore


@pytest.fixture
def memory_store() -> MemoryStore:
    """One empty store in memory."""
    return MemoryStore()


@pytest.fixture
def make_listed() -> Callable[..., list[ListedPicture]]:
    """Build listed pictures: ``make_listed(count, first=1)``."""

    def build(count: int, first: int = 1) -> list[ListedPicture]:
        return [
            ListedPicture(
                picture_id=number,
                name=f"{number}.jpg",
                location=f"/photos/{number}.jpg",
                size_bytes=10 * number,
                mtime_ns=number,
            )
            for number in range(first, first + count)
        ]

    return build
