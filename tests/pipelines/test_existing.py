"""Labels that people made before."""

import json

import numpy as np
import pytest

from yolact_cli.errors import NoInputsError
from yolact_cli.geometry.rle import encode_mask
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_request import Existing
from yolact_cli.pipelines.existing import ExistingLabels, without_overlaps
from yolact_cli.settings import NmsSettings
from yolact_cli.structures import Detections, Instance, ListedPicture


@pytest.fixture
def write_labels(tmp_path):
    """``write_labels({"a.png": [bbox or segmentation, ...]}, size_hw)``: a COCO file of people's."""

    def build(labelled: dict, size_hw=(60, 80)):
        height, width = size_hw
        images = [
            {"id": number, "file_name": name, "height": height, "width": width}
            for number, name in enumerate(labelled, start=1)
        ]
        objects = [
            {"image_id": number, "category_id": 5}
            | ({"bbox": one} if len(one) == 4 else {"segmentation": [one]})
            for number, ones in enumerate(labelled.values(), start=1)
            for one in ones
        ]
        annotations = [{**one, "id": place} for place, one in enumerate(objects, start=1)]
        path = tmp_path / "labels.json"
        path.write_text(
            json.dumps(
                {
                    "images": images,
                    "categories": [{"id": 5, "name": "Thing"}],
                    "annotations": annotations,
                }
            )
        )
        return path

    return build


@pytest.fixture
def listed():
    def build(*names: str) -> list[ListedPicture]:
        return [
            ListedPicture(picture_id=place, name=name, location=name, size_bytes=1, mtime_ns=1)
            for place, name in enumerate(names, start=1)
        ]

    return build


@pytest.fixture
def overlapping(make_detections, write_labels, listed):
    """Whether a 20 x 20 object at (10, 10) goes beside an object of people's."""

    def goes(one: list[float]) -> bool:
        (picture,) = ExistingLabels(write_labels({"a.png": [one]})).match(listed("a.png")).values()
        mask = make_detections(mask_at=(10, 10, 20, 20))
        return not without_overlaps(mask, picture).instances

    return goes


@pytest.fixture
def make_detections():
    def build(*, mask_at, size_hw=(60, 80)):
        x, y, width, height = mask_at
        mask = np.zeros(size_hw, bool)
        mask[y : y + height, x : x + width] = True
        instance = Instance(
            uid="0" * 12,
            class_id=0,
            score=0.9,
            box_score=0.9,
            predicted_box_xyxy_px=(0.0, 0.0, 1.0, 1.0),
            bbox_xywh_px=mask_at,
            area_px=width * height,
            rle_counts=encode_mask(mask),
        )
        return Detections(picture_id=1, name="a.png", size_hw=size_hw, instances=(instance,))

    return build


@pytest.mark.parametrize(
    ("one", "goes"),
    [
        pytest.param([40, 40, 10, 10], False, id="apart"),
        pytest.param([28, 10, 20, 20], False, id="a tenth shared"),
        pytest.param([24, 10, 20, 20], True, id="three tenths shared"),
        pytest.param([15, 15, 4, 4], True, id="theirs inside ours"),
        pytest.param([0, 0, 80, 60], True, id="ours inside theirs"),
        pytest.param([12, 12, 28, 12, 28, 28, 12, 28], True, id="polygon inside ours"),
        pytest.param([0, 0, 80, 0, 80, 8, 0, 8], False, id="polygon above"),
    ],
)
def test_object_goes_where_people_put_one(overlapping, one, goes) -> None:
    assert overlapping(one) is goes


def test_pictures_match_by_name_then_by_its_last_part(write_labels, listed) -> None:
    box = [1, 1, 5, 5]
    labels = ExistingLabels(write_labels({"x/a.png": [box], "b.png": [box]}))
    matched = labels.match(listed("x/a.png", "y/a.png", "y/b.png"))
    assert {key: picture.file_name for key, picture in matched.items()} == {
        1: "x/a.png",
        3: "b.png",
    }


def test_last_part_that_two_pictures_share_matches_neither(write_labels, listed) -> None:
    labels = ExistingLabels(write_labels({"a.png": [[1, 1, 5, 5]]}))
    assert labels.match(listed("x/a.png", "y/a.png")) == {}


def test_listed_picture_without_an_object_is_not_labelled(write_labels, listed) -> None:
    labels = ExistingLabels(write_labels({"a.png": [], "b.png": [[1, 1, 5, 5]]}))
    assert list(labels.match(listed("a.png", "b.png"))) == [2]


def test_skip_leaves_labelled_pictures_out(run, make_photos, write_labels) -> None:
    existing = Existing(path=write_labels({"b.png": [[1, 1, 5, 5]]}), keep="skip")
    data_set = run(make_photos("a.png", "b.png", "c.png"), existing=existing)
    assert [(one["id"], one["file_name"]) for one in data_set["images"]] == [
        (1, "a.png"),
        (2, "c.png"),
    ]


def test_skip_of_everything_is_told(run, make_photos, write_labels) -> None:
    existing = Existing(path=write_labels({"a.png": [[1, 1, 5, 5]]}), keep="skip")
    with pytest.raises(NoInputsError, match="labelled already"):
        run(make_photos("a.png"), existing=existing)


def test_merge_leaves_out_what_people_have(run, make_photos, write_labels, tmp_path) -> None:
    photos = make_photos("a.png")
    labels = {"nms": NmsSettings()}
    alone = run(photos, labels=labels)["annotations"]
    existing = Existing(path=write_labels({"a.png": [[0, 0, 40, 60]]}), keep="merge")
    merged = run(photos, labels=labels, existing=existing, output=tmp_path / "merged")
    uids = {one["uid"] for one in merged["annotations"]}
    assert uids < {one["uid"] for one in alone}
    assert all(one["bbox"][0] + one["bbox"][2] > 40 for one in merged["annotations"])


def test_labels_of_another_size_are_a_failure(run, make_photos, write_labels) -> None:
    path = write_labels({"a.png": [[1, 1, 5, 5]]}, size_hw=(30, 40))
    photos = make_photos("a.png")
    run(photos, existing=Existing(path=path, keep="merge"))
    failures = (photos.parent / "run/failures.csv").read_text()
    assert "was labelled as 40x30 px" in failures


def test_labels_of_pictures_count_for_no_frame_of_a_video(
    run, make_photos, make_clip, write_labels
) -> None:
    # The picture and the video's first frame have the same number, each in its own order.
    path = write_labels({"a.png": [[0, 0, 80, 60]]})
    data_set = run(make_photos("a.png"), make_clip(), existing=Existing(path=path, keep="merge"))
    labelled = {one["image_id"] for one in data_set["annotations"]}
    in_video = [one["id"] for one in data_set["images"] if "video_id" in one]
    assert labelled == set(in_video)
    assert len(in_video) == 6


def test_videos_beside_labels_of_pictures_are_told_of(
    make_request, make_photos, make_clip, write_labels
) -> None:
    existing = Existing(path=write_labels({"b.png": [[1, 1, 5, 5]]}), keep="skip")
    photos = make_photos("a.png", "b.png")
    assert not next(annotate(make_request(photos, existing=existing))).ignores_existing
    request = make_request(photos, make_clip(), existing=existing, output=photos / "other")
    assert next(annotate(request)).ignores_existing
