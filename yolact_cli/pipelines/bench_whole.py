"""A whole run of ``annotate`` over the pictures, its start left out."""

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from yolact_cli.pipelines.annotate import annotate, suiting_workers
from yolact_cli.pipelines.annotate_events import BatchDone, Finished
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.bench_memory import MemoryWatch, PeakMemory


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """From the end of the first batch to the last file.

    A few pictures more than those of the first batch were decoded by then, as decoders work ahead.

    Attributes:
        pictures: Of all batches but the first.
        seconds: For them, and for the files at the end.
        workers: Processes that decoded beside.
        memory: At most, of the run from its start.
    """

    pictures: int
    seconds: float
    workers: int
    memory: PeakMemory

    @property
    def pictures_per_s(self) -> float:
        """How quick it is."""
        return self.pictures / self.seconds

    @property
    def wall_ms(self) -> float:
        """By the clock, a picture."""
        return 1e3 * self.seconds / self.pictures


def measure_whole(
    request: AnnotateRequest, on_batch: Callable[[int], None], *, device: str
) -> Whole:
    """Run it to its end.

    Args:
        request: Of at least two batches of readable pictures, into a new folder.
        on_batch: Told how many pictures are done, after each batch.
        device: Where its network runs.

    Raises:
        YolactError: As ``annotate``.
    """
    workers = suiting_workers() if request.workers is None else request.workers
    memory = MemoryWatch()
    first, begun_s, done = 0, 0.0, 0
    with closing(annotate(request)) as events:  # type: ignore[type-var]  # a generator
        for event in events:
            if isinstance(event, BatchDone):
                done = event.done
                if not first:
                    first, begun_s = done, time.perf_counter()
                memory.look()
                on_batch(done)
            elif isinstance(event, Finished):
                seconds = time.perf_counter() - begun_s
    return Whole(
        pictures=done - first,
        seconds=seconds,
        workers=workers,
        memory=memory.peak(device=device, decoders=workers),
    )
