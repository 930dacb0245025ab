"""The files at the end of a run, streamed from its journal; they are never read back.

Reading the journal is most of the work, and nothing goes on beside it: it is read once for all that
is counted, then once for each kind of file.
"""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from yolact_cli.formats.coco import (
    ANNOTATIONS,
    DataSetHead,
    write_data_set,
    written_categories,
)
from yolact_cli.formats.coco_results import write_coco_results
from yolact_cli.formats.youtube_vis import YoutubeVisWriter
from yolact_cli.labels import LabelledPicture
from yolact_cli.pipelines.labelled import labelled_picture
from yolact_cli.pipelines.video_frames import VideoFrames
from yolact_cli.review.priority import ClassSizes, with_priorities
from yolact_cli.runs.journal import read_journal
from yolact_cli.store import LocalStore, Store
from yolact_cli.structures import Category, Detections, Failure
from yolact_cli.tracking.votes import elect
from yolact_cli.writers.failures import write_failures
from yolact_cli.writers.tally import Tally

RESULTS = "results.json"
YOUTUBE_VIS = "youtube_vis.json"
_SPOOL = ".youtube_vis.part"


def read_detections(store: Store) -> Iterator[Detections]:
    """The journal's labels, without its failures, in order of picture id."""
    for record in read_journal(store):
        if "failure" not in record:
            yield Detections.from_record(record)


def read_failures(store: Store, frames: VideoFrames) -> Iterator[Failure]:
    """The journal's failures, in order of picture id, then those of videos."""
    for record in read_journal(store):
        if "failure" in record:
            yield Failure.from_record(record)
    yield from frames.failures()


def write_projections(
    store: LocalStore,
    kinds: Sequence[str],
    *,
    frames: VideoFrames,
    classes: Mapping[int, Category | None],
    info: Mapping[str, Any],
    score_threshold: float,
) -> Tally:
    """Write the label files asked for and ``failures.csv``; count what is in the journal.

    Args:
        store: The run's folder.
        kinds: ``coco``, ``results`` and ``youtube-vis`` are written here; others are passed over.
        frames: Of the run's videos.
        classes: What each class of the model is written as; None drops it.
        info: For the ``info`` of the COCO data set.
        score_threshold: Of the run; priorities for review hang on it.

    Raises:
        OutputError: The store cannot take the files.
    """
    sizes, tally = ClassSizes(), Tally(classes)
    counted = sizes if "coco" in kinds else None
    write_failures(store, _survey(store, frames, classes, tally=tally, sizes=counted))
    if "coco" in kinds:
        rank = partial(with_priorities, sizes=sizes, score_threshold=score_threshold)
        categories, videos = written_categories(classes), tuple(frames.records())
        head = DataSetHead(categories=categories, info=info, videos=videos)
        ranked = map(rank, _read_labelled(store, frames, classes))
        with store.put_stream(ANNOTATIONS) as stream, store.scratch() as scratch:
            write_data_set(stream, scratch, head, ranked)
    if "results" in kinds:
        with store.put_stream(RESULTS) as stream:
            write_coco_results(stream, _read_labelled(store, frames, classes))
    if "youtube-vis" in kinds:
        _write_youtube_vis(store, frames, classes=classes, info=info)
    return tally


def _survey(
    store: Store,
    frames: VideoFrames,
    classes: Mapping[int, Category | None],
    *,
    tally: Tally,
    sizes: ClassSizes | None,
) -> Iterator[Failure]:
    """The failures, in order, and all that is to be counted counted on the way."""

    def count(detections: Detections) -> None:
        tally.add(detections)
        if sizes is not None:
            sizes.add(labelled_picture(detections, classes))

    for record in read_journal(store):
        if "failure" in record:
            failure = Failure.from_record(record)
            tally.add(failure)
            yield failure
        else:
            count(Detections.from_record(record))
    for detections in frames.detections():
        count(detections)
    for failure in frames.failures():
        tally.add(failure)
        yield failure
    tally.videos = len(frames.videos)
    tally.gaps = sum(len(end.gaps) for end in frames.ends.values())


def _read_labelled(
    store: Store, frames: VideoFrames, classes: Mapping[int, Category | None]
) -> Iterator[LabelledPicture]:
    for detections in itertools.chain(read_detections(store), frames.detections()):
        yield labelled_picture(detections, classes)


def _write_youtube_vis(
    store: LocalStore,
    frames: VideoFrames,
    *,
    classes: Mapping[int, Category | None],
    info: Mapping[str, Any],
) -> None:
    with YoutubeVisWriter(
        store, YOUTUBE_VIS, spool=store.path_of(_SPOOL), classes=classes, elect=elect, info=info
    ) as writer:
        for video in frames.videos:
            end = frames.ends.get(video.video_id)
            if end is None or end.size_hw is None:
                continue
            writer.video(video.video_id, video.name, size_hw=end.size_hw)
            for detections in frames.of_video(video):
                ids = [item.track_id for item in detections.instances if item.track_id is not None]
                writer.frame(video.video_id, detections, ids)
