"""Times of steps: by the clock, and of all cores together."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """What many measurements of one thing come to."""

    median: float
    p10: float
    """A tenth of them lie below."""
    p90: float
    """A tenth of them lie above."""
    mean: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value."""
        p10, median, p90 = np.percentile(values, (10, 50, 90)).tolist()
        return cls(median=median, p10=p10, p90=p90, mean=float(np.mean(values)))

    def to_record(self, digits: int = 4) -> dict[str, Any]:
        """The figures as plain JSON types."""
        return {name: round(value, digits) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class StageTimes:
    """A step of the work.

    Attributes:
        name: Of the step.
        wall_ms: By the clock, a picture.
        core_ms: Of this process on all cores together, a picture; not of a GPU.
        samples: Measurements, each of a picture or of a batch.
    """

    name: str
    wall_ms: Spread
    core_ms: Spread
    samples: int


class Stopwatch:
    """Collects how long steps take; steps keep the order in which they were met first."""

    def __init__(self) -> None:
        self._laps: dict[str, list[tuple[float, float]]] = {}

    @contextlib.contextmanager
    def lap(self, stage: str, *, pictures: int = 1) -> Iterator[None]:
        """Time the block, which does the step for so many pictures."""
        wall_s, core_s = time.perf_counter(), time.process_time()
        yield
        core_s, wall_s = time.process_time() - core_s, time.perf_counter() - wall_s
        lap = (1e3 * wall_s / pictures, 1e3 * core_s / pictures)
        self._laps.setdefault(stage, []).append(lap)

    def clear(self) -> None:
        """Forget all measurements, but not the order of the steps."""
        for laps in self._laps.values():
            laps.clear()

    def stages(self) -> tuple[StageTimes, ...]:
        """What was measured, step by step."""
        return tuple(
            StageTimes(
                name=name,
                wall_ms=Spread.of([wall for wall, _ in laps]),
                core_ms=Spread.of([core for _, core in laps]),
                samples=len(laps),
            )
            for name, laps in self._laps.items()
            if laps
        )
