"""Batches: frames through the network, masks, and the picture's own files."""

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
from jaxtyping import Shaped

from yolact_cli.errors import (
    DiskFullError,
    ModelError,
    OutputError,
    UnreadablePictureError,
    YolactError,
)
from yolact_cli.inference.mirror import with_mirror_check
from yolact_cli.inference.postprocess import (
    PictureKey,
    check_finite,
    detections_from_candidates,
)
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.existing import without_overlaps
from yolact_cli.pipelines.model import ReadyModel
from yolact_cli.settings import LabelSettings
from yolact_cli.store import Store
from yolact_cli.structures import Candidates, Detections, Failure, Frame, TruthPicture
from yolact_cli.writers.frame_png import FramePngWriter
from yolact_cli.writers.instance_png import InstancePngWriter
from yolact_cli.writers.object_png import ObjectPngWriter
from yolact_cli.writers.overlay import OverlayStyle, OverlayWriter
from yolact_cli.writers.protocol import PictureWriter
from yolact_cli.writers.semantic_png import SemanticPngWriter

FINISHERS = 2
"""Threads that make masks and write files of a batch's pictures."""

Batch = Sequence[Frame | Failure]
_Found = tuple[Sequence[Candidates | None], Sequence[Candidates | None]]
"""Of each picture of a batch, and of the same picture mirrored."""


class BatchLabeller:
    """Labels batches; when it returns one, the files of its pictures are in place."""

    def __init__(
        self,
        model: ReadyModel,
        settings: LabelSettings,
        *,
        uid_seed: str,
        writers: Sequence[PictureWriter],
        labelled: Mapping[int, TruthPicture],
    ) -> None:
        """Take what batches are labelled with.

        Args:
            model: Ready to run.
            settings: Thresholds and kind of crop.
            uid_seed: As in :func:`detections_from_candidates`.
            writers: Of per-picture files.
            labelled: What people put into pictures, by picture id; they get no object there.
        """
        self._model = model
        self._settings = settings
        self._uid_seed = uid_seed
        self._writers = writers
        self._labelled = labelled
        self._finishers = ThreadPoolExecutor(max_workers=FINISHERS, thread_name_prefix="finish")

    def label(self, batch: Batch) -> list[Detections | Failure]:
        """Labels of each picture, in order; a failure stays one, and may become one here.

        Raises:
            DiskFullError: No space for a picture's files.
            DeviceError: Not even one picture fits into the device's memory.
        """
        return self._labels(batch, self._start(batch)())

    def label_ahead(
        self, batches: Iterable[Batch]
    ) -> Generator[tuple[Batch, list[Detections | Failure]], None, None]:
        """Each batch with its labels, in order, as :meth:`label` gives them.

        The network is a batch ahead, so that it does not wait while masks are made and files are
        written: two batches are held at a time, if the caller lets go of each before the next.

        Raises:
            DiskFullError: No space for a picture's files.
            DeviceError: Not even one picture fits into the device's memory.
        """
        begun: deque[tuple[Batch, Callable[[], _Found]]] = deque()
        try:
            for batch in batches:
                begun.append((batch, self._start(batch)))
                if len(begun) > 1:
                    yield self._ended(*begun.popleft())
            while begun:
                yield self._ended(*begun.popleft())
        finally:
            for _, found in begun:  # nobody wants it any more, but it reads its pixels
                with contextlib.suppress(YolactError, RuntimeError, MemoryError):
                    found()

    def _start(self, batch: Batch) -> Callable[[], _Found]:
        if not any(isinstance(item, Frame) for item in batch):
            nothing: list[Candidates | None] = [None] * len(batch)
            return lambda: (nothing, nothing)
        pixels = batch_pixels(batch)
        start = self._model.runtime.start
        found = start(pixels)
        mirrored = start(pixels[:, :, ::-1]) if self._settings.mirror_check else None

        def both() -> _Found:
            seen = found()
            return seen, seen if mirrored is None else mirrored()

        return both

    def _ended(
        self, batch: Batch, found: Callable[[], _Found]
    ) -> tuple[Batch, list[Detections | Failure]]:
        return batch, self._labels(batch, found())

    def _labels(self, batch: Batch, found: _Found) -> list[Detections | Failure]:
        finishing = [
            self._finishers.submit(self._finish, item, candidates, mirrored)
            for item, candidates, mirrored in zip(batch, *found, strict=True)
        ]
        wait(finishing)  # whatever one of them raises, none is to write after this
        return [one.result() for one in finishing]

    def _finish(
        self, frame: Frame | Failure, candidates: Candidates | None, mirrored: Candidates | None
    ) -> Detections | Failure:
        if isinstance(frame, Failure):
            return frame
        labelled = self._labelled.get(frame.picture_id)
        try:
            detections = self._detections(frame, candidates)
            if self._settings.mirror_check:
                detections = with_mirror_check(detections, self._detections(frame, mirrored))
            if labelled is not None:
                detections = without_overlaps(detections, labelled)
            for writer in self._writers:
                writer.write(frame, detections)
        except DiskFullError:
            raise
        except ModelError as error:
            return _failure(frame, "network", error)
        except UnreadablePictureError as error:
            return _failure(frame, "existing", error)
        except OutputError as error:
            return _failure(frame, "write", error)
        return detections

    def _detections(self, frame: Frame, candidates: Candidates | None) -> Detections:
        assert candidates is not None  # noqa: S101 - there is a frame, so the batch was run
        check_finite(candidates, frame.name)
        key = PictureKey(picture_id=frame.picture_id, name=frame.name, size_hw=frame.size_hw)
        return detections_from_candidates(
            candidates, key, settings=self._settings, uid_seed=self._uid_seed
        )


def batch_pixels(batch: Batch) -> Shaped[np.ndarray, "b s s 3"]:
    """A batch, of which at least one picture could be read, as the runtime takes it.

    A failed picture keeps its slot, empty: the batch's shape decides the last digits of its
    results, and a picture may fail in one attempt and not in another.
    """
    empty = next(np.zeros_like(item.pixels) for item in batch if isinstance(item, Frame))
    return np.stack([item.pixels if isinstance(item, Frame) else empty for item in batch])


def picture_writers(request: AnnotateRequest, store: Store) -> list[PictureWriter]:
    """The writers of the per-picture files that a request asks for."""
    writers = _mask_writers(request, store)
    if "overlay" in request.write:
        style = OverlayStyle(max_side_px=request.overlay_max_px or None)
        writers.append(OverlayWriter(store, request.classes, style))
    return writers


def frame_writers(request: AnnotateRequest, store: Store) -> list[PictureWriter]:
    """The writers of files of a video's single frames; its overlay is one for all of them."""
    writers = _mask_writers(request, store)
    if "frames" in request.write:
        writers.append(FramePngWriter(store))
    return writers


def _mask_writers(request: AnnotateRequest, store: Store) -> list[PictureWriter]:
    classes = request.classes
    writers: list[PictureWriter] = []
    if "masks" in request.write:
        writers += [InstancePngWriter(store, classes), SemanticPngWriter(store, classes)]
    if "objects" in request.write:
        writers.append(ObjectPngWriter(store, classes))
    return writers


def _failure(frame: Frame, stage: str, error: YolactError) -> Failure:
    return Failure(
        picture_id=frame.picture_id,
        name=frame.name,
        stage=stage,
        error=type(error).__name__,
        message=str(error),
    )
