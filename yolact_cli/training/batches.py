"""Batches in the training order, made ahead of the network by worker processes."""

import signal
import warnings
from collections.abc import Generator, Iterator
from typing import Any

import cv2
import torch
from torch.utils.data import DataLoader

from yolact_cli.errors import TrainingError
from yolact_cli.settings import TrainSettings
from yolact_cli.training.dataset import TrainingDataset
from yolact_cli.training.sample import BrokenPicture, Sample, TrainingBatch, collate
from yolact_cli.worker_processes import safe_path, signals_held_back, worker_context

PREFETCH = 2


def load_batches(
    dataset: TrainingDataset, settings: TrainSettings, *, first_iteration: int, workers: int
) -> Generator[TrainingBatch]:
    """The batches of the iterations from ``first_iteration`` on.

    Raises:
        TrainingError: A picture cannot be read, or a worker process died.
    """
    numbers = range(
        first_iteration * settings.accumulate, settings.iterations * settings.accumulate
    )
    batches = _start(dataset, _places(numbers, settings.batch_size), workers)
    for _ in numbers:
        try:
            given = next(batches)
        except RuntimeError as error:
            # Torch has no type of its own for it; anything else is a bug.
            if "DataLoader worker" not in str(error):
                raise
            raise TrainingError(
                f"A process that loads pictures died ({error}).",
                remedy="Memory may be short: go on with --resume and fewer --workers.",
            ) from error
        yield collate([_whole(item) for item in given])


def _places(numbers: range, size: int) -> Iterator[list[int]]:
    for number in numbers:
        yield list(range(number * size, (number + 1) * size))


def _start(
    dataset: TrainingDataset, places: Iterator[list[int]], workers: int
) -> Iterator[list[Sample | BrokenPicture]]:
    with warnings.catch_warnings(), signals_held_back(), safe_path():
        # Torch advises against more workers than cores; that is for the user to decide.
        warnings.simplefilter("ignore", UserWarning)
        loader: DataLoader[Any] = DataLoader(
            dataset,
            batch_sampler=places,
            num_workers=workers,
            # Arrays travel as bytes; each of a batch's tensors would take an open file.
            collate_fn=list,
            worker_init_fn=_set_up_worker,
            prefetch_factor=PREFETCH if workers else None,
            multiprocessing_context=worker_context(preload=__name__) if workers else None,
            generator=torch.Generator(),  # leave the global one as it is
        )
        return iter(loader)


def _whole(item: Sample | BrokenPicture) -> Sample:
    if isinstance(item, BrokenPicture):
        raise TrainingError(
            item.message, remedy="Repair it or take it out of the data, and --resume."
        )
    return item


def _set_up_worker(_worker_id: int) -> None:
    """One core, since the network has the others; the parent decides when to stop."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
