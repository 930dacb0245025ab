"""Each step of labelling on its own: the functions that ``annotate`` calls, one after another.

In ``annotate`` decoding runs beside the network, in processes of its own, and some runtimes choose
detections of one picture while the next is in the network; here no step has company, so that its
time is its own.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yolact_cli.inference.postprocess import (
    PictureKey,
    check_finite,
    encoded_detections,
    masks_by_rank,
)
from yolact_cli.pipelines.annotate_frames import frame_preparer
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.bench_timing import StageTimes, Stopwatch
from yolact_cli.pipelines.export_formats import exports_among
from yolact_cli.pipelines.labelling import batch_pixels, picture_writers
from yolact_cli.pipelines.model import ReadyModel
from yolact_cli.pipelines.projections import write_projections
from yolact_cli.pipelines.run_exports import clear_run_exports, write_run_exports
from yolact_cli.pipelines.video_frames import VideoFrames
from yolact_cli.runs.journal import BatchPlan, Journal
from yolact_cli.settings import WriteKind
from yolact_cli.store import LocalStore
from yolact_cli.structures import Candidates, Detections, Frame, ListedPicture
from yolact_cli.writers.protocol import PictureWriter

DECODE, PREPROCESS, NETWORK, NMS, MASKS, RLE, JOURNAL = (
    "decode", "preprocess", "network", "nms", "masks", "rle", "journal",
)  # fmt: skip
PICTURE_KINDS: tuple[WriteKind, ...] = ("overlay", "masks", "objects")
"""Written picture by picture; the others at a run's end."""
_REPEATS_AT_END = 3
_SETTLE_S = 0.005  # threads of the network's look for more work for a while


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredStages:
    """What the steps took.

    Attributes:
        stages: In the order of the work.
        objects: Found in all the pictures.
    """

    stages: tuple[StageTimes, ...]
    objects: int


def stage_name(kind: str) -> str:
    """What the step of a kind of files is called: ``masks`` is a step of its own already."""
    return f"write {kind}"


class StageRounds:
    """Labels pictures in batches, each step of each timed. What it writes is read by nobody."""

    def __init__(
        self, model: ReadyModel, request: AnnotateRequest, folder: Path, *, batch_size: int
    ) -> None:
        """Take what is measured.

        Args:
            model: Ready to run.
            request: Its settings and its kinds of files count.
            folder: For what is written.
            batch_size: Pictures run together.
        """
        self._model = model
        self._request = request
        self._store = LocalStore(folder)
        self._batch_size = batch_size
        self._prepare = frame_preparer(request)
        self._writers = _writers_by_stage(request, self._store)
        self._watch = Stopwatch()

    def measure(
        self, pictures: Sequence[ListedPicture], on_batch: Callable[[int], None]
    ) -> MeasuredStages:
        """Go through the pictures; the first batch is done once before, to warm up.

        Args:
            pictures: Readable, at least one.
            on_batch: Told how many pictures are done, after each batch.

        Raises:
            ModelError: The network's outputs are no numbers.
            OutputError: There is no room for what is written.
        """
        batches = [
            pictures[start : start + self._batch_size]
            for start in range(0, len(pictures), self._batch_size)
        ]
        plan = BatchPlan(total=len(pictures), batch_size=self._batch_size)
        self._label(batches[0])
        self._watch.clear()
        journal = Journal.resume(self._store, plan)
        objects = done = 0
        for batch in batches:
            found = self._label(batch)
            with self._watch.lap(JOURNAL, pictures=len(batch)):
                journal.append([one.to_record() for one in found])
            objects += sum(len(one.instances) for one in found)
            done += len(batch)
            on_batch(done)
        return MeasuredStages(stages=self._watch.stages(), objects=objects)

    def _label(self, batch: Sequence[ListedPicture]) -> list[Detections]:
        frames = self._frames(batch)
        with self._watch.lap(NETWORK, pictures=len(batch)):
            choose = self._model.runtime.run_network(batch_pixels(frames))
        time.sleep(_SETTLE_S)
        with self._watch.lap(NMS, pictures=len(batch)):
            found = choose()
        return [
            self._finish(frame, candidates) for frame, candidates in zip(frames, found, strict=True)
        ]

    def _frames(self, batch: Sequence[ListedPicture]) -> list[Frame]:
        frames = []
        for picture in batch:
            with self._watch.lap(DECODE):
                decoded = self._prepare.decoded(picture)
            with self._watch.lap(PREPROCESS):
                frames.append(self._prepare.frame(picture, decoded))
        return frames

    def _finish(self, frame: Frame, candidates: Candidates) -> Detections:
        settings = self._request.settings
        key = PictureKey(picture_id=frame.picture_id, name=frame.name, size_hw=frame.size_hw)
        check_finite(candidates, frame.name)
        with self._watch.lap(MASKS):
            masks = list(masks_by_rank(candidates, frame.size_hw, settings=settings))
        with self._watch.lap(RLE):
            detections = encoded_detections(masks, candidates, key, settings=settings, uid_seed="")
        for stage, writers in self._writers.items():
            with self._watch.lap(stage):
                for writer in writers:
                    writer.write(frame, detections)
        return detections


def measure_end(request: AnnotateRequest, *, pictures: int) -> tuple[StageTimes, ...]:
    """The files at the end of a run, written anew from its journal, each a few times.

    Args:
        request: Of a finished run.
        pictures: In it.

    Raises:
        OutputError: There is no room for them.
    """
    watch = Stopwatch()
    exports = exports_among(request.write)
    for kind in (kind for kind in request.write if kind not in PICTURE_KINDS):
        for _ in range(_REPEATS_AT_END):
            if kind in exports:
                clear_run_exports(LocalStore(request.output))  # or nothing would be written again
            with watch.lap(stage_name(kind), pictures=pictures):
                _write_at_end(request, kind, pictures)
    return watch.stages()


def _write_at_end(request: AnnotateRequest, kind: WriteKind, pictures: int) -> None:
    store, classes = LocalStore(request.output), request.classes
    if exports_among((kind,)):
        write_run_exports(store, (kind,))
        return
    write_projections(
        store,
        (kind,),
        frames=VideoFrames(store, (), classes=classes, first_image_id=pictures + 1),
        classes=classes,
        info={},
        score_threshold=request.settings.score_threshold,
    )


def _writers_by_stage(
    request: AnnotateRequest, store: LocalStore
) -> dict[str, list[PictureWriter]]:
    return {
        stage_name(kind): picture_writers(dataclasses.replace(request, write=(kind,)), store)
        for kind in PICTURE_KINDS
        if kind in request.write
    }
