"""COCO data sets as written."""

import contextlib
import dataclasses
import io
import json
import types

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO

from yolact_cli.formats.coco import DataSetHead, write_data_set, written_categories
from yolact_cli.geometry import rle
from yolact_cli.pipelines.labelled import labelled_picture
from yolact_cli.store import LocalStore
from yolact_cli.structures import Category, Detections


def test_every_picture_is_listed_with_its_size(parsed, make_detections):
    pictures = [make_detections(2), make_detections(0, picture_id=7, name="b/c.png")]

    assert parsed(pictures)["images"] == [
        {"id": 1, "file_name": "a.jpg", "width": 80, "height": 60},
        {"id": 7, "file_name": "b/c.png", "width": 80, "height": 60},
    ]


def test_categories_keep_the_models_own_ids(parsed):
    assert parsed([])["categories"] == [
        {"id": 1, "name": "person", "supercategory": "person"},
        {"id": 17, "name": "Kätzchen", "supercategory": "animal"},
        {"id": 90, "name": "人", "supercategory": ""},
    ]


def test_annotation_ids_count_from_one_over_all_pictures(parsed, make_detections):
    pictures = [make_detections(2), make_detections(3, picture_id=2)]

    annotations = parsed(pictures)["annotations"]

    assert [(item["id"], item["image_id"]) for item in annotations] == [
        (1, 1), (2, 1), (3, 2), (4, 2), (5, 2),
    ]  # fmt: skip


def test_area_and_bbox_are_the_masks_own(parsed, make_instance):
    mask = np.zeros((60, 80), bool)
    mask[10:20, 30:35] = True
    instance = make_instance(mask, predicted_box_xyxy_px=(29.13, 8.5, 40.24, 21.75))
    picture = Detections(picture_id=1, name="a.jpg", size_hw=(60, 80), instances=(instance,))

    [annotation] = parsed([picture])["annotations"]

    assert annotation["bbox"] == [30, 10, 5, 10]
    assert annotation["area"] == 50
    assert annotation["predicted_bbox"] == [29.13, 8.5, 11.11, 13.25]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@given(seed=st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_masks_are_exact_when_read_by_pycocotools(make_detections, seed):
    picture = make_detections(4, seed=seed)
    classes = {id_: Category(category_id=id_, name=str(id_)) for id_ in range(3)}
    stream = io.BytesIO()

    write_data_set(
        stream,
        io.BytesIO(),
        DataSetHead(categories=written_categories(classes), info={}),
        [labelled_picture(picture, classes)],
    )

    annotations = json.loads(stream.getvalue())["annotations"]
    for annotation, instance in zip(annotations, picture.instances, strict=True):
        mask = coco_mask.decode(annotation["segmentation"])
        assert mask.sum() == annotation["area"]
        np.testing.assert_array_equal(mask, rle.decode_mask(instance.rle_counts, picture.size_hw))


def test_official_reader_finds_pictures_and_objects(written, make_detections, tmp_path):
    path = tmp_path / "annotations.json"
    path.write_bytes(written([make_detections(3), make_detections(0, picture_id=2)]))

    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(path)

    assert (len(coco.imgs), len(coco.anns), len(coco.cats)) == (2, 3, 3)


def test_box_score_is_written_only_where_it_differs(parsed, make_detections):
    picture = make_detections(2)
    first, second = picture.instances
    first = dataclasses.replace(first, box_score=0.99)
    picture = dataclasses.replace(picture, instances=(first, second))

    annotations = parsed([picture])["annotations"]

    assert [item.get("box_score") for item in annotations] == [0.99, None]


def test_dropped_classes_leave_no_annotation_and_no_category(parsed, classes, make_detections):
    classes[1] = None
    picture = make_detections(12, seed=3)

    data = parsed([picture], classes)

    assert {item["category_id"] for item in data["annotations"]} == {1, 90}
    assert [item["id"] for item in data["categories"]] == [1, 90]
    assert len(data["annotations"]) == len(picture.keeping(classes).instances)
    assert len(data["images"]) == 1


def test_merged_classes_share_one_category(parsed, classes, make_detections):
    classes[2] = classes[0]

    data = parsed([make_detections(12)], classes)

    assert [item["id"] for item in data["categories"]] == [1, 17]
    assert {item["category_id"] for item in data["annotations"]} == {1, 17}


def test_two_categories_of_one_id_are_refused(classes):
    classes[2] = Category(category_id=1, name="other")

    with pytest.raises(ValueError, match="share an id"):
        written_categories(classes)


@pytest.mark.parametrize("name", ['a "b"\\\n.jpg', "図/é.jpg", "not-utf8-\udcff.jpg", "\x00\u2028"])
def test_any_file_name_gives_json_that_reads_back(parsed, make_detections, name):
    assert parsed([make_detections(1, name=name)])["images"][0]["file_name"] == name


def test_bytes_do_not_depend_on_anything_but_the_labels(written, make_detections):
    pictures = [make_detections(5, seed=1), make_detections(5, seed=2, picture_id=2)]

    assert written(pictures) == written(pictures)


def test_file_without_pictures_is_valid(parsed):
    data = parsed([], info={"description": "none"})

    assert data["images"] == data["annotations"] == data["licenses"] == []
    assert data["info"] == {"description": "none"}


def test_memory_does_not_grow_with_the_number_of_pictures(
    classes, make_detections, peak_of, tmp_path
):
    picture = labelled_picture(make_detections(5), classes)

    def write(count):
        sink = types.SimpleNamespace(write=len)
        with LocalStore(tmp_path).scratch() as scratch:
            head, many = DataSetHead(categories=(), info={}), (picture for _ in range(count))
            write_data_set(sink, scratch, head, many)

    write(20)  # what is made once
    # Held, 800 pictures would take some megabytes.
    assert peak_of(lambda: write(1000)) <= peak_of(lambda: write(200)) + 200_000
