"""Ground truth: what is accepted, what is refused, and in which words."""

import json

import pytest

from yolact_cli.datasets.truth import read_truth, truth_from_coco
from yolact_cli.errors import BadCocoError


def problems(document, **options):
    with pytest.raises(BadCocoError) as caught:
        truth_from_coco(document, "labels.json", **options)
    return caught.value.problems


def test_class_ids_are_dense_and_follow_the_category_ids(document):
    truth = truth_from_coco(document, "labels.json")
    assert [category.name for category in truth.categories] == ["dog", "cat"]
    assert truth.pictures[0].objects[0].class_id == 1
    assert truth.pictures[0].objects[0].category_id == 7


def test_pictures_without_objects_are_kept(document):
    truth = truth_from_coco(document, "labels.json")
    assert [len(picture.objects) for picture in truth.pictures] == [1, 0]


def test_partly_labelled_pictures_name_their_classes(document):
    document["images"][0]["labelled_category_ids"] = [7]
    first, second = truth_from_coco(document, "labels.json").pictures
    assert first.labelled_class_ids == {1}
    assert second.labelled_class_ids is None


def test_whole_floats_and_missing_extras_are_accepted(document):
    document["images"][0].update(id=1.0, width=20.0)
    document["annotations"][0] = {
        "id": 5.0,
        "image_id": 1.0,
        "category_id": 7.0,
        "bbox": [2, 3, 4, 5],
        "colour": "red",
    }
    labelled = truth_from_coco(document, "labels.json").pictures[0].objects[0]
    assert labelled.area_px == 20
    assert not labelled.is_crowd


@pytest.mark.parametrize("segmentation", [[], None, [[]], {}])
def test_empty_segmentations_mean_a_box_alone(document, segmentation):
    document["annotations"][0]["segmentation"] = segmentation
    assert truth_from_coco(document, "x").pictures[0].objects[0].segmentation is None


def test_box_and_area_come_from_the_mask_when_absent(document):
    document["annotations"][0].pop("bbox")
    document["annotations"][0]["segmentation"] = [[2, 3, 6, 3, 6, 8, 2, 8]]
    labelled = truth_from_coco(document, "x").pictures[0].objects[0]
    assert labelled.bbox_xywh_px == (2, 3, 4, 5)
    assert labelled.area_px == 20


def test_box_comes_from_an_rle(document):
    document["annotations"][0].pop("bbox")
    counts = [23, 5, 5, 5, 162]
    document["annotations"][0]["segmentation"] = {"size": [10, 20], "counts": counts}
    labelled = truth_from_coco(document, "x").pictures[0].objects[0]
    assert labelled.bbox_xywh_px == (2, 3, 2, 5)


def test_folders_of_windows_are_read(document):
    document["images"][0]["file_name"] = "shots\\a.jpg"
    assert truth_from_coco(document, "x").pictures[0].file_name == "shots/a.jpg"


def change(part, **values):
    def apply(document):
        document[part][0].update(values)

    return apply


def drop(part, key):
    def apply(document):
        document[part][0].pop(key)

    return apply


def repeat(part):
    def apply(document):
        document[part].append(dict(document[part][0]))

    return apply


def rle(counts, size=(10, 20)):
    return change("annotations", segmentation={"size": list(size), "counts": counts})


def polygon(*coordinates):
    return change("annotations", segmentation=[list(coordinates)])


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (drop("categories", "name"), "category 7: no 'name'"),
        (change("categories", name=" "), "category 7: 'name' is empty"),
        (change("categories", id="x"), "category 'x': 'id' is 'x', not a whole number"),
        (repeat("categories"), "category 7: its id is used twice"),
        (repeat("images"), "image 1: its id is used twice"),
        (repeat("annotations"), "annotation 5: its id is used twice"),
        (drop("images", "width"), "image 1: no 'width'"),
        (change("images", height=0), "image 1: 'height' is 0, a picture has at least one pixel"),
        (change("images", file_name=4), "image 1: 'file_name' is 4, not a text"),
        (
            change("images", labelled_category_ids=[8]),
            "image 1: 'labelled_category_ids' has 8, which is no category",
        ),
        (drop("annotations", "id"), "annotations[0]: no 'id'"),
        (change("annotations", image_id=9), "annotation 5: image 9 is not among the images"),
        (
            change("annotations", category_id=9),
            "annotation 5: category 9 is not among the categories",
        ),
        (drop("annotations", "bbox"), "annotation 5: neither 'bbox' nor 'segmentation'"),
        (
            change("annotations", bbox=[1, 2, 3]),
            "annotation 5: 'bbox' is [1, 2, 3], not [x, y, width, height]",
        ),
        (
            change("annotations", bbox=[1, float("nan"), 3, 4]),
            "annotation 5: 'bbox' has nan, not a finite number",
        ),
        (
            change("annotations", bbox=[1, 2, "3", 4]),
            "annotation 5: 'bbox' has '3', not a number",
        ),
        (
            change("annotations", bbox=[1, 2, 0, 4]),
            "annotation 5: 'bbox' [1.0, 2.0, 0.0, 4.0] has no extent",
        ),
        (
            change("annotations", bbox=[1, 2, -3, 4]),
            "annotation 5: 'bbox' [1, 2, -3, 4] has a negative side",
        ),
        (
            change("annotations", bbox=[15, 2, 9, 4]),
            "annotation 5: 'bbox' [15.0, 2.0, 9.0, 4.0] reaches 4.0 px out of a.jpg (20x10)",
        ),
        (polygon(1, 2, 3, 4), "annotation 5: a polygon has 2 points, and needs 3"),
        (
            polygon(1, 2, 3, 4, 5, 6, 7),
            "annotation 5: a polygon has an odd count of coordinates (7)",
        ),
        (
            polygon(1, 2, 3, 4, 5, float("inf")),
            "annotation 5: a polygon has NaN or infinite coordinates",
        ),
        (
            polygon(1, 2, "3", 4, 5, "x"),
            "annotation 5: a polygon has something that is not a number",
        ),
        (rle([200, 1]), "annotation 5: its RLE covers 201 px, the picture has 200 (20x10)"),
        (rle([200]), "annotation 5: its RLE has not one pixel of object"),
        (
            rle([23, 5, 172], size=(20, 10)),
            "annotation 5: its RLE has size [20, 10], the picture is [10, 20] (height comes first)",
        ),
        (rle("55"), "annotation 5: its RLE covers 10 px, the picture has 200 (20x10)"),
        (
            rle("é"),
            "annotation 5: its RLE is broken: the run lengths hold a character that cannot occur",
        ),
        (
            rle([1.5]),
            "annotation 5: its RLE is broken: its counts are neither a text nor a list of whole numbers from 0 on",
        ),
        (
            change("annotations", segmentation="mask.png"),
            "annotation 5: 'segmentation' is 'mask.png', neither polygons nor an RLE",
        ),
    ],
)
def test_a_wrong_record_is_named_with_what_is_wrong(document, spoil, sentence):
    spoil(document)
    assert sentence in problems(document)


def test_boxes_may_reach_one_pixel_outside(document):
    document["annotations"][0]["bbox"] = [-1, 3, 22, 5]
    assert truth_from_coco(document, "x").pictures[0].objects


@pytest.mark.parametrize("key", ["images", "annotations", "categories"])
def test_a_missing_list_is_named(document, key):
    document.pop(key)
    assert f"no '{key}'" in problems(document)


def test_sets_without_pictures_or_categories_are_refused(document):
    document["annotations"] = []
    document["images"] = []
    assert problems(document) == ("the set has no pictures",)


def test_all_problems_are_collected_and_twenty_shown(document):
    document["annotations"] = [{"id": key} for key in range(30)]
    with pytest.raises(BadCocoError, match="30 problems") as caught:
        truth_from_coco(document, "labels.json")
    assert len(caught.value.problems) == 30
    assert "… and 10 more" in str(caught.value)


def test_pictures_missing_on_disk_are_named(document, tmp_path):
    (tmp_path / "a.jpg").touch()
    assert problems(document, images_dir=tmp_path) == (f"image 2: b.jpg is not in {tmp_path}",)


def test_box_only_objects_are_refused_when_masks_are_required(document):
    (problem,) = problems(document, require_masks=True)
    assert problem == "annotation 5: only a box, and masks are required"


def test_broken_json_is_placed(tmp_path):
    path = tmp_path / "labels.json"
    path.write_text('{"images": [\n  1,, 2]}')
    with pytest.raises(BadCocoError, match="line 2, column 5"):
        read_truth(path)


def test_a_results_file_in_place_of_truth_is_recognised(write_json):
    with pytest.raises(BadCocoError, match="the form of COCO results"):
        read_truth(write_json([{"image_id": 1, "score": 0.5}]))


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(BadCocoError, match="No such file"):
        read_truth(tmp_path / "none.json")


def test_byte_order_marks_are_forgiven(document, tmp_path):
    path = tmp_path / "labels.json"
    path.write_text(json.dumps(document), encoding="utf-8-sig")
    assert len(read_truth(path).pictures) == 2


@pytest.mark.shared
def test_the_published_ground_truth_is_accepted(shared_dir):
    truth = read_truth(shared_dir / "data/scoring/instances_val2014_100.json")
    assert len(truth.pictures) == 100
    assert sum(len(picture.objects) for picture in truth.pictures) == 839


def test_lvis_pictures_are_partly_labelled(document):
    document["images"][0] |= {"neg_category_ids": [3], "not_exhaustive_category_ids": [7]}
    first, second = truth_from_coco(document, "truth.json").pictures
    assert first.labelled_class_ids == {0, 1}  # the dog that is absent, the cat that is there
    assert first.not_exhaustive_class_ids == {1}
    assert second.labelled_class_ids is None


def test_lvis_names_pictures_by_their_address(document):
    del document["images"][0]["file_name"]
    document["images"][0]["coco_url"] = "http://images.cocodataset.org/val2017/000000000139.jpg"
    first, _ = truth_from_coco(document, "truth.json").pictures
    assert first.file_name == "val2017/000000000139.jpg"


def test_lvis_classes_that_are_none_are_refused(document):
    document["images"][0]["not_exhaustive_category_ids"] = [8]
    with pytest.raises(BadCocoError, match="'not_exhaustive_category_ids' has 8, which is no"):
        truth_from_coco(document, "truth.json")
