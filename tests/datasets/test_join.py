"""Joining predictions with truth that numbers and files its pictures differently."""

import json

import pytest

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.datasets.join import join
from yolact_cli.datasets.predictions import read_predictions
from yolact_cli.datasets.truth import truth_from_coco
from yolact_cli.errors import BadCocoError, SettingsError


@pytest.fixture
def truth(document):
    """The tiny ground truth: a.jpg with a cat, b.jpg without anything."""
    return truth_from_coco(json.loads(json.dumps(document)), "truth.json")


@pytest.fixture
def predict(write_json):
    """Predictions of one cat a file: ``predict("a.jpg", "b.jpg", cat="cat")``."""

    def build(*file_names, cat="cat", size_hw=(10, 20), score=0.5):
        height, width = size_hw
        images = [
            {"id": 50 + place, "file_name": name, "width": width, "height": height}
            for place, name in enumerate(file_names)
        ]
        annotations = [
            {"image_id": image["id"], "category_id": 1, "bbox": [2, 3, 4, 5], "score": score}
            for image in images
        ]
        categories = [{"id": 1, "name": cat}]
        return read_predictions(
            write_json({"images": images, "annotations": annotations, "categories": categories})
        )

    return build


@pytest.fixture
def results(write_json):
    """A results list: ``results(image_id=1, ...)``."""

    def build(**changes):
        result = {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}
        return read_predictions(write_json([{**result, **changes}]))

    return build


def test_data_sets_are_joined_by_names(predict, truth):
    joined = join(predict("b.jpg", "./a.jpg"), truth)
    assert [one["image_id"] for one in joined.results] == [2, 1]
    assert {one["category_id"] for one in joined.results} == {7}
    assert (joined.report.pictures_by, joined.report.categories_by) == ("file name", "name")


def test_folders_may_differ_where_the_last_part_is_unique(predict, truth):
    joined = join(predict("shots/a.jpg"), truth)
    assert joined.results[0]["image_id"] == 1
    assert joined.report.pictures_by == "file name, in part without folders"


def test_whole_names_go_before_their_last_parts(predict, truth):
    joined = join(predict("a.jpg", "other/a.jpg"), truth)
    assert len(joined.results) == 1
    assert joined.report.foreign_pictures == 1


def test_ambiguous_names_are_refused(predict, truth):
    with pytest.raises(BadCocoError, match=r"x/a.jpg could be a.jpg, but not only"):
        join(predict("x/a.jpg", "y/a.jpg"), truth)


def test_ids_are_the_way_out_where_no_name_agrees(predict, document):
    document["images"][0]["id"] = 50
    document["annotations"][0]["image_id"] = 50
    joined = join(predict("c.jpg"), truth_from_coco(document, "truth.json"))
    assert joined.report.pictures_by == "id"


def test_ids_of_pictures_of_another_size_mean_nothing(predict, document):
    document["images"][0]["id"] = 50
    document["annotations"][0]["image_id"] = 50
    with pytest.raises(BadCocoError, match="truth has none of its pictures"):
        join(predict("c.jpg", size_hw=(20, 10)), truth_from_coco(document, "truth.json"))


def test_nothing_in_common_is_refused(predict, truth):
    with pytest.raises(BadCocoError, match=r"'c\.jpg' here, 'a\.jpg' there"):
        join(predict("c.jpg"), truth)
    with pytest.raises(BadCocoError, match="'cow' here, 'dog' there"):
        join(predict("a.jpg", cat="cow"), truth)


def test_pictures_of_another_size_are_refused(predict, truth):
    with pytest.raises(BadCocoError, match=r"a.jpg is 10x20 px here and 20x10 px in truth"):
        join(predict("a.jpg", size_hw=(20, 10)), truth)


def test_what_is_left_over_is_counted(predict, truth):
    report = join(predict("a.jpg", "c.jpg"), truth).report
    assert (report.foreign_pictures, report.foreign_picture_objects) == (1, 1)
    assert (report.truth_pictures, report.pictures_without_predictions) == (2, 1)


def test_a_class_map_renames_before_joining(predict, truth):
    joined = join(
        predict("a.jpg", cat="kitten"), truth, class_map=ClassMap(names={"kitten": "cat"})
    )
    assert joined.results[0]["category_id"] == 7


def test_dropped_classes_are_left_out(predict, truth):
    predictions = predict("a.jpg")
    class_map = ClassMap(names={"cat": None})
    with pytest.raises(BadCocoError, match="truth has none of its classes"):
        join(predictions, truth, class_map=class_map)


def test_only_chosen_categories_take_part(predict, truth):
    assert join(predict("a.jpg"), truth, category_ids={3}).results == []


def test_results_are_joined_by_ids(results, truth):
    joined = join(results(), truth)
    assert joined.results == [{"image_id": 1, "category_id": 7, "score": 0.5, "bbox": [1, 2, 3, 4]}]
    assert joined.report.pictures_by == "id"


def test_results_of_other_pictures_are_refused(results, truth):
    with pytest.raises(BadCocoError, match=r"truth has none of its pictures \(such as image 9"):
        join(results(image_id=9), truth)


def test_results_of_unknown_categories_are_refused(results, truth):
    with pytest.raises(BadCocoError, match="category 9 is not among truth's categories"):
        join(results(category_id=9), truth)


def test_unknown_categories_do_not_matter_where_others_are_chosen(results, truth):
    assert join(results(category_id=9), truth, category_ids={7}).results == []


def test_results_have_no_names_to_map(results, truth):
    with pytest.raises(SettingsError, match="no class names to map"):
        join(results(), truth, class_map=ClassMap(names={}))


def test_masks_of_another_size_are_refused(results, truth):
    rle = {"size": [20, 10], "counts": [200]}
    with pytest.raises(BadCocoError, match=r"results\[0\] \(a.jpg\): its RLE has size"):
        join(results(segmentation=rle), truth)


def test_masks_without_a_pixel_are_predictions_too(results, truth):
    rle = {"size": [10, 20], "counts": [200]}
    assert join(results(segmentation=rle), truth).results[0]["segmentation"]["size"] == [10, 20]


def test_the_mapping_of_classes_is_told(predict, truth):
    (one,) = join(predict("a.jpg"), truth).report.classes
    assert (one.here_id, one.here_name, one.truth_id, one.truth_name) == (1, "cat", 7, "cat")


def test_pictures_that_truth_lacks_are_named(predict, truth):
    report = join(predict("a.jpg", *[f"{place}.jpg" for place in range(9)]), truth).report
    assert report.foreign_pictures == 9
    assert report.foreign_picture_names == ("0.jpg", "1.jpg", "2.jpg", "3.jpg", "4.jpg")


def test_two_classes_of_one_name_in_truth_are_refused(predict, document):
    document["categories"][1]["name"] = "cat"
    with pytest.raises(BadCocoError, match="truth has 2 classes called 'cat'"):
        join(predict("a.jpg"), truth_from_coco(document, "truth.json"))
