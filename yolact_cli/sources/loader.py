"""Frames made ahead of the network by worker processes: in order, and whatever the pictures are.

A worker that dies is noticed when the next frame is asked for, not by a signal in the middle of
other work, since workers are not this process's own children.
"""

import itertools
import warnings
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.utils.data import DataLoader

from yolact_cli.errors import DiskFullError, InputError
from yolact_cli.sources.worker import (
    NoRoom,
    Prepare,
    PreparedPictures,
    SetUp,
    SpooledFrame,
    decode_failure,
    frame_or_failure,
    spool_folder,
)
from yolact_cli.structures import Failure, Frame, ListedPicture
from yolact_cli.worker_processes import safe_path, signals_held_back, worker_context

_DEATHS_A_PICTURE = 2
_DEATHS_AT_START = 3

# None asks a worker whether it is up.
_Asked = ListedPicture | None


def load_frames(
    pictures: Iterable[ListedPicture], prepare: Prepare, *, workers: int, prefetch: int = 2
) -> Generator[Frame | Failure, None, None]:
    """Each picture's frame, or what is wrong with it, in the order of the pictures.

    A picture at which a worker process dies twice is a :class:`Failure`.

    Args:
        pictures: Drawn from as frames are asked for, so that they need not fit into memory.
        prepare: Makes a frame; picklable where there are workers. Its UnreadablePictureError and
            MemoryError become failures; what else it raises is a bug and ends the iteration.
        workers: Processes; 0 does the work in this one, where no death is survived.
        prefetch: Frames that each worker makes ahead.

    Raises:
        InputError: No worker comes up.
        DiskFullError: There is no room for frames on their way.
    """
    if workers == 0:
        for picture in pictures:
            yield frame_or_failure(picture, prepare)
        return
    with spool_folder() as spool:
        crew = _Crew(prepare, spool)
        remaining = iter(pictures)
        while suspects := (yield from crew.stream(remaining, workers, prefetch)):
            # Any of those on their way may have killed the worker, so they go one by one.
            yield from _one_by_one(crew, [picture for picture in suspects if picture is not None])


def _one_by_one(
    crew: "_Crew", suspects: list[ListedPicture]
) -> Generator[Frame | Failure, None, None]:
    deaths: Counter[int] = Counter()
    deaths_at_start = 0
    remaining: Iterator[_Asked] = iter(suspects)
    # With a single picture on its way there is no doubt about the killer.
    while killed := (yield from crew.stream(itertools.chain([None], remaining), 1, 1)):
        killer = killed[0]
        if killer is None:
            deaths_at_start += 1
            if deaths_at_start == _DEATHS_AT_START:
                raise _no_worker_comes_up()
            continue
        deaths[killer.picture_id] += 1
        if deaths[killer.picture_id] < _DEATHS_A_PICTURE:
            remaining = itertools.chain([killer], remaining)
        else:
            sentence = f"{killer.name}: decoding killed the worker process twice. Leave it out."
            yield decode_failure(killer, "WorkerDied", sentence)


def _no_worker_comes_up() -> InputError:
    return InputError(
        "The worker processes that decode pictures die as they start.",
        remedy="Memory may be short: try fewer --workers, or --workers 0.",
    )


class _Crew:
    """Starts worker processes for one :func:`load_frames`."""

    def __init__(self, prepare: Prepare, spool: Path) -> None:
        self._dataset = PreparedPictures(prepare, spool)
        self._set_up = SetUp(spool=spool)
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
        results = self._start(_noted(pictures, on_the_way), workers, prefetch)
        try:
            while True:
                try:
                    result = next(results)
                except StopIteration:
                    return []
                except RuntimeError:
                    return list(on_the_way)
                on_the_way.popleft()
                if result is not None:
                    yield _taken(result)
        finally:
            del results  # ends the workers

    def _start(
        self, pictures: Iterator[_Asked], workers: int, prefetch: int
    ) -> Iterator[SpooledFrame | Failure | NoRoom | None]:
        with warnings.catch_warnings(), signals_held_back(), safe_path():
            # Torch advises against more workers than cores; that is for the user to decide.
            warnings.simplefilter("ignore", UserWarning)
            loader: DataLoader[Any] = DataLoader(
                self._dataset,
                batch_size=None,
                sampler=pictures,
                num_workers=workers,
                prefetch_factor=prefetch,
                collate_fn=_as_it_is,
                worker_init_fn=self._set_up,
                multiprocessing_context=self._context,
                generator=torch.Generator(),  # leave the global one as it is
            )
            return iter(loader)


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
