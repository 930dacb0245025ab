"""Tracks read and joined: what is accepted, what is refused with which words."""

import json

import numpy as np
import pytest

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.datasets.track_join import join_tracks
from yolact_cli.datasets.tracks import holds_tracks, read_track_predictions, read_track_truth
from yolact_cli.errors import BadCocoError, SettingsError
from yolact_cli.geometry import rle

SIZE = [6, 8]


def mask(x=0):
    pixels = np.zeros(SIZE, bool)
    pixels[1:4, x : x + 3] = True
    return {"size": SIZE, "counts": rle.encode_mask(pixels)}


def video(video_id=1, folder="v", *, frames=(0, 1, 2), **fields):
    names = [f"{folder}/{frame:05d}.jpg" for frame in frames]
    record = {"id": video_id, "width": SIZE[1], "height": SIZE[0], "length": len(names)}
    return {**record, "file_names": names, **fields}


def annotation(*masks, **fields):
    return {"id": 1, "video_id": 1, "category_id": 4, "segmentations": list(masks), **fields}


@pytest.fixture
def save(tmp_path):
    """Write a document: ``save(videos=..., annotations=...)`` gives its path."""

    def build(document=None, name="tracks.json", **changes):
        parts = {
            "videos": [video()],
            "categories": [{"id": 4, "name": "cat"}, {"id": 9, "name": "dog"}],
            "annotations": [annotation(mask(), None, mask(2), score=0.5)],
        }
        path = tmp_path / name
        path.write_text(json.dumps({**parts, **changes} if document is None else document))
        return path

    return build


def test_a_data_set_of_tracks_is_told_from_one_of_pictures(save, tmp_path):
    assert holds_tracks(save())
    assert holds_tracks(save(annotations=[]))
    assert not holds_tracks(save({"images": [], "annotations": [], "categories": []}))
    assert not holds_tracks(save({"images": [], "annotations": [{"note": '"videos"'}]}))
    assert not holds_tracks(save([{"videos": 1}]))
    assert not holds_tracks(tmp_path)


def test_truth_is_read_with_masks_of_every_kind(save):
    polygon = [[1.0, 1.0, 5.0, 1.0, 5.0, 4.0, 1.0, 4.0]]
    runs = {"size": SIZE, "counts": [0, 6, 42]}
    truth = read_track_truth(save(annotations=[annotation(mask(), polygon, runs)]))
    (track,) = truth.tracks
    areas = [rle.area_of(one["counts"]) for one in track.masks]
    assert areas == [9, 12, 6]


def test_a_list_of_results_is_read(save):
    read = read_track_predictions(save([annotation(mask(), None, None, score=0.5)]))
    assert read.videos is None
    assert len(read.tracks) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"annotations": [annotation(mask(), score=1)]}, "1 entries in 'segmentations', its video has 3"),
        ({"annotations": [annotation(None, None, {"size": [8, 6], "counts": "0"}, score=1)]},
         "frame 2: its RLE has size [8, 6], the picture is [6, 8] (height comes first)"),
        ({"annotations": [annotation(None, None, None, score=float("nan"))]}, "not a finite number"),
        ({"annotations": [annotation(None, None, None)]}, "annotations[0]: no 'score'"),
        ({"annotations": [annotation(None, None, None, score=1, video_id=7)]}, "video 7 is not among"),
        ({"annotations": [annotation(None, None, None, score=1, category_id=7)]}, "category 7 is not"),
        ({"annotations": [{**annotation(score=1), "segmentations": 3}]}, "not a list"),
        ({"videos": [video(), video()]}, "videos: the id 1 stands there more than once"),
        ({"videos": [video(length=5)]}, "'length' is 5, there are 3 file names"),
        ({"videos": [video(width=0)]}, "its frames are 0x6 px"),
        ({"videos": []}, "the set has no videos"),
        ({"categories": [{"id": 4}]}, "categories[0]: no 'name'"),
    ],
)  # fmt: skip
def test_what_is_broken_is_told_with_its_place(save, changes, words):
    with pytest.raises(BadCocoError) as told:
        read_track_predictions(save(**changes))
    assert words in str(told.value)


def test_a_folder_without_tracks_says_how_to_get_them(tmp_path):
    with pytest.raises(BadCocoError, match="--write youtube-vis"):
        read_track_predictions(tmp_path)


def test_a_data_set_of_pictures_has_no_tracks_to_predict(save):
    with pytest.raises(BadCocoError, match="neither a data set with 'videos' nor"):
        read_track_predictions(save({"images": []}))


@pytest.fixture
def join(save):
    """Join two documents of one track each: ``join(truth_changes, predicted_changes)``."""

    def run(truth=None, predicted=None, class_map=None, document=None):
        theirs = read_track_truth(save(name="truth.json", **(truth or {})))
        ours = read_track_predictions(save(document, name="ours.json", **(predicted or {})))
        return join_tracks(ours, theirs, class_map=class_map)

    return run


def test_videos_are_joined_by_name_whatever_their_ids(join):
    ours = {"videos": [video(8, name="clips/v.mp4")], "annotations": [annotation(mask(), None, None, score=0.5, video_id=8)]}  # fmt: skip
    joined = join(predicted=ours)
    assert joined.videos_by == "name"
    assert joined.tracks[0].video_id == 1


def test_videos_without_names_in_common_are_joined_by_id(join):
    joined = join(predicted={"videos": [video(folder="other")]})
    assert (joined.videos_by, len(joined.tracks)) == ("id", 1)


def test_truth_of_every_other_frame_takes_those_frames(join):
    ours = {
        "videos": [video(frames=range(5))],
        "annotations": [annotation(mask(0), mask(1), mask(2), mask(3), None, score=0.5)],
    }
    joined = join({"videos": [video(frames=(0, 2, 4))]}, ours)
    areas = [
        one and rle.tight_bbox(one["counts"], tuple(SIZE))[0] for one in joined.tracks[0].masks
    ]
    assert areas == [0, 2, None]


def test_frames_that_cannot_be_told_apart_are_refused(join):
    ours = {
        "videos": [video(frames=(10, 11))],
        "annotations": [annotation(mask(), None, score=0.5)],
    }
    with pytest.raises(BadCocoError, match="'v' has 2 frames here and 3 in truth"):
        join(predicted=ours)


def test_another_size_is_refused(join):
    ours = {"videos": [video(width=9)], "annotations": []}
    with pytest.raises(BadCocoError, match="'v' is 9x6 px here and 8x6 px in truth"):
        join(predicted=ours)


def test_ambiguous_names_are_refused(join):
    theirs = {"videos": [video(1, "a/v"), video(2, "b/v")], "annotations": []}
    with pytest.raises(BadCocoError, match="'v' could be 'a/v', but not only"):
        join(theirs)


def test_nothing_in_common_is_refused(join):
    ours = {"videos": [video(8, "w")], "annotations": []}
    with pytest.raises(BadCocoError, match=r"truth has none of its videos \('w' here, 'v' there\)"):
        join(predicted=ours)


def test_what_truth_lacks_is_counted(join):
    ours = {
        "videos": [video(), video(2, "w")],
        "categories": [{"id": 1, "name": "cat"}, {"id": 2, "name": "cow"}],
        "annotations": [
            annotation(mask(), None, None, score=0.5, category_id=2),
            annotation(mask(), None, None, score=0.5, category_id=1),
            annotation(mask(), None, None, score=0.5, category_id=1, video_id=2),
        ],
    }
    joined = join(predicted=ours)
    assert [track.category_id for track in joined.tracks] == [4]
    assert (joined.foreign_videos, joined.foreign_tracks) == (1, 1)
    assert joined.foreign_classes == {"cow": 1}


def test_classes_can_be_renamed(join):
    ours = {"categories": [{"id": 4, "name": "kitten"}]}
    joined = join(predicted=ours, class_map=ClassMap(names={"kitten": "dog"}))
    assert joined.tracks[0].category_id == 9


def test_a_list_of_results_is_joined_by_ids_and_checked_then(join):
    joined = join(document=[annotation(mask(), None, None, score=0.5)])
    assert (joined.videos_by, joined.categories_by) == ("id", "id")
    with pytest.raises(BadCocoError, match="1 entries in 'segmentations'"):
        join(document=[annotation(mask(), score=0.5)])
    with pytest.raises(SettingsError, match="no class names to map"):
        join(document=[annotation(None, None, None, score=0.5)], class_map=ClassMap(names={}))
