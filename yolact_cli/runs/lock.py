"""One process at a time writes a run: a lock of the operating system, gone with its process."""

import contextlib
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from yolact_cli.errors import OutputError, RunLockedError

LOCK = ".lock"
LOCK_OWNER = ".lock.pid"
"""Beside the lock, since Windows lets nobody read a locked file."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a run's folder for this process; the folder is made if need be.

    The lock file itself stays: removing it could let two processes hold two files of one name.

    Raises:
        RunLockedError: Another process holds it.
    """
    lock = FileLock(folder / LOCK)
    owner = folder / LOCK_OWNER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():  # a file system without locks gets the next best
            warnings.simplefilter("ignore", UserWarning)
            lock.acquire(blocking=False)
    except Timeout as error:
        raise RunLockedError(
            f"{folder} is being written by another process{_pid_of(owner)}.",
            remedy="Wait for it to end, or choose another folder.",
        ) from error
    except OSError as error:
        raise OutputError(f"{folder}: cannot be written ({error.strerror}).") from error
    try:
        with contextlib.suppress(OSError):
            owner.write_text(str(os.getpid()), encoding="ascii")
        yield
    finally:
        with contextlib.suppress(OSError):
            owner.unlink(missing_ok=True)
        lock.release()


def _pid_of(owner: Path) -> str:
    try:
        pid = owner.read_text(encoding="ascii")
    except (OSError, ValueError):
        return ""
    return f" (pid {pid})" if pid.isdecimal() else ""
