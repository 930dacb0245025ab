"""YouTube-VIS files as written, and as the format's own readers take them."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.errors import DiskFullError, OutputError
from yolact_cli.formats.youtube_vis import YoutubeVisWriter
from yolact_cli.geometry import rle
from yolact_cli.store import LocalStore
from yolact_cli.structures import Category, Detections

PATH = "tracks.json"


def most_votes(sightings):
    votes = {}
    for category_id, score in sightings:
        votes[category_id] = votes.get(category_id, 0) + score
    return min(votes, key=lambda category_id: (-votes[category_id], category_id))


@pytest.fixture
def make_writer(tmp_path, classes):
    def build(classes=classes, store=None, info=None):
        return YoutubeVisWriter(
            store or LocalStore(tmp_path),
            PATH,
            spool=tmp_path / ".tracks.part",
            classes=classes,
            elect=most_votes,
            info=info or {},
        )

    return build


@pytest.fixture
def written(make_writer, tmp_path):
    """The parsed file of one video: ``written([(detections, track_ids), …])``."""

    def write(frames, **options):
        with make_writer(**options) as writer:
            writer.video(1, "clip.mp4", size_hw=(60, 80))
            for detections, track_ids in frames:
                writer.frame(1, detections, track_ids)
        return json.loads((tmp_path / PATH).read_bytes())

    return write


@pytest.fixture
def make_frame(make_instance):
    """Labels with a square for each class id: ``make_frame(0, 2, name="3.png")``."""

    def build(*class_ids, name="f.png", score=0.8):
        instances = []
        for place, class_id in enumerate(class_ids):
            mask = np.zeros((60, 80), bool)
            mask[5 : 15 + place, 10 * place : 10 * place + 8] = True
            instances.append(make_instance(mask, score, class_id))
        return Detections(picture_id=1, name=name, size_hw=(60, 80), instances=tuple(instances))

    return build


def test_lists_are_as_long_as_the_video_with_null_where_a_track_is_not_seen(written, make_frame):
    data = written(
        [
            (make_frame(), []),
            (make_frame(0), [4]),
            (make_frame(), []),
            (make_frame(0), [4]),
            (make_frame(), []),
        ]
    )

    [annotation] = data["annotations"]
    for name in ("segmentations", "bboxes", "areas"):
        assert [item is not None for item in annotation[name]] == [False, True, False, True, False]
    assert annotation["bboxes"][1] == [0, 5, 8, 10]
    assert annotation["areas"][3] == 80
    assert annotation["length"] == data["videos"][0]["length"] == 5


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_masks_are_exact_when_read_by_pycocotools(written, make_detections):
    frames = [make_detections(3, seed=seed) for seed in range(4)]
    data = written([(frame, [1, 2, 3]) for frame in frames])

    for place, frame in enumerate(frames):
        for annotation, instance in zip(data["annotations"], frame.instances, strict=True):
            segmentation = annotation["segmentations"][place]
            assert isinstance(segmentation["counts"], str)
            np.testing.assert_array_equal(
                coco_mask.decode(segmentation), rle.decode_mask(instance.rle_counts, (60, 80))
            )


def test_category_of_a_track_is_the_elected_one(written, make_frame):
    frames = [(make_frame(0), [1]), (make_frame(1), [1]), (make_frame(1), [1])]
    assert written(frames)["annotations"][0]["category_id"] == 17


def test_videos_list_their_frames_in_order(written, make_frame):
    data = written([(make_frame(name=f"clip/{n}.png"), []) for n in range(12)])

    [video] = data["videos"]
    assert video["file_names"] == [f"clip/{n}.png" for n in range(12)]
    assert (video["id"], video["name"]) == (1, "clip.mp4")
    assert (video["width"], video["height"], video["length"]) == (80, 60, 12)


def test_tracks_of_several_videos_are_kept_apart(make_writer, make_frame, tmp_path):
    with make_writer() as writer:
        writer.video(2, "b.mp4", size_hw=(60, 80))
        writer.video(1, "a.mp4", size_hw=(60, 80))
        for video_id in (2, 1, 2):
            writer.frame(video_id, make_frame(0, 2), [7, 3])
    data = json.loads((tmp_path / PATH).read_bytes())

    keys = [(one["id"], one["video_id"], one["track_id"]) for one in data["annotations"]]
    assert keys == [(1, 1, 3), (2, 1, 7), (3, 2, 3), (4, 2, 7)]
    assert [len(one["areas"]) for one in data["annotations"]] == [1, 1, 2, 2]


def test_score_and_area_are_means_over_the_sightings(written, make_frame):
    frames = [(make_frame(0, score=0.5), [1]), (make_frame(), []), (make_frame(0, score=0.9), [1])]
    [annotation] = written(frames)["annotations"]
    assert (annotation["score"], annotation["avg_area"]) == (0.7, 80)


def test_dropped_classes_are_no_sightings_and_no_category(written, classes, make_frame):
    classes[1] = None
    data = written([(make_frame(1), [1]), (make_frame(0, 1), [1, 2])], classes=classes)

    assert [one["track_id"] for one in data["annotations"]] == [1]
    assert data["annotations"][0]["areas"][0] is None
    assert [one["id"] for one in data["categories"]] == [1, 90]


def test_merged_classes_vote_together(written, make_frame):
    pets = Category(category_id=5, name="pet")
    classes = {0: pets, 1: pets, 2: Category(category_id=3, name="chair")}
    frames = [
        (make_frame(0, score=0.5), [1]),
        (make_frame(1, score=0.5), [1]),
        (make_frame(2), [1]),
    ]
    assert written(frames, classes=classes)["annotations"][0]["category_id"] == 5


def test_official_reader_conventions_hold(written, make_frame):
    """What youtubevos/cocoapi reads of a file, followed by hand."""
    data = written([(make_frame(0, 1), [1, 2]), (make_frame(0), [1])], info={"year": 2024})
    videos = {video["id"]: video for video in data["videos"]}
    categories = {category["id"] for category in data["categories"]}

    assert data["info"] == {"year": 2024}
    for annotation in data["annotations"]:
        video = videos[annotation["video_id"]]
        assert annotation["category_id"] in categories
        assert annotation["iscrowd"] == 0
        assert len(annotation["segmentations"]) == len(video["file_names"])
        for segmentation, area in zip(
            annotation["segmentations"], annotation["areas"], strict=True
        ):
            if segmentation is not None:
                assert segmentation["size"] == [video["height"], video["width"]]
                assert coco_mask.area(segmentation) == area


def test_file_without_videos_and_video_without_frames_are_valid(make_writer, written, tmp_path):
    assert written([])["videos"][0]["file_names"] == []
    with make_writer():
        pass
    data = json.loads((tmp_path / PATH).read_bytes())
    assert data["videos"] == data["annotations"] == []


@pytest.mark.parametrize("name", ['a "b"\\\n.png', "図/é.png", "not-utf8-\udcff.png"])
def test_any_file_name_reads_back(written, make_frame, name):
    assert written([(make_frame(name=name), [])])["videos"][0]["file_names"] == [name]


def test_any_video_name_reads_back(make_writer, tmp_path):
    with make_writer() as writer:
        writer.video(1, "not-utf8-\udcff.mp4", size_hw=(60, 80))
    [video] = json.loads((tmp_path / PATH).read_bytes())["videos"]
    assert video["name"] == "not-utf8-\udcff.mp4"


def test_an_error_leaves_the_old_file_and_no_spool(make_writer, written, make_frame, tmp_path):
    before = written([(make_frame(0), [1])])
    with pytest.raises(ValueError, match="not begun"), make_writer() as writer:
        writer.frame(1, make_frame(0), [1])
    assert json.loads((tmp_path / PATH).read_bytes()) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == [PATH]


def test_what_a_kill_left_is_replaced(written, make_frame, tmp_path):
    (tmp_path / ".tracks.part").write_bytes(b"half a table")
    assert len(written([(make_frame(0), [1])])["annotations"]) == 1
    assert not (tmp_path / ".tracks.part").exists()


def test_a_full_disk_is_told_in_a_sentence(make_writer, make_frame):
    writer = make_writer()
    writer.video(1, "clip.mp4", size_hw=(60, 80))
    [pages] = writer._table.execute("PRAGMA page_count").fetchone()
    writer._table.execute(f"PRAGMA max_page_count = {pages + 2}")
    frame = make_frame(0, name="long" * 10_000)
    with pytest.raises(DiskFullError, match="no space left"):
        writer.frame(1, frame, [1])
    writer.abandon()


def test_a_spool_that_cannot_be_made_is_told(tmp_path, classes):
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot be written"):
        YoutubeVisWriter(LocalStore(tmp_path), PATH, spool=tmp_path / "file" / "x",
                         classes=classes, elect=most_votes, info={})  # fmt: skip


@pytest.mark.parametrize(
    ("video_id", "track_ids", "message"),
    [(2, [1], "not begun"), (1, [1, 2], "longer|shorter"), (1, [1, 1], "two objects")],
)
def test_frames_that_do_not_fit_are_refused(make_writer, make_frame, video_id, track_ids, message):
    writer = make_writer()
    writer.video(1, "clip.mp4", size_hw=(60, 80))
    frame = make_frame(0, 1) if track_ids == [1, 1] else make_frame(0)
    with pytest.raises(ValueError, match=message):
        writer.frame(video_id, frame, track_ids)
    writer.abandon()


def test_a_video_is_begun_once(make_writer):
    writer = make_writer()
    writer.video(1, "clip.mp4", size_hw=(60, 80))
    with pytest.raises(ValueError, match="before"):
        writer.video(1, "clip.mp4", size_hw=(60, 80))
    writer.abandon()


def test_memory_does_not_grow_with_the_length(make_writer, make_frame, peak_of):
    frame = make_frame(0, 1, 2)

    def write(count):
        with make_writer() as writer:
            writer.video(1, "clip.mp4", size_hw=(60, 80))
            for number in range(count):
                writer.frame(1, frame, [1, 2, 3 + number // 100])

    write(20)  # what is made once
    assert peak_of(lambda: write(1500)) <= peak_of(lambda: write(20)) + 20_000


def test_bytes_depend_on_the_labels_alone(make_writer, make_frame, tmp_path):
    contents = []
    for _ in range(2):
        with make_writer() as writer:
            writer.video(1, "clip.mp4", size_hw=(60, 80))
            writer.frame(1, make_frame(0, 1), [1, 2])
        contents.append((tmp_path / PATH).read_bytes())
    assert contents[0] == contents[1]


def test_frames_may_come_from_another_thread(make_writer, make_frame):
    with make_writer() as writer, ThreadPoolExecutor(1) as pool:
        writer.video(1, "clip.mp4", size_hw=(60, 80))
        pool.submit(writer.frame, 1, make_frame(0), [1]).result()
        assert writer.close() == 1
