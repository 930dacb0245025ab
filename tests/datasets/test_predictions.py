"""Predictions: three forms, and what is wrong with files of each."""

import json

import pytest

from yolact_cli.datasets.predictions import read_predictions
from yolact_cli.errors import BadCocoError


@pytest.fixture
def predicted(document):
    """The data set of the ground truth, with scores."""
    document["annotations"][0].update(score=0.9, predicted_bbox=[1.5, 2.5, 5, 6])
    return document


def problems(path):
    with pytest.raises(BadCocoError) as caught:
        read_predictions(path)
    return caught.value.problems


RESULT = {"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "score": 0.5}


def test_a_results_list_has_ids_alone(write_json):
    predictions = read_predictions(write_json([RESULT]))
    assert predictions.pictures is None
    assert predictions.category_names is None
    assert predictions.objects[0].bbox_xywh_px == (1, 2, 3, 4)


def test_a_data_set_gives_the_box_of_the_network(write_json, predicted):
    predictions = read_predictions(write_json(predicted))
    assert predictions.category_names == {7: "cat", 3: "dog"}
    assert predictions.objects[0].bbox_xywh_px == (1.5, 2.5, 5, 6)


def test_a_run_is_read_by_its_data_set(tmp_path, predicted):
    (tmp_path / "results.json").write_text("[]")
    assert read_predictions(tmp_path).pictures is None
    (tmp_path / "annotations.json").write_text(json.dumps(predicted))
    assert read_predictions(tmp_path).origin.endswith("annotations.json")


def test_a_folder_without_labels_is_refused(tmp_path):
    assert problems(tmp_path) == ("the folder has neither annotations.json nor results.json",)


def test_a_data_set_without_objects_is_no_mistake(write_json, predicted):
    predicted["annotations"] = []
    assert read_predictions(write_json(predicted)).objects == ()


def test_ground_truth_in_place_of_predictions_is_recognised(write_json, document):
    assert "no annotation has a score" in problems(write_json(document))[0]


def test_a_number_is_no_predictions(write_json):
    assert problems(write_json(3)) == ("neither a COCO data set nor COCO results: 3",)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"score": float("nan")}, "results[0]: 'score' has nan, not a finite number"),
        ({"score": "high"}, "results[0]: 'score' has 'high', not a number"),
        ({"image_id": "a.jpg"}, "results[0]: 'image_id' is 'a.jpg', not a whole number"),
        ({"bbox": None}, "results[0]: neither 'bbox' nor 'segmentation'"),
        ({"bbox": [1, 2, -3, 4]}, "results[0]: 'bbox' [1, 2, -3, 4] has a negative side"),
    ],
)
def test_a_wrong_result_is_named_with_what_is_wrong(write_json, change, sentence):
    assert problems(write_json([{**RESULT, **change}])) == (sentence,)


def test_a_result_without_a_score_is_named(write_json):
    assert problems(write_json([{"image_id": 1}, 5])) == (
        "results[0]: no 'score'",
        "results[1]: is 5, not an object",
    )


@pytest.mark.parametrize("key", ["image_id", "category_id"])
def test_ids_that_lead_nowhere_are_named(write_json, predicted, key):
    predicted["annotations"][0][key] = 99
    (problem,) = problems(write_json(predicted))
    assert "99 is not among the" in problem


def test_a_missing_list_is_named(write_json, predicted):
    del predicted["images"]
    assert problems(write_json(predicted)) == ("no 'images'",)
