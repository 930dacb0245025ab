"""COCO results lists as written."""

import contextlib
import dataclasses
import io
import json

import pytest
from pycocotools.coco import COCO

from yolact_cli.formats.coco_results import write_coco_results
from yolact_cli.pipelines.labelled import labelled_picture


@pytest.fixture
def results(classes):
    def write(pictures, classes=classes):
        stream = io.BytesIO()
        write_coco_results(stream, (labelled_picture(one, classes) for one in pictures))
        return json.loads(stream.getvalue())

    return write


def test_bbox_is_the_networks_own(results, make_detections):
    picture = make_detections(1)
    instance = dataclasses.replace(
        picture.instances[0], predicted_box_xyxy_px=(1.1, 2.2, 11.4, 22.4)
    )

    [result] = results([dataclasses.replace(picture, instances=(instance,))])

    assert result == {
        "image_id": 1,
        "category_id": result["category_id"],
        "bbox": [1.1, 2.2, 10.3, 20.2],
        "score": instance.score,
        "segmentation": {"size": [60, 80], "counts": instance.rle_counts},
    }


def test_no_objects_give_an_empty_list(results, make_detections):
    assert results([make_detections(0)]) == []


def test_dropped_classes_are_left_out(results, classes, make_detections):
    classes[0] = classes[1] = None

    assert {item["category_id"] for item in results([make_detections(9)], classes)} == {90}


def test_official_reader_loads_them(written, results, make_detections, tmp_path):
    pictures = [make_detections(3), make_detections(2, picture_id=2)]
    truth, predictions = tmp_path / "truth.json", tmp_path / "results.json"
    truth.write_bytes(written(pictures))
    predictions.write_text(json.dumps(results(pictures)))

    with contextlib.redirect_stdout(io.StringIO()):
        loaded = COCO(truth).loadRes(str(predictions))

    assert len(loaded.anns) == 5
