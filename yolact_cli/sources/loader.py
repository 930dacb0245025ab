"""Frames made ahead of the network by worker processes: in order, and whatever the pictures are."""

import itertools
from collections import Counter
from collections.abc import Generator, Iterable, Iterator
from typing import TYPE_CHECKING

from yolact_cli.errors import InputError
from yolact_cli.sources.room import Room, suiting_room
from yolact_cli.sources.worker import Prepare, decode_failure, frame_or_failure, spool_folder
from yolact_cli.structures import Failure, Frame, ListedPicture
from yolact_cli.worker_processes import start_server

if TYPE_CHECKING:
    from yolact_cli.sources.crew import Crew

_CREW_MODULE = "yolact_cli.sources.crew"
_DEATHS_A_PICTURE = 2
_DEATHS_AT_START = 3


def get_ready() -> None:
    """Let what worker processes come from load what they need, beside other work here."""
    start_server(preload=_CREW_MODULE)


def load_frames(
    pictures: Iterable[ListedPicture],
    prepare: Prepare,
    *,
    workers: int,
    prefetch: int = 2,
    room: Room | None = None,
) -> Generator[Frame | Failure, None, None]:
    """Each picture's frame, or what is wrong with it, in the order of the pictures.

    A picture at which a worker process dies twice is a :class:`Failure`.

    Args:
        pictures: Drawn from as frames are asked for, so that they need not fit into memory.
        prepare: Makes a frame; picklable where there are workers. Its UnreadablePictureError and
            MemoryError become failures; what else it raises is a bug and ends the iteration.
        workers: Processes; 0 does the work in this one, where no death is survived.
        prefetch: Frames that each worker makes ahead, as far as there is room.
        room: Memory for pictures on their way; None for what suits the machine.

    Raises:
        InputError: No worker comes up.
        DiskFullError: There is no room on the disk for frames on their way.
    """
    room = room or suiting_room()
    if workers == 0:
        for picture in pictures:
            yield frame_or_failure(picture, prepare, room.check)
        return
    from yolact_cli.sources.crew import Crew  # torch

    with spool_folder() as spool:
        crew = Crew(prepare, spool, room=room)
        remaining = iter(pictures)
        while suspects := (yield from crew.stream(remaining, workers, prefetch)):
            # Any of those on their way may have killed the worker, so they go one by one.
            yield from _one_by_one(crew, [picture for picture in suspects if picture is not None])


def _one_by_one(
    crew: "Crew", suspects: list[ListedPicture]
) -> Generator[Frame | Failure, None, None]:
    deaths: Counter[int] = Counter()
    deaths_at_start = 0
    remaining: Iterator[ListedPicture | None] = iter(suspects)
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
