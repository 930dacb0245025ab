"""COCO files written and read back, and those of other tools."""

import json
import zipfile
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.errors import AnnotationError, BadLabelsError
from yolact_cli.formats.coco import read_coco, write_coco
from yolact_cli.geometry import rle
from yolact_cli.labels import Priority
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore
from yolact_cli.structures import FramePlace

POLYGONS = ExportSettings(shapes="polygons", exact_polygons=True)
TOY = {
    "images": [{"id": 1, "file_name": "a.jpg", "width": 6, "height": 4}],
    "categories": [{"id": 1, "name": "cat", "supercategory": ""}],
}


@pytest.fixture
def toy(tmp_path):
    """Write the 6x4 picture's file with these annotations, and with other top-level keys."""

    def write(*annotations, **changes):
        path = tmp_path / "toy.json"
        listed = [{"id": 1, "image_id": 1, "category_id": 1} | one for one in annotations]
        path.write_text(json.dumps(TOY | {"annotations": listed} | changes))
        return path

    return write


@pytest.mark.parametrize("settings_", [ExportSettings(), POLYGONS], ids=["masks", "polygons"])
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_every_mask_comes_back_to_the_pixel(settings_, labelled, plain_set, any_mask, data, folder):
    masks = [data.draw(any_mask((13, 17))) for _ in range(data.draw(st.integers(0, 3)))]
    objects = [labelled(mask, number=number) for number, mask in enumerate(masks)]
    labels = plain_set({"b/ü.png": objects, "empty.png": []}, (13, 17))

    with folder() as path:
        exported = write_coco(labels, LocalStore(path), settings_)
        read = read_coco(path / "annotations.json")

    assert (exported.pictures, exported.objects) == (2, len(objects))
    assert [picture.file_name for picture in read.pictures] == ["b/ü.png", "empty.png"]
    assert [picture.size_hw for picture in read.pictures] == [(13, 17)] * 2
    found = [(one.rle_counts, one.uid, one.score) for one in read.pictures[0].objects]
    assert found == [(one.rle_counts, one.uid, one.score) for one in objects]
    assert read.not_understood == ()


def test_polygons_say_what_was_simplified_and_what_has_slits(labelled, plain_set, tmp_path):
    ring = np.zeros((200, 200), bool)
    ring[10:190, 10:190] = True
    ring[60:100, 60:100] = False
    labels = plain_set({"a.png": [labelled(ring)]}, (200, 200))

    exported = write_coco(labels, LocalStore(tmp_path), ExportSettings(shapes="polygons"))

    assert exported.losses == {
        "outlines were simplified": 1,
        "holes were joined to the outline by a slit": 1,
    }
    [annotation] = json.loads((tmp_path / "annotations.json").read_bytes())["annotations"]
    assert len(annotation["segmentation"]) == 1
    assert annotation["area"] == ring.sum()


def test_what_people_made_of_objects_is_written(labelled, plain_set, tmp_path, hard_mask):
    priority = Priority(value=0.75, reasons=(("unsure score", 0.5), ("at the border", 0.25)))
    objects = [
        labelled(hard_mask, state="accepted", priority=priority),
        labelled(hard_mask, number=1, state="added", score=None),
        labelled(hard_mask, number=2),
    ]
    changes = {"is_reviewed": True, "reviewer": "ann", "priority": priority}
    labels = plain_set({"a.png": objects}, (40, 60), changes=changes)

    write_coco(labels, LocalStore(tmp_path), ExportSettings())

    data = json.loads((tmp_path / "annotations.json").read_bytes())
    reasons = {"unsure score": 0.5, "at the border": 0.25}
    assert data["images"] == [
        {
            "id": 1, "file_name": "a.png", "width": 60, "height": 40, "reviewed": True,
            "reviewer": "ann", "review_priority": 0.75, "review_reasons": reasons,
        }
    ]  # fmt: skip
    first, second, third = data["annotations"]
    assert (first["review_state"], first["review_reasons"]) == ("accepted", reasons)
    assert second["review_state"] == "added"
    assert not {"score", "box_score", "predicted_bbox"} & set(second)
    assert "review_state" not in third
    assert "review_priority" not in third


def test_frames_keep_their_place(labelled, plain_set, tmp_path, hard_mask):
    place = FramePlace(video_id=3, frame_index=7, time_s=Fraction(7, 30))
    one = labelled(hard_mask, track_id=4, track_category_id=1)
    labels = plain_set({"v/7.png": [one]}, (40, 60), changes={"place": place})

    write_coco(labels, LocalStore(tmp_path), ExportSettings())

    data = json.loads((tmp_path / "annotations.json").read_bytes())
    assert data["images"][0]["timestamp_s"] == 0.233333
    assert (data["annotations"][0]["track_id"], data["annotations"][0]["track_category_id"]) == (
        4, 1,
    )  # fmt: skip


@pytest.mark.parametrize(
    "segmentation",
    [
        {"size": [4, 6], "counts": "9220003"},
        {"size": [4, 6], "counts": [9, 2, 2, 2, 2, 2, 5]},
        [[2, 1, 5, 1, 5, 3, 2, 3]],
        [2, 1, 5, 1, 5, 3, 2, 3],
        [[2, 1, 3, 1, 3, 3, 2, 3], [3.0, 1, 5, 1, 5, 3, 3, 3]],
    ],
)
def test_every_form_of_a_mask_is_read(toy, segmentation):
    [picture] = read_coco(toy({"segmentation": segmentation, "iscrowd": 1})).pictures
    assert [one.rle_counts for one in picture.objects] == ["9220003"]


def test_uid_and_score_may_stand_among_the_attributes(toy):
    attributes = {"uid": "abc", "score": 0.5, "occluded": False}
    mask = {"size": [4, 6], "counts": "9220003"}
    path = toy({"segmentation": mask, "attributes": attributes}, {"segmentation": mask, "uid": "x"})

    first, second = read_coco(path).pictures[0].objects

    assert (first.uid, first.score, second.uid, second.score) == ("abc", 0.5, "x", None)


def test_an_archive_is_looked_into(toy, tmp_path):
    plain = toy({"segmentation": [[2, 1, 5, 1, 5, 3, 2, 3]]})
    archive = tmp_path / "export.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.write(plain, "annotations/instances_default.json")
        file.writestr("images/a.jpg", b"")
    assert read_coco(archive).pictures == read_coco(plain).pictures

    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("annotations/other.json", "{}")
    with pytest.raises(BadLabelsError, match="2 files"):
        read_coco(archive)


def test_boxes_without_masks_are_named_and_the_rest_is_read(toy):
    path = toy({"bbox": [1, 1, 2, 2], "id": 7}, {"segmentation": [[2, 1, 5, 1, 5, 3, 2, 3]]})
    read = read_coco(path)
    assert read.not_understood == ("annotation 7: it has only a box, no mask",)
    assert len(read.pictures[0].objects) == 1


@pytest.mark.parametrize(
    ("annotation", "changes", "words"),
    [
        ({"segmentation": {"size": [6, 4], "counts": "9220003"}}, {}, "annotation 1: its RLE has"),
        ({"segmentation": 7}, {}, "neither polygons nor"),
        ({"category_id": 9, "segmentation": []}, {}, "category 9"),
        ({"category_id": [1]}, {}, "category"),
        ({"image_id": 9}, {}, "image 9"),
        ({"image_id": {}}, {}, "image"),
        ({}, {"annotations": {}}, "no list"),
        ({}, {"annotations": [3]}, "no JSON object"),
        ({}, {"images": None}, "no list of 'images'"),
        ({}, {"images": [{"id": 1, "file_name": "a", "width": 10**6, "height": 10**6}]}, "no size"),
        ({}, {"images": [{"id": 1, "file_name": "a", "width": "6", "height": 4}]}, "no size"),
        ({}, {"images": [{"id": 1}]}, "file_name"),
        ({}, {"images": TOY["images"] * 2}, "another image has id 1"),
        ({}, {"categories": [{"id": 1}]}, "a name"),
        ({}, {"categories": [*TOY["categories"], {"id": 1, "name": "dog"}]}, "another category"),
    ],
)
def test_broken_files_are_refused_with_a_sentence(toy, annotation, changes, words):
    with pytest.raises(BadLabelsError, match=words):
        read_coco(toy(annotation, **changes))


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"7", b'{"images": 3}', b"\xff\xfe\x00", b"[" * 200_000, b"PK\x03\x04zip",
     b"1" * 10_000],
    ids=["empty", "cut", "list", "number", "images", "bytes", "deep", "zip", "digits"],
)  # fmt: skip
def test_what_is_no_coco_file_is_refused_with_a_sentence(tmp_path, content):
    path = tmp_path / "file.json"
    path.write_bytes(content)
    with pytest.raises(AnnotationError, match=r"file\.json: "):
        read_coco(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(BadLabelsError, match="cannot be read"):
        read_coco(tmp_path / "none.json")


def test_twenty_problems_are_told_and_the_rest_counted(toy):
    with pytest.raises(BadLabelsError) as raised:
        read_coco(toy(*[{"image_id": 5}] * 50))
    assert len(raised.value.problems) == 50
    assert "and 30 more" in str(raised.value)


def test_memory_does_not_grow_with_the_number_of_pictures(
    labelled, many_pictures, peak_of, tmp_path
):
    store, one = LocalStore(tmp_path), labelled(np.eye(40, 60, dtype=bool))

    def peak(count):
        return peak_of(lambda: write_coco(many_pictures(one, count), store, ExportSettings()))

    peak(10)  # whatever is made once
    assert peak(2_000) <= peak(20) + 50_000


def test_rle_of_the_reader_is_the_writers(toy):
    [picture] = read_coco(
        toy({"segmentation": {"size": [4, 6], "counts": [9, 2, 0, 0, 13]}})
    ).pictures
    mask = rle.decode_mask(picture.objects[0].rle_counts, (4, 6))
    assert mask.sum() == 2
