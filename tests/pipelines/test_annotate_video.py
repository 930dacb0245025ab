"""Runs over videos: labels of frames, identities, overlays, faults, and going on after a stop."""

import csv
import itertools
import json

import av
import numpy as np
import pytest

from yolact_cli.errors import OutputError, UnreadableVideoError
from yolact_cli.inference.runtimes.graph import GraphRuntime
from yolact_cli.inference.runtimes.torch_runtime import TorchRuntime
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_events import BatchDone, Finished, FramesDone, Stopped
from yolact_cli.settings import FrameSettings, VideoFileSettings
from yolact_cli.sources.video_reader import VideoReader

FRAMES = 6
WRITTEN = ("coco", "results", "overlay", "youtube-vis")


def _pictures_of(path):
    with av.open(str(path)) as container:
        return [
            (frame.pts, frame.to_ndarray(format="rgb24")) for frame in container.decode(video=0)
        ]


def _rows(run):
    with (run / "failures.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_frames_are_images_with_their_place_in_the_video(run, make_clip):
    data_set = run(make_clip())
    assert data_set["videos"] == [
        {"id": 1, "name": "clip.mp4", "width": 96, "height": 72, "num_frames": FRAMES}
    ]
    images = data_set["images"]
    assert [image["frame_index"] for image in images] == list(range(FRAMES))
    assert [image["timestamp_s"] for image in images] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]
    assert {image["video_id"] for image in images} == {1}
    assert images[3]["file_name"] == "clip.mp4/000003.png"
    assert [image["id"] for image in images] == list(range(1, FRAMES + 1))


def test_objects_have_tracks_whose_class_is_the_tracks_vote(run, make_clip):
    annotations = run(make_clip())["annotations"]
    assert annotations
    by_track: dict[int, set[int]] = {}
    for one in annotations:
        by_track.setdefault(one["track_id"], set()).add(one["track_category_id"])
    assert all(len(categories) == 1 for categories in by_track.values())
    assert len(by_track) < len(annotations)


def test_without_tracks_objects_have_none(run, make_clip):
    annotations = run(make_clip(), tracks=None)["annotations"]
    assert annotations
    assert not any("track_id" in one for one in annotations)


def test_pictures_and_videos_of_one_folder_go_into_one_data_set(run, make_clip, make_photos):
    data_set = run(make_clip().parent, make_photos("a.png", "b.png"))
    names = [image["file_name"] for image in data_set["images"]]
    assert names == ["a.png", "b.png", *(f"clip.mp4/{n:06d}.png" for n in range(FRAMES))]
    assert [image["id"] for image in data_set["images"]] == list(range(1, FRAMES + 3))


def test_the_overlay_keeps_every_frame_and_its_time(run, make_clip, tmp_path):
    clip = make_clip()
    run(clip, write=WRITTEN, frames=FrameSettings(every=4))
    shown = _pictures_of(tmp_path / "run/overlays/clip.mp4")
    assert len(shown) == FRAMES
    assert not (tmp_path / "run/overlays/clip.mp4.part").exists()
    assert any(np.abs(a[1].astype(int) - b[1]).max() > 60 for a, b in zip(
        shown, _pictures_of(clip), strict=True
    ))  # fmt: skip


def test_thinned_labels_are_those_of_the_frames_chosen(run, make_clip, tmp_path):
    clip = make_clip()
    whole = run(clip, tracks=None)
    thinned = run(clip, tracks=None, frames=FrameSettings(every=2), output=tmp_path / "thin")
    assert [image["frame_index"] for image in thinned["images"]] == [0, 2, 4]
    uids = {one["uid"] for one in whole["annotations"]}
    assert {one["uid"] for one in thinned["annotations"]} <= uids


def test_extracted_frames_give_the_labels_of_the_video(run, make_clip, tmp_path):
    of_video = run(make_clip(), write=("coco", "frames"))
    of_pictures = run(tmp_path / "run/frames", output=tmp_path / "again")
    kept = ("image_id", "category_id", "score", "area", "bbox", "segmentation")
    assert [image["file_name"] for image in of_pictures["images"]] == [
        image["file_name"] for image in of_video["images"]
    ]
    assert [[one[key] for key in kept] for one in of_pictures["annotations"]] == [
        [one[key] for key in kept] for one in of_video["annotations"]
    ]


def test_youtube_vis_lists_every_frame_of_every_track(run, make_clip, tmp_path):
    data_set = run(make_clip(), write=WRITTEN)
    found = json.loads((tmp_path / "run/youtube_vis.json").read_bytes())
    assert found["videos"][0]["file_names"] == [one["file_name"] for one in data_set["images"]]
    assert all(len(one["segmentations"]) == FRAMES for one in found["annotations"])
    seen = sum(box is not None for one in found["annotations"] for box in one["bboxes"])
    assert seen == len(data_set["annotations"])


def _counting(start, counted):
    def counting(self, pixels):
        counted.append(len(pixels))
        return start(self, pixels)

    return counting


@pytest.fixture
def count_network(monkeypatch):
    """How many pictures went through the network."""
    counted = []
    for kind in (TorchRuntime, GraphRuntime):
        monkeypatch.setattr(kind, "start", _counting(kind.start, counted))
    return counted


@pytest.mark.parametrize("frames", [FrameSettings(), FrameSettings(every=2)])
@pytest.mark.parametrize("cut", [1, 2])
def test_a_stopped_video_ends_as_one_that_was_not(
    make_request, make_clip, tmp_path, count_network, frames, cut
):
    clip = make_clip(frames=7)
    fields = {"write": WRITTEN, "frames": frames}
    list(annotate(make_request(clip, output=tmp_path / "whole", **fields)))
    at_once, batch = sum(count_network), max(count_network)
    count_network.clear()
    steps = annotate(make_request(clip, **fields))
    done = 0
    for event in steps:
        done += isinstance(event, FramesDone)
        if done == cut:
            break
    steps.close()
    assert (tmp_path / "run/overlays/clip.mp4.part").exists()
    list(annotate(make_request(clip, **fields)))
    assert sum(count_network) <= at_once + batch  # the one that was ahead is run again
    for name in ("annotations.json", "results.json", "youtube_vis.json", "overlays/clip.mp4"):
        assert (tmp_path / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_lost_overlay_is_drawn_again_without_the_network(
    make_request, make_clip, tmp_path, count_network
):
    clip = make_clip(frames=5)
    list(annotate(make_request(clip, write=WRITTEN)))
    (tmp_path / "run/overlays/clip.mp4").unlink()
    (tmp_path / "run/manifest.json").unlink()
    count_network.clear()
    list(annotate(make_request(clip, write=WRITTEN)))
    assert not count_network
    assert (tmp_path / "run/overlays/clip.mp4").exists()


def test_asked_to_stop_a_run_says_how_far_it_is(make_request, make_clip, make_photos):
    request = make_request(make_photos("a.png"), make_clip())
    seen = []

    def should_stop():
        return any(isinstance(event, FramesDone) for event in seen)

    for event in annotate(request, should_stop=should_stop):
        seen += [event]
    assert isinstance(seen[-1], Stopped)
    assert (seen[-1].done, seen[-1].total, seen[-1].videos_done, seen[-1].videos) == (1, 1, 0, 1)
    assert any(isinstance(event, BatchDone) for event in seen)


def test_another_file_of_the_same_name_is_not_gone_on_with(make_request, make_clip):
    clip = make_clip(frames=8)
    steps = annotate(make_request(clip))
    for event in steps:
        if isinstance(event, FramesDone) and event.frames >= 4:
            break
    steps.close()
    with av.open(str(clip), "w") as container:
        stream = container.add_stream("libx264", rate=7)
        stream.width, stream.height, stream.pix_fmt = 96, 72, "yuv420p"
        for number in range(8):
            pixels = np.full((72, 96, 3), 20 * number, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    with pytest.raises(OutputError, match="not those that the run began with"):
        list(annotate(make_request(clip)))


def test_videos_that_cannot_be_read_are_failures_and_the_rest_is_labelled(
    make_request, make_clip, tmp_path
):
    folder = make_clip("good.mp4").parent
    (folder / "garbage.mp4").write_bytes(b"no video at all" * 100)
    (folder / "empty.mkv").write_bytes(b"")
    *_, last = annotate(make_request(folder, write=WRITTEN))
    assert isinstance(last, Finished)
    assert len(last.failures) == 2
    assert [(row["name"], row["stage"]) for row in _rows(tmp_path / "run")] == [
        ("empty.mkv", "video"), ("garbage.mp4", "video"),
    ]  # fmt: skip
    data_set = json.loads((tmp_path / "run/annotations.json").read_bytes())
    assert len(data_set["images"]) == FRAMES
    assert last.manifest["counts"]["videos"] == 3


@pytest.mark.parametrize("readable", [4, 6])
def test_frames_before_a_video_breaks_off_are_labelled(
    make_request, make_clip, tmp_path, monkeypatch, readable
):
    frames = VideoReader.frames

    def broken(self, **fields):
        yield from itertools.islice(frames(self, **fields), readable)
        raise UnreadableVideoError("clip.mp4: a frame of it is too large.")

    monkeypatch.setattr(VideoReader, "frames", broken)
    *_, last = annotate(make_request(make_clip(frames=9), write=("coco",)))
    assert last.manifest["counts"]["frames"] == readable
    assert [row["stage"] for row in _rows(tmp_path / "run")] == ["video"]


def test_what_is_missing_of_a_video_is_a_failure_with_its_time(make_request, make_clip, tmp_path):
    clip = make_clip("cut.mkv", frames=30)
    clip.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    *_, last = annotate(make_request(clip, write=WRITTEN))
    assert last.failures
    row = _rows(tmp_path / "run")[0]
    assert (row["name"], row["stage"]) == ("cut.mkv", "gap")
    assert "0:0" in row["message"]
    assert 0 < last.manifest["counts"]["frames"] < 30


def test_a_part_of_a_video_is_a_video_of_that_length(run, make_clip, tmp_path):
    data_set = run(make_clip(), write=WRITTEN, frames=FrameSettings(start_s=0.2, end_s=0.5))
    assert [image["frame_index"] for image in data_set["images"]] == [2, 3, 4]
    assert len(_pictures_of(tmp_path / "run/overlays/clip.mp4")) == 3


def test_overlays_end_as_their_container_does(run, make_clip, tmp_path):
    run(make_clip(), write=WRITTEN, video_file=VideoFileSettings(container="mkv"))
    assert len(_pictures_of(tmp_path / "run/overlays/clip.mp4.overlay.mkv")) == FRAMES
