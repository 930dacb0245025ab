"""One video: its frames through the network, its objects followed, its overlay with the sound.

Decoding and encoding have threads of their own, and drawing has one, so that they run beside the
network. A video that was begun before is decoded again from its beginning, since frames can only
be told apart that way; but what the journal holds is not labelled again, only drawn.
"""

import contextlib
import itertools
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from yolact_cli.errors import OutputError, OutputExistsError, UnreadableVideoError
from yolact_cli.pipelines.annotate_events import FramesDone, VideoBegun, VideoDone
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.labelling import BatchLabeller
from yolact_cli.pipelines.video_end import VideoEnd, read_video_end, write_video_end
from yolact_cli.pipelines.video_overlay import FRAMES_HELD, OverlayVideo
from yolact_cli.pipelines.video_tracks import Follower
from yolact_cli.runs.journal import (
    BatchPlan,
    Journal,
    Record,
    read_shard,
    segments_of,
    video_shard,
)
from yolact_cli.settings import FrameSettings
from yolact_cli.sources.frame_choice import ChosenFrame, choose, exact_s
from yolact_cli.sources.prepare import ResizeCall
from yolact_cli.sources.video_kinds import is_live
from yolact_cli.sources.video_live import NewestFrames
from yolact_cli.sources.video_reader import VideoReader, open_video
from yolact_cli.sources.video_room import frames_ahead
from yolact_cli.sources.video_thread import decode_ahead
from yolact_cli.store import LocalStore
from yolact_cli.structures import Detections, Failure, Frame
from yolact_cli.video import ListedVideo, VideoFrame, VideoGap
from yolact_cli.writers.names import frame_name, video_overlay_path

_Group = list[ChosenFrame | VideoGap]
"""Frames up to the last of a batch, and the gaps between them."""

FRAMES_AHEAD = 4
LIVE_FRAMES = 2
"""That wait for the network; older ones are left out."""
_GROUPS = 3
"""Held at a time: one being collected, one in the network, one being followed and written."""
_LIVE_NOTE = "Live: stop it with Ctrl-C; it cannot be gone on with afterwards."


class _StopAsked(Exception):  # noqa: N818 - no error: it leaves files as a kill would
    """The caller asked to stop."""


@dataclass(slots=True)
class _Seen:
    """What came of a video so far."""

    frames: int = 0
    dropped: int = 0
    labelled: int = 0
    gaps: list[VideoGap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class VideoLabeller:
    """Labels videos one after another.

    Args:
        request: What to do.
        store: The run's folder.
        labeller: Labels frames as it labels pictures, and writes their own files.
        resize: A frame to the network's input size.
        batch_size: Frames run together; one at a time where not all are labelled, since the
            others would have to wait in memory.
    """

    def __init__(
        self,
        request: AnnotateRequest,
        store: LocalStore,
        labeller: BatchLabeller,
        *,
        resize: ResizeCall,
        batch_size: int,
    ) -> None:
        self._request = request
        self._store = store
        self._labeller = labeller
        self._resize = resize
        self._batch_size = 1 if _is_thinned(request.frames) else batch_size

    def label(
        self, video: ListedVideo, *, should_stop: Callable[[], bool]
    ) -> Iterator[VideoBegun | FramesDone | VideoDone]:
        """Label a video, telling how far it is; nothing to do for one that is done.

        Stopped, killed or out of space, it leaves its journal and a playable part of its overlay.
        A live source is finished by being stopped.

        Raises:
            DiskFullError: No space is left.
            OutputError: The journal's frames are not the video's.
            OutputExistsError: A live source was begun by an earlier attempt.
        """
        if self.is_done(video):
            return
        if is_live(video.location) and segments_of(self._store, video_shard(video.video_id)):
            raise OutputExistsError(
                f"{video.name}: a live recording cannot be gone on with.",
                remedy="Record into another folder, or replace the run with --overwrite.",
            )
        seen = _Seen()
        size_hw, failure = None, None
        notes: tuple[str, ...] = ()
        try:
            with self._opened(video) as reader:
                size_hw, notes = reader.info.size_hw, reader.info.notes
                yield VideoBegun(
                    name=video.name,
                    num_frames=reader.info.num_frames,
                    notes=notes + ((_LIVE_NOTE,) if is_live(video.location) else ()),
                )
                yield from self._label(video, reader, seen, should_stop)
        except _StopAsked:
            return
        except UnreadableVideoError as error:
            failure = Failure(
                picture_id=video.video_id, name=video.name, stage="video",
                error=type(error).__name__, message=str(error),
            )  # fmt: skip
        if failure is None and not seen.gaps:
            seen.notes += _nothing_chosen(seen, self._request.frames)
        end = VideoEnd(
            size_hw=size_hw, frames=seen.frames, dropped=seen.dropped, labelled=seen.labelled,
            gaps=tuple(seen.gaps), notes=(*notes, *seen.notes), failure=failure,
        )  # fmt: skip
        write_video_end(self._store, video, end)
        yield VideoDone(name=video.name, notes=tuple(seen.notes))

    def is_done(self, video: ListedVideo) -> bool:
        """Whether a video's labels and its overlay are there."""
        end = read_video_end(self._store, video)
        if end is None:
            return False
        has_overlay = "overlay" in self._request.write and end.frames and end.failure is None
        return not has_overlay or self._store.exists(self._overlay_path(video))

    def _opened(self, video: ListedVideo) -> VideoReader:
        max_pixels = self._request.settings.max_pixels
        return open_video(video.location, max_pixels=max_pixels, name=video.name)

    def _overlay_path(self, video: ListedVideo) -> str:
        return video_overlay_path(video.name, self._request.video_file.container)

    def _label(
        self,
        video: ListedVideo,
        reader: VideoReader,
        seen: _Seen,
        should_stop: Callable[[], bool],
    ) -> Iterator[FramesDone]:
        size = 1 if is_live(video.location) else self._batch_size
        labels = _FrameLabels(self._labeller, self._store, video, size, self._framed)
        follower = Follower(self._request.tracks, self._request.classes)
        ahead = self._frames_ahead(video, reader.info.size_hw, size)
        shown = Detections(picture_id=0, name="", size_hw=reader.info.size_hw, instances=())
        with contextlib.ExitStack() as stack:
            overlay = None
            if "overlay" in self._request.write:
                path = self._store.path_of(self._overlay_path(video))
                overlay = stack.enter_context(OverlayVideo(path, video, reader.info, self._request))
            items = stack.enter_context(self._items(video, reader, ahead, seen, should_stop))
            groups = labels.of_groups(_groups(items, size), is_live=is_live(video.location))
            for group, detections in stack.enter_context(contextlib.closing(groups)):
                seen.gaps += [item for item in group if isinstance(item, VideoGap)]
                there = [item for item in group if isinstance(item, ChosenFrame)]
                found = iter(detections)
                drawings = []
                for item in there:
                    if item.is_labelled:
                        shown = follower.follow(item.frame.time_s, next(found))
                        labels.follow(shown)
                    drawings.append(follower.shown(shown))
                seen.labelled += labels.keep()
                if overlay is not None:
                    for item, objects in zip(there, drawings, strict=True):
                        overlay.write(item.frame, objects)
                seen.frames += len(there)
                yield FramesDone(frames=seen.frames, labelled=seen.labelled, gaps=len(seen.gaps))
                if should_stop() and not is_live(video.location):
                    raise _StopAsked
        if overlay is not None:
            seen.notes += overlay.notes

    def _frames_ahead(self, video: ListedVideo, size_hw: tuple[int, int], batch_size: int) -> int:
        in_hand = _GROUPS * batch_size + FRAMES_HELD * ("overlay" in self._request.write)
        return frames_ahead(
            size_hw,
            self._request.memory_bytes,
            in_hand=in_hand,
            most=LIVE_FRAMES if is_live(video.location) else FRAMES_AHEAD,
            name=video.name,
        )

    @contextlib.contextmanager
    def _items(
        self,
        video: ListedVideo,
        reader: VideoReader,
        ahead: int,
        seen: _Seen,
        should_stop: Callable[[], bool],
    ) -> Iterator[Iterator[ChosenFrame | VideoGap]]:
        """The frames and gaps of the part that is wanted, made by a thread."""
        frames = self._request.frames
        if is_live(video.location):
            with NewestFrames(reader.frames(), max_frames=ahead, should_stop=should_stop) as newest:
                yield choose(newest, frames)
            seen.dropped = newest.dropped
            if newest.dropped:
                seen.notes.append(f"{newest.dropped} frames came too fast and were left out.")
            return
        from_s = None if frames.start_s is None else exact_s(frames.start_s)
        chosen = choose(reader.frames(from_s=from_s), frames)
        with decode_ahead(chosen, max_items=ahead) as items:
            yield items

    def _framed(self, video: ListedVideo, number: int, frame: VideoFrame) -> Frame:
        height, width = frame.pixels.shape[:2]
        is_kept = "frames" in self._request.write
        return Frame(
            picture_id=number,
            name=frame_name(video.name, frame.frame_index),
            size_hw=(height, width),
            pixels=self._resize(frame.pixels),
            preview=frame.pixels if is_kept else None,
        )


class _FrameLabels:
    """Labels of a video's frames, from the journal as far as it goes, then from the network."""

    def __init__(
        self,
        labeller: BatchLabeller,
        store: LocalStore,
        video: ListedVideo,
        batch_size: int,
        framed: Callable[[ListedVideo, int, VideoFrame], Frame],
    ) -> None:
        shard = video_shard(video.video_id)
        self._labeller = labeller
        self._video = video
        self._framed = framed
        plan = BatchPlan(total=None, batch_size=batch_size)
        end = read_video_end(store, video)
        if end is not None and end.failure is None:  # only the overlay is missing
            plan = BatchPlan(total=end.labelled, batch_size=batch_size)
        self._journal = Journal.resume(store, plan, shard=shard)
        self._known = itertools.islice(read_shard(store, shard), len(self._journal))
        self._count = 0
        self._records: list[Record] = []
        self._tracks: list[list[int | None]] = []

    def of_groups(
        self, groups: Iterable[_Group], *, is_live: bool
    ) -> Generator[tuple[_Group, list[Detections]], None, None]:
        """Each group with the labels of its frames, in order.

        The network is a group ahead, but for live sources, where a group would come late.
        """
        waiting: deque[tuple[_Group, list[VideoFrame], list[Record]]] = deque()
        broken: list[UnreadableVideoError] = []

        def batches() -> Iterator[list[Frame]]:
            try:
                for group in groups:
                    frames = _labelled(group)
                    known = list(itertools.islice(self._known, len(frames)))
                    waiting.append((group, frames, known))
                    yield self._batch(frames, is_known=bool(known))
            except UnreadableVideoError as error:  # after what was before it
                broken.append(error)

        label = self._labeller.label
        one_by_one = ((batch, label(batch)) for batch in batches())
        labelled = one_by_one if is_live else self._labeller.label_ahead(batches())
        with contextlib.closing(labelled):
            for _, found in labelled:
                group, frames, known = waiting.popleft()
                self._records = [] if known else _records(found, frames)
                pairs = zip(known or self._records, frames, strict=True)
                yield group, [self._detections(record, frame) for record, frame in pairs]
        if broken:
            raise broken[0]

    def follow(self, detections: Detections) -> None:
        """Take the tracks of the next of these frames' objects, those of written classes."""
        self._tracks.append([instance.track_id for instance in detections.instances])

    def keep(self) -> int:
        """Put the frames into the journal, where they are not yet; gives their number."""
        count = len(self._tracks)
        if self._records:
            pairs = zip(self._records, self._tracks, strict=True)
            self._journal.append([record | {"tracks": tracks} for record, tracks in pairs])
        self._records, self._tracks = [], []
        return count

    def _batch(self, frames: Sequence[VideoFrame], *, is_known: bool) -> list[Frame]:
        """For the network; empty where labels are known."""
        first = self._count + 1
        self._count += len(frames)
        if is_known:
            return []
        return [
            self._framed(self._video, number, frame)
            for number, frame in enumerate(frames, start=first)
        ]

    def _detections(self, record: Record, frame: VideoFrame) -> Detections:
        if (record["frame"], record["time"]) != (frame.frame_index, str(frame.time_s)):
            raise OutputError(
                f"{self._video.name}: its frames are not those that the run began with.",
                remedy="Put the same file back, or start again with --overwrite.",
            )
        if "failure" in record:  # its own files could not be written
            height, width = frame.pixels.shape[:2]
            return Detections(
                picture_id=record["id"], name=record["name"], size_hw=(height, width), instances=()
            )
        return Detections.from_record(record)


def _labelled(group: _Group) -> list[VideoFrame]:
    return [item.frame for item in group if isinstance(item, ChosenFrame) and item.is_labelled]


def _records(found: Iterable[Detections | Failure], frames: Sequence[VideoFrame]) -> list[Record]:
    return [
        labels.to_record() | {"frame": frame.frame_index, "time": str(frame.time_s)}
        for labels, frame in zip(found, frames, strict=True)
    ]


def _nothing_chosen(seen: _Seen, settings: FrameSettings) -> list[str]:
    is_cut = settings.start_s is not None or settings.end_s is not None
    if is_cut and not seen.frames:
        return ["No frame of it lies in the time that was asked for."]
    return [] if seen.labelled or not seen.frames else ["None of its frames was to be labelled."]


def _is_thinned(settings: FrameSettings) -> bool:
    return settings.every > 1 or settings.fps is not None or settings.keyframes


def _groups(items: Iterable[ChosenFrame | VideoGap], labelled: int) -> Iterator[_Group]:
    """Items in order, cut behind every so many labelled frames, or behind each where that is 1."""
    group: _Group = []
    for item in items:
        group.append(item)
        count = sum(isinstance(one, ChosenFrame) and one.is_labelled for one in group)
        if labelled == 1 or count == labelled:
            yield group
            group = []
    if group:
        yield group
