"""Ground truth goes out as it came in."""

from copy import deepcopy

from yolact_cli.datasets.truth import truth_from_coco
from yolact_cli.datasets.truth_coco import truth_to_coco


def test_a_checked_data_set_goes_back_to_its_form(document):
    document["images"][0]["labelled_category_ids"] = [7]
    document["annotations"][0]["segmentation"] = [[2, 3, 6, 3, 6, 8, 2, 8]]
    once = truth_to_coco(truth_from_coco(deepcopy(document), "x"))
    assert once["images"] == document["images"]
    assert once["annotations"] == [{**document["annotations"][0], "area": 20}]
    assert truth_to_coco(truth_from_coco(deepcopy(once), "x")) == once
