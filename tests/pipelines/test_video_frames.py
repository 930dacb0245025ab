"""Frames read back from the journal: the vote along a track, image ids, classes not written."""

import numpy as np
import pytest

from yolact_cli.pipelines.video_end import VideoEnd, write_video_end
from yolact_cli.pipelines.video_frames import VideoFrames
from yolact_cli.runs.journal import BatchPlan, Journal, video_shard
from yolact_cli.store import LocalStore
from yolact_cli.structures import Category, Detections
from yolact_cli.video import ListedVideo

CLASSES = {n: Category(category_id=n + 1, name=name) for n, name in enumerate(("cat", "dog"))}


@pytest.fixture
def make_frames(tmp_path, make_instance):
    """``make_frames([classes of a frame's objects, ...], ...)``: an object's place is its track."""

    def build(*videos: list[list[int]], classes=CLASSES) -> VideoFrames:
        store = LocalStore(tmp_path / "run")
        listed = []
        for video_id, frames in enumerate(videos, start=1):
            video = ListedVideo(
                video_id=video_id, name=f"{video_id}.mp4", location="", size_bytes=0, mtime_ns=0
            )
            listed.append(video)
            journal = Journal.resume(
                store, BatchPlan(total=None, batch_size=1), shard=video_shard(video_id)
            )
            for number, class_ids in enumerate(frames):
                instances = tuple(
                    make_instance(np.ones((40, 60), bool), class_id=class_id)
                    for class_id in class_ids
                )
                labels = Detections(
                    picture_id=number + 1, name=f"{number}.png", size_hw=(40, 60),
                    instances=instances,
                )  # fmt: skip
                kept = [place for place, one in enumerate(class_ids) if classes[one] is not None]
                record = labels.to_record() | {"frame": number, "time": f"{number}/10"}
                journal.append([record | {"tracks": [place + 1 for place in kept]}])
            write_video_end(
                store, video, VideoEnd(size_hw=(40, 60), frames=len(frames), labelled=len(frames))
            )
        return VideoFrames(store, listed, classes=classes, first_image_id=8)

    return build


def test_a_track_is_what_it_was_taken_for_most(make_frames):
    found = list(make_frames([[0, 1], [1, 1], [0, 1], [0]]).detections())
    assert [item.class_id for frame in found for item in frame.instances if item.track_id == 1] == [
        0, 1, 0, 0,
    ]  # fmt: skip
    assert {(item.track_id, item.track_class_id) for frame in found for item in frame.instances} == {
        (1, 0), (2, 1),
    }  # fmt: skip


def test_image_ids_go_on_from_video_to_video(make_frames):
    found = list(make_frames([[0], [0]], [], [[1]]).detections())
    assert [frame.picture_id for frame in found] == [8, 9, 10]
    assert [frame.place.video_id for frame in found] == [1, 1, 3]


def test_classes_that_are_not_written_have_no_say(make_frames):
    frames = make_frames([[1, 0], [1, 0]], classes={0: CLASSES[0], 1: None})
    tracks = [item.track_id for frame in frames.detections() for item in frame.instances]
    assert tracks == [2, 2]
