"""The labels of videos' frames, read back from the journal with their identities."""

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cached_property
from typing import Any

from yolact_cli.pipelines.video_end import VideoEnd, read_video_end
from yolact_cli.runs.index import ShardIndex
from yolact_cli.runs.journal import read_shard, video_shard
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections, Failure, FramePlace
from yolact_cli.tracking.votes import TrackVotes
from yolact_cli.video import ListedVideo


class VideoFrames:
    """All labelled frames of a run's videos, as images of one data set.

    Args:
        store: The run's folder.
        videos: In order; all of them done.
        classes: What each class of the model is written as; None drops it.
        first_image_id: Of the first frame; the others count on.
    """

    def __init__(
        self,
        store: Store,
        videos: Sequence[ListedVideo],
        *,
        classes: Mapping[int, Category | None],
        first_image_id: int,
    ) -> None:
        self._store = store
        self.videos = videos
        self._classes = classes
        self._first_image_id = first_image_id

    @cached_property
    def ends(self) -> dict[int, VideoEnd]:
        """How each video ended, by its id."""
        found = {video.video_id: read_video_end(self._store, video) for video in self.videos}
        return {video_id: end for video_id, end in found.items() if end is not None}

    def records(self) -> list[dict[str, Any]]:
        """The videos of which there is a frame, as a data set lists them."""
        return [
            {"id": video.video_id, "name": video.name, "width": end.size_hw[1],
             "height": end.size_hw[0], "num_frames": end.frames}
            for video in self.videos
            if (end := self.ends.get(video.video_id)) is not None and end.size_hw is not None
        ]  # fmt: skip

    def summary(self, video: ListedVideo) -> dict[str, Any]:
        """What became of a video, for the manifest."""
        end = self.ends.get(video.video_id)
        if end is None:
            return {"id": video.video_id, "name": video.name}
        return {
            "id": video.video_id,
            "name": video.name,
            "frames": end.frames,
            "labelled": end.labelled,
            "dropped": end.dropped,
            "gaps": len(end.gaps),
            "notes": list(end.notes),
        }

    def detections(self) -> Iterator[Detections]:
        """Every labelled frame in order, with its image id, its place and its objects' tracks."""
        image_id = self._first_image_id
        for video in self.videos:
            for frame in self.of_video(video):
                yield self._tracked(frame, video, image_id)
                image_id += 1

    def of_video(self, video: ListedVideo) -> Iterator[Detections]:
        """One video's labelled frames, numbered from 1, with the identities of their objects."""
        for record in read_shard(self._store, video_shard(video.video_id)):
            if "failure" not in record:
                yield self._frame(video, record)

    def frame(self, image_id: int) -> Detections:
        """One frame as :meth:`detections` gives it, without reading the others.

        Raises:
            KeyError: There is none of that id.
        """
        before = self._first_image_id
        for video in self.videos:
            index, ids = self._indexes[video.video_id]
            if before <= image_id < before + len(ids):
                frame = self._frame(video, index.read(ids[image_id - before]))
                return self._tracked(frame, video, image_id)
            before += len(ids)
        raise KeyError(image_id)

    def _frame(self, video: ListedVideo, record: Mapping[str, Any]) -> Detections:
        kept = Detections.from_record(record)
        tracked = tuple(
            replace(instance, track_id=track_id)
            for instance, track_id in zip(
                kept.keeping(self._classes).instances, record["tracks"], strict=True
            )
        )
        place = FramePlace(
            video_id=video.video_id,
            frame_index=record["frame"],
            time_s=Fraction(record["time"]),
        )
        return replace(kept, instances=tracked, place=place)

    def _tracked(self, frame: Detections, video: ListedVideo, image_id: int) -> Detections:
        """The frame with its image id and what its objects' tracks were taken for most."""
        classes = self._track_classes[video.video_id]
        instances = tuple(
            replace(item, track_class_id=classes.get(item.track_id)) for item in frame.instances
        )
        return replace(frame, picture_id=image_id, instances=instances)

    @cached_property
    def _indexes(self) -> dict[int, tuple[ShardIndex, Sequence[int]]]:
        """Of each video its records and the ids of those that are frames."""
        found: dict[int, tuple[ShardIndex, Sequence[int]]] = {}
        for video in self.videos:
            index = ShardIndex(self._store, video_shard(video.video_id))
            found[video.video_id] = index, array("q", index.labelled_ids())
        return found

    def failures(self) -> Iterator[Failure]:
        """Videos that could not be read, their gaps, and frames that could not be written."""
        for video in self.videos:
            if (end := self.ends.get(video.video_id)) is not None:
                yield from end.failures(video)
            for record in read_shard(self._store, video_shard(video.video_id)):
                if "failure" in record:
                    yield Failure.from_record(record)

    @cached_property
    def _track_classes(self) -> dict[int, dict[int | None, int]]:
        """What each track was taken for most, by video; a number a track is kept."""
        return {video.video_id: self._elected(video) for video in self.videos}

    def _elected(self, video: ListedVideo) -> dict[int | None, int]:
        votes = TrackVotes()
        ids: set[int] = set()
        for frame in self.of_video(video):
            for item in frame.instances:
                if item.track_id is not None:
                    votes.add(item.track_id, item.class_id, item.score)
                    ids.add(item.track_id)
        return {track_id: votes.class_of(track_id) for track_id in sorted(ids)}
