"""From a folder of pictures to labels, in a way that survives any end.

The listing is written first and cut into batches by index. A picture's own files are in place
before its batch goes into the journal, and the files at the end are streamed from that journal:
a run that was killed and resumed with the same batch size writes the same bytes as one that was
not. Memory grows with the pictures only by their lines in the listing.
"""

import contextlib
import dataclasses
import itertools
import os
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from yolact_cli.allocator import keep_freed_memory
from yolact_cli.errors import OutputError
from yolact_cli.pipelines.annotate_changes import look_for_changes
from yolact_cli.pipelines.annotate_events import (
    BatchDone,
    BatchShrunk,
    Event,
    FewBits,
    Finished,
    Labelled,
    Listed,
    Stopped,
)
from yolact_cli.pipelines.annotate_frames import frame_preparer, frame_room
from yolact_cli.pipelines.annotate_listing import RunListing, look_for_inputs, packed, stored
from yolact_cli.pipelines.annotate_request import (
    AnnotateRequest,
    run_identity,
    run_notes,
    uid_seed,
)
from yolact_cli.pipelines.labelling import BatchLabeller, frame_writers, picture_writers
from yolact_cli.pipelines.model import ReadyModel, ready_model, resize_of
from yolact_cli.pipelines.projections import read_failures, write_projections
from yolact_cli.pipelines.run_exports import clear_run_exports, export_record, write_run_exports
from yolact_cli.pipelines.runtime_choice import RuntimeChoice, choose_runtime, with_runtime
from yolact_cli.pipelines.video_frames import VideoFrames
from yolact_cli.runs.journal import BatchPlan, Journal
from yolact_cli.runs.listing import (
    LISTING,
    VIDEO_LISTING,
    count_listed,
    read_listing,
    read_video_listing,
)
from yolact_cli.runs.lock import locked
from yolact_cli.runs.state import (
    RunState,
    check_output,
    clear_run,
    read_run_notes,
    write_run_record,
)
from yolact_cli.sources.loader import get_ready, load_frames
from yolact_cli.store import LocalStore
from yolact_cli.structures import Failure, Frame, TruthPicture
from yolact_cli.thread_counts import one_thread_for_arrays
from yolact_cli.writers.manifest import Manifest, program_version, write_manifest
from yolact_cli.writers.protocol import PictureWriter
from yolact_cli.zoo.checksum import pinned, weights_checksum

BATCH_SIZE_CPU = 4
BATCH_SIZE_GPU = 16
MOST_WORKERS = 4
SHOWN_FAILURES = 20
MOST_FEW_BITS = 14
"""Of 16-bit samples: what sensors give, and little enough for photographs to come out dark."""


def annotate(
    request: AnnotateRequest, *, should_stop: Callable[[], bool] = lambda: False
) -> Iterator[Event]:
    """Label the pictures, telling how far it is; ends with ``Finished`` or ``Stopped``.

    An unfinished run in the output folder is gone on with. Closing the generator leaves a run
    that can be resumed, as does any exception.

    Args:
        request: What to do.
        should_stop: Asked after each batch; once true, the run stops there, whole.

    Raises:
        YolactError: For every problem that is not one picture's own. In particular
            OutputExistsError (a finished run, or somebody's files), RunMismatchError (an
            unfinished run of other settings), RunLockedError and DiskFullError.
    """
    run = _Run.make(request)
    # Looked for and loaded before the folder is made or a run in it replaced, so that a misspelt
    # source or a broken model leaves nothing behind.
    found = run.look()
    run.load_model()
    with one_thread_for_arrays(), locked(request.output):
        listing = run.open(found)
        yield from run.label(listing, should_stop)


@dataclass(slots=True, kw_only=True)
class _Run:
    request: AnnotateRequest
    store: LocalStore
    choice: RuntimeChoice
    batch_size: int
    weights_sha256: str
    identity: Mapping[str, Any]
    model: ReadyModel | None = None
    resumes: bool = False
    largest_batch: int | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    started_s: float = field(default_factory=time.monotonic)

    @classmethod
    def make(cls, request: AnnotateRequest) -> "_Run":
        settings = request.settings
        choice = choose_runtime(request.model.card, settings, device=request.device)
        batch_size = request.batch_size or suiting_batch_size(choice.device)
        frame_room(request, batch_size=batch_size)  # or it raises, before anything is done
        checksum = weights_checksum(request.model)
        model = pinned(request.model, checksum)
        settings = with_runtime(settings, choice)
        request = dataclasses.replace(request, settings=settings, model=model)
        return cls(
            request=request,
            store=LocalStore(request.output),
            choice=choice,
            batch_size=batch_size,
            weights_sha256=checksum,
            identity=run_identity(request, weights_sha256=checksum),
        )

    @property
    def device(self) -> str:
        """Where the network runs."""
        return self.choice.device

    def _notes(self) -> dict[str, Any]:
        return run_notes(
            self.request,
            choice=self.choice,
            batch_size=self.batch_size,
            largest_batch=self.largest_batch,
        )

    def check_output(self) -> RunState:
        """As the function of this name, of this run's folder."""
        return check_output(self.store, self.identity, overwrite=self.request.overwrite)

    def load_model(self) -> None:
        if self.device == "cpu":
            keep_freed_memory()
        if self.request.workers != 0:
            get_ready()  # while the model loads
        self.model = ready_model(self.request.model, self.request.settings, device=self.device)

    def look(self) -> RunListing:
        """The pictures and videos, those of an unfinished run first; nothing is written."""
        if self.request.output.exists():
            state = self.check_output()
            self.resumes = state is RunState.UNFINISHED and not self.request.overwrite
        known = read_listing(self.store) if self.resumes else []
        known_videos = read_video_listing(self.store) if self.resumes else []
        return packed(look_for_inputs(self.request, known, known_videos))

    def open(self, found: RunListing) -> RunListing:
        """The pictures, listed in a folder that is ours to go on in."""
        state = self.check_output()
        resumes = state is RunState.UNFINISHED and not self.request.overwrite
        known = count_listed(self.store) if resumes else 0
        if (resumes, known) != (self.resumes, found.known):
            raise OutputError(
                "Another process went on with the run in the output folder meanwhile.",
                remedy="Give the command again.",
            )
        if self.resumes:  # what an earlier attempt had to give up stays told
            self.largest_batch = read_run_notes(self.store).get("largest_batch")
            assert self.model is not None  # noqa: S101 - loaded before the folder was opened
            self.model.runtime.largest_batch = self.largest_batch
        else:
            clear_run(self.store)
            clear_run_exports(self.store)
            for listing in (LISTING, VIDEO_LISTING):  # of a start that got no further
                self.store.delete(listing)
        write_run_record(self.store, self.identity, notes=self._notes())
        return stored(self.store, found)

    def label(self, listing: RunListing, should_stop: Callable[[], bool]) -> Iterator[Event]:
        total = len(listing.pictures)
        plan = BatchPlan(total=total, batch_size=self.batch_size)
        journal = Journal.resume(self.store, plan)
        changed: tuple[str, ...] = ()
        if self.resumes:
            listing, changed = look_for_changes(self.store, listing, journal)
        yield Listed(
            total=total,
            videos=len(listing.videos),
            done=len(journal),
            labelled=listing.labelled_count,
            other_extensions=listing.other_extensions,
            unreadable_folders=listing.unreadable_folders,
            earlier_runs=listing.earlier_runs,
            device=self.device,
            changed=changed,
            ignores_existing=bool(listing.videos) and self.request.existing is not None,
        )
        if len(journal) < total:
            yield from self._label_rest(listing, journal, should_stop)
        videos_done = 0
        if len(journal) == total:
            videos_done = yield from self._label_videos(listing, should_stop)
        videos = len(listing.videos)
        if len(journal) < total or videos_done < videos:
            yield Stopped(done=len(journal), total=total, videos_done=videos_done, videos=videos)
            return
        yield Labelled(pictures=total)
        yield self._finish(listing)

    def _label_rest(
        self, listing: RunListing, journal: Journal, should_stop: Callable[[], bool]
    ) -> Iterator[Event]:
        labeller = self._labeller(picture_writers(self.request, self.store), listing.labelled)
        # Whole batches from the listing's beginning: that is what a resumed journal holds.
        rest = itertools.islice(listing.pictures, len(journal), None)
        workers = self.request.workers
        frames = load_frames(
            rest,
            frame_preparer(self.request),
            workers=suiting_workers() if workers is None else workers,
            room=frame_room(self.request, batch_size=self.batch_size),
        )
        failures = 0
        few_bits: FewBits | None = None
        labelled = labeller.label_ahead(_batched(frames, self.batch_size))
        with contextlib.closing(frames), contextlib.closing(labelled):
            for batch, records in labelled:
                if few_bits is None and self.request.settings.bit_depth is None:
                    few_bits = _few_bits(batch)
                    yield from filter(None, [few_bits])
                del batch  # or its frames would be held while those of two others are
                yield from self._shrinking()
                journal.append([record.to_record() for record in records])
                new_failures = tuple(item for item in records if isinstance(item, Failure))
                failures += len(new_failures)
                yield BatchDone(done=len(journal), failures=failures, new_failures=new_failures)
                if should_stop():
                    return

    def _label_videos(
        self, listing: RunListing, should_stop: Callable[[], bool]
    ) -> Generator[Event, None, int]:
        """Go through the videos; returns how many are done."""
        if not listing.videos:
            return 0
        from yolact_cli.pipelines.video_labelling import VideoLabeller  # and a video library

        labeller = VideoLabeller(
            self.request,
            self.store,
            self._labeller(frame_writers(self.request, self.store), {}),
            resize=resize_of(self.request.model.card),
            batch_size=self.batch_size,
        )
        for done, video in enumerate(listing.videos):
            if should_stop():
                return done
            yield from labeller.label(video, should_stop=should_stop)
            yield from self._shrinking()
            if not labeller.is_done(video):
                return done
        return len(listing.videos)

    def _shrinking(self) -> Iterator[Event]:
        """Take down that batches had to be made smaller, before there are results of them."""
        assert self.model is not None  # noqa: S101 - it labels
        largest = self.model.runtime.largest_batch
        if largest is not None and largest < (self.largest_batch or self.batch_size):
            self.largest_batch = largest
            write_run_record(self.store, self.identity, notes=self._notes())
            yield BatchShrunk(device=self.device, largest_batch=largest)

    def _labeller(
        self, writers: Sequence[PictureWriter], labelled: Mapping[int, TruthPicture]
    ) -> BatchLabeller:
        assert self.model is not None  # noqa: S101 - loaded before the folder was opened
        return BatchLabeller(
            self.model,
            self.request.settings,
            uid_seed=uid_seed(self.identity),
            writers=writers,
            labelled=labelled,
        )

    def _finish(self, listing: RunListing) -> Finished:
        request = self.request
        classes = request.classes
        frames = VideoFrames(
            self.store,
            listing.videos,
            classes=classes,
            first_image_id=len(listing.pictures) + 1,
        )
        model = {"name": request.model.card.name, "sha256": self.weights_sha256}
        info = {
            "description": f"Instance masks by yolact_cli with {model['name']}",
            "version": program_version(),
            "model": model,
        }
        tally = write_projections(
            self.store,
            request.write,
            frames=frames,
            classes=classes,
            info=info,
            score_threshold=request.settings.score_threshold,
        )
        exports = write_run_exports(self.store, request.write)
        failures: tuple[Failure, ...] = ()
        if tally.failures:
            failures = tuple(itertools.islice(read_failures(self.store, frames), SHOWN_FAILURES))
        settings = {key: value for key, value in self.identity.items() if key != "model"}
        manifest = Manifest(
            settings=settings | self._notes(),
            model=self.identity["model"],
            classes=classes,
            tally=tally,
            times=self._times(),
            videos=[frames.summary(video) for video in frames.videos],
            outputs=tuple(request.write),
            exports=[export_record(report) for report in exports],
        )
        record = write_manifest(self.store, manifest)
        return Finished(manifest=record, failures=failures, exports=exports)

    def _times(self) -> dict[str, Any]:
        """Of this attempt: earlier ones may be days ago."""
        return {
            "started": self.started.isoformat(timespec="seconds"),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
            "seconds": round(time.monotonic() - self.started_s, 1),
        }


def suiting_workers() -> int:
    """Decoding processes that leave a core to the network, where there are cores to share."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min((cores or 1) - 1, MOST_WORKERS))


def suiting_batch_size(device: str) -> int:
    """Pictures run together where nobody said how many."""
    return BATCH_SIZE_CPU if device == "cpu" else BATCH_SIZE_GPU


def _few_bits(batch: Sequence[Frame | Failure]) -> FewBits | None:
    for item in batch:
        if isinstance(item, Frame) and item.used_bits and item.used_bits <= MOST_FEW_BITS:
            return FewBits(name=item.name, used_bits=item.used_bits)
    return None


def _batched(
    frames: Iterable[Frame | Failure], batch_size: int
) -> Iterator[Sequence[Frame | Failure]]:
    iterator = iter(frames)
    while batch := list(itertools.islice(iterator, batch_size)):
        yield batch
