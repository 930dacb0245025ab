"""Worker processes of torch's DataLoader that make frames, until one of them dies.

A worker that dies is noticed when the next frame is asked for, not by a signal in the middle of
other work, since workers are not this process's own children.
"""

import warnings
from collections import deque
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import torch
from torch.utils.data import DataLoader, Dataset

from yolact_cli.errors import DiskFullError
from yolact_cli.sources.budget import Budget
from yolact_cli.sources.room import Room
from yolact_cli.sources.worker import (
    NoRoom,
    Prepare,
    PreparedPictures,
    SetUp,
    SpooledFrame,
)
from yolact_cli.structures import Failure, Frame, ListedPicture
from yolact_cli.worker_processes import safe_path, signals_held_back, worker_context

# None asks a worker whether it is up.
_Asked = ListedPicture | None


class Crew:
    """Starts worker processes for one loading of frames.

    Args:
        prepare: Makes a frame of a picture, in a worker.
        spool: Takes frames on their way.
        room: Memory for pictures on their way.
    """

    def __init__(self, prepare: Prepare, spool: Path, *, room: Room) -> None:
        self._prepare = prepare
        self._spool = spool
        self._room = room
        self._budget: Budget | None = None
        # Torch is loaded once, not by each worker.
        self._context = worker_context(preload=__name__)

    def stream(
        self, pictures: Iterator[_Asked], workers: int, prefetch: int
    ) -> Generator[Frame | Failure, None, list[_Asked]]:
        """Frames until the pictures end or a worker dies.

        Returns:
            The pictures drawn whose frames did not come; empty unless a worker died.
        """
        on_the_way: deque[_Asked] = deque()
        budget = self._budget = Budget(self._room, self._context, before=self._budget)
        results = self._start(_noted(pictures, on_the_way), budget, workers, prefetch)
        try:
            while True:
                try:
                    _await_first(on_the_way, budget)
                    result = next(results)
                except StopIteration:
                    return []
                except RuntimeError:
                    return list(on_the_way)
                on_the_way.popleft()
                if result is not None:
                    budget.take(result.size_bytes if isinstance(result, SpooledFrame) else 0)
                    yield _taken(result)
        finally:
            del results  # ends the workers

    def _start(
        self, pictures: Iterator[_Asked], budget: Budget, workers: int, prefetch: int
    ) -> Iterator[SpooledFrame | Failure | NoRoom | None]:
        with warnings.catch_warnings(), signals_held_back(), safe_path():
            # Torch advises against more workers than cores; that is for the user to decide.
            warnings.simplefilter("ignore", UserWarning)
            loader: DataLoader[Any] = DataLoader(
                cast("Dataset[Any]", PreparedPictures(self._prepare, self._spool, budget)),
                batch_size=None,
                sampler=pictures,
                num_workers=workers,
                prefetch_factor=prefetch,
                collate_fn=_as_it_is,
                worker_init_fn=SetUp(spool=self._spool),
                multiprocessing_context=self._context,
                generator=torch.Generator(),  # leave the global one as it is
            )
            return iter(loader)


def _await_first(on_the_way: deque[_Asked], budget: Budget) -> None:
    if on_the_way and on_the_way[0] is not None:
        budget.await_picture(on_the_way[0].picture_id)


def _noted(pictures: Iterator[_Asked], on_the_way: deque[_Asked]) -> Iterator[_Asked]:
    for picture in pictures:
        on_the_way.append(picture)
        yield picture


def _taken(result: SpooledFrame | Failure | NoRoom) -> Frame | Failure:
    if isinstance(result, NoRoom):
        raise DiskFullError(
            f"No room for decoded pictures on their way ({result.reason}).",
            remedy="Free some space there, set TMPDIR to another folder, or use --workers 0.",
        )
    return result if isinstance(result, Failure) else result.take()


def _as_it_is(result: Any) -> Any:
    return result
