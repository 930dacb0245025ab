"""What runs in a worker process: pictures in, frames out through files.

Frames do not go through the workers' common pipe: a worker killed while it writes a large message
would leave the reader waiting for its rest for ever. Nor through shared memory, which containers
keep so small that touching it kills the process. A frame is a file in a private folder, deleted as
it is read, and the message that names it is small enough to be whole or absent.
"""

import contextlib
import itertools
import math
import mmap
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.sources.budget import Admitted, Budget
from yolact_cli.sources.gate import BYTES_A_PIXEL
from yolact_cli.sources.room import Admit
from yolact_cli.structures import Failure, Frame, ListedPicture

Prepare = Callable[[ListedPicture, Admit], Frame]

_ROOMY_BYTES = 1 << 30
_NO_PIXELS = np.zeros((0, 0, 3), np.uint8)
_MAPS = os.name == "posix"  # elsewhere a file that is mapped cannot be deleted
_LONGEST_MESSAGE = 500  # characters: with the rest, well within what a pipe takes at once


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledFrame:
    """A frame whose arrays lie in a file, one after the other."""

    frame: Frame
    file: Path
    pixels: "SpooledArray"
    preview: "SpooledArray | None"

    @property
    def size_bytes(self) -> int:
        """Of the arrays."""
        return sum(one.size_bytes for one in (self.pixels, self.preview) if one is not None)

    def take(self) -> Frame:
        """The frame with its arrays; the file's name is gone afterwards."""
        with self.file.open("rb") as file:
            data = _contents(file)
        self.file.unlink()
        pixels = self.pixels.at(0, data)
        preview = None
        if self.preview is not None:
            preview = self.preview.at(self.pixels.size_bytes, data)
        return replace(self.frame, pixels=pixels, preview=preview)


@dataclass(frozen=True, slots=True, kw_only=True)
class SpooledArray:
    """What to make of an array's bytes."""

    dtype: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, array: np.ndarray) -> "SpooledArray":
        """That of an array whose bytes are written."""
        return cls(dtype=array.dtype.str, shape=array.shape)

    @property
    def size_bytes(self) -> int:
        """Of the array."""
        return np.dtype(self.dtype).itemsize * math.prod(self.shape)

    def at(self, offset: int, data: mmap.mmap | bytearray) -> np.ndarray:
        """The array whose bytes begin there.

        Raises:
            ValueError: They are fewer.
        """
        return np.ndarray(self.shape, self.dtype, data, offset)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRoom:
    """The spool's folder has no space left."""

    reason: str


class BugInWorkerError(Exception):
    """A RuntimeError of ``prepare``, told apart from the one that a dead worker leads to."""


class PreparedPictures:
    """A data set indexed by the listed pictures themselves, so that workers need no copy of them.

    The index None asks whether the worker is up, and gives None.
    """

    def __init__(self, prepare: Prepare, spool: Path, budget: Budget) -> None:
        self._prepare = prepare
        self._spool = spool
        self._budget = budget
        self._numbers = itertools.count()

    def __getitem__(self, picture: ListedPicture | None) -> SpooledFrame | Failure | NoRoom | None:
        if picture is None:
            return None
        admitted = Admitted(decoding_bytes=0, frame_bytes=0)

        def admit(
            size_wh: tuple[int, int], name: str, *, bytes_a_pixel: int = BYTES_A_PIXEL
        ) -> None:
            nonlocal admitted
            admitted = self._budget.enter(
                size_wh, name, bytes_a_pixel=bytes_a_pixel, picture_id=picture.picture_id
            )

        frame_bytes = 0
        try:
            result = self._result(picture, admit)
            if isinstance(result, SpooledFrame):
                frame_bytes = result.size_bytes
        finally:
            self._budget.leave(admitted, frame_bytes=frame_bytes)
        return result

    def _result(self, picture: ListedPicture, admit: Admit) -> SpooledFrame | Failure | NoRoom:
        try:
            frame = frame_or_failure(picture, self._prepare, admit)
        except RuntimeError as error:
            raise BugInWorkerError(f"{picture.name}: {error}") from error
        if isinstance(frame, Failure):
            return replace(frame, message=frame.message[:_LONGEST_MESSAGE])
        file = self._spool / f"{os.getpid()}-{next(self._numbers)}"
        try:
            return _spooled(frame, file)
        except OSError as error:
            return NoRoom(reason=f"{self._spool}: {error}")


def frame_or_failure(picture: ListedPicture, prepare: Prepare, admit: Admit) -> Frame | Failure:
    """A picture's frame, or what is wrong with the picture; bugs are raised."""
    try:
        return prepare(picture, admit)
    except UnreadablePictureError as error:
        return decode_failure(picture, type(error).__name__, str(error))
    except MemoryError:
        return decode_failure(picture, "MemoryError", f"{picture.name}: memory does not suffice.")


def decode_failure(picture: ListedPicture, error: str, message: str) -> Failure:
    """The failure of a picture that gave no frame."""
    return Failure(
        picture_id=picture.picture_id,
        name=picture.name,
        stage="decode",
        error=error,
        message=message,
    )


@contextlib.contextmanager
def spool_folder() -> Iterator[Path]:
    """A private folder for frames on their way; in memory where there is plenty of it."""
    in_memory = Path("/dev/shm")  # noqa: S108 -- a private folder is made in it
    try:
        is_roomy = shutil.disk_usage(in_memory).free >= _ROOMY_BYTES
    except OSError:
        is_roomy = False
    folder = Path(tempfile.mkdtemp(prefix="yolact-", dir=in_memory if is_roomy else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class SetUp:
    """What a worker does first: one thread, no interest in signals, an end with its parent."""

    spool: Path

    def __call__(self, _worker_id: int) -> None:
        """Called in the worker."""
        cv2.setNumThreads(1)
        for number in (signal.SIGINT, signal.SIGTERM):  # the parent decides when to stop
            signal.signal(number, signal.SIG_IGN)
        _silence_libraries()
        threading.Thread(target=_end_with_parent, args=(self.spool,), daemon=True).start()


def _silence_libraries() -> None:
    """Keep what C libraries say about broken files off the terminal; Python may still speak."""
    with contextlib.suppress(OSError, ValueError):
        sys.stderr = os.fdopen(os.dup(2), "w", buffering=1)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 2)
        os.close(nowhere)


def _end_with_parent(spool: Path) -> None:
    """End this process when its parent does, or when the loader that it worked for is closed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        return
    while parent.is_alive() and spool.exists():
        parent.join(timeout=1)
    remove_spool(spool)
    os._exit(1)


def remove_spool(spool: Path) -> None:
    """Remove the folder although other threads and workers are still writing frames into it."""
    # Renamed first: what is written meanwhile finds no folder, instead of filling it again.
    with contextlib.suppress(OSError):
        shutil.rmtree(spool.rename(f"{spool}.gone"), ignore_errors=True)


def _contents(file: BinaryIO) -> mmap.mmap | bytearray:
    """The file's bytes, to be written over: where it can be, the file itself, copied on writing."""
    if _MAPS:
        with contextlib.suppress(OSError):  # of file systems that do not map
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    return bytearray(file.read())


def _spooled(frame: Frame, file: Path) -> SpooledFrame:
    with file.open("wb") as stream:
        for array in (frame.pixels, frame.preview):
            if array is not None:
                stream.write(np.ascontiguousarray(array).data)
    return SpooledFrame(
        frame=replace(frame, pixels=_NO_PIXELS, preview=None),
        file=file,
        pixels=SpooledArray.of(frame.pixels),
        preview=None if frame.preview is None else SpooledArray.of(frame.preview),
    )
