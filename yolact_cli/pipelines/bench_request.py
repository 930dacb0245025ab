"""What ``bench`` is asked to measure."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.settings import LabelSettings, RuntimeName, WriteKind
from yolact_cli.zoo.resolve import ModelSource

PICTURES, ROUNDS = 64, 10


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchRequest:
    """Everything that ``bench`` needs to know; what is not here is as ``annotate`` has it."""

    sources: tuple[str, ...]
    """As for ``annotate``; none for made-up pictures."""
    model: ModelSource
    settings: LabelSettings
    write: tuple[WriteKind, ...] = ("coco", "overlay")
    """Kinds of files whose writers are measured."""
    device: str = "auto"
    batch_size: int | None = None
    """Pictures run together; None for as many as ``annotate`` takes."""
    workers: int | None = None
    """Processes that decode in the measurement of the whole; None for as many as it takes."""
    memory_bytes: int | None = None
    """For pictures on their way; None for what suits the machine."""
    pictures: int = PICTURES
    """Pictures labelled; those of the sources are repeated, or the first of them taken."""
    against: RuntimeName | None = None
    """Another runtime, run in turn with the first."""
    rounds: int = ROUNDS
    """Turns of each of the two."""
    list_stream: Iterable[str] | None = None
    """The lines behind the source ``-``."""

    @property
    def steps(self) -> int:
        """How often the progress is told of: pictures twice, then rounds."""
        return 2 * self.pictures + (0 if self.against is None else self.rounds)

    def run_of(self, folder: Path, output: Path) -> AnnotateRequest:
        """The run of ``annotate`` that is measured.

        Args:
            folder: Of the pictures.
            output: Of the run.
        """
        return AnnotateRequest(
            sources=(str(folder),),
            output=output,
            model=self.model,
            settings=self.settings,
            write=self.write,
            device=self.device,
            batch_size=self.batch_size,
            workers=self.workers,
            memory_bytes=self.memory_bytes,
        )
