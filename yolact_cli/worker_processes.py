"""How worker processes are started: from a clean process, deaf to Ctrl-C, importing only us.

Workers come from a server process that was started with no thread or accelerator in it
(``forkserver``). Forking this process could copy a lock that is held; a fresh interpreter for each
worker would take seconds and half a gigabyte for torch alone.
"""

import contextlib
import multiprocessing
import os
import signal
from collections.abc import Iterator
from typing import Any


def worker_context(*, preload: str) -> Any:
    """The way to start workers on this system.

    Args:
        preload: The module that all workers need, loaded once for all of them where this can be.
    """
    if "forkserver" not in multiprocessing.get_all_start_methods():
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([preload])
    return context


def start_server(*, preload: str) -> None:
    """Start what workers come from, where there is such a thing, and do not wait for it.

    Args:
        preload: As for :func:`worker_context`.
    """
    context = worker_context(preload=preload)
    if context.get_start_method() == "forkserver":
        from multiprocessing import forkserver

        with signals_held_back(), safe_path():
            forkserver.ensure_running()


@contextlib.contextmanager
def signals_held_back() -> Iterator[None]:
    """Processes started here never see Ctrl-C; this one sees it when the block ends."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def safe_path() -> Iterator[None]:
    """Processes started here import nothing from the working folder, which may be anybody's."""
    before = os.environ.get("PYTHONSAFEPATH")
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYTHONSAFEPATH"]
        else:
            os.environ["PYTHONSAFEPATH"] = before
