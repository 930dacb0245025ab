"""What the review queue is worth, and which objects count as wrong."""

import json

import pytest

from yolact_cli.errors import BadCocoError
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.triage import inspection_of
from yolact_cli.scoring.triage import triage_figures
from yolact_cli.settings import LabelSettings
from yolact_cli.zoo.resolve import resolve_model

COCO_LOWEST, VOC_LOWEST = 0.9, 1.5


@pytest.fixture
def truth_of(annotated, tmp_path):
    """The run's own labels as truth, changed: ``truth_of(change)``."""

    def build(change) -> dict:
        document = json.loads((annotated.store.root / "annotations.json").read_bytes())
        change(document)
        path = tmp_path / "truth.json"
        path.write_text(json.dumps(document))
        return path

    return build


def test_run_that_is_right_has_nothing_wrong_and_nothing_missed(annotated, truth_of):
    inspection = inspection_of(annotated.store.root, truth_of(lambda document: None))
    assert inspection.is_wrong.tolist() == [False] * 12
    assert inspection.missed.tolist() == [0, 0, 0]


def test_object_that_truth_lacks_is_wrong_and_one_that_the_run_lacks_missed(annotated, truth_of):
    def change(document):
        gone = document["annotations"].pop(0)
        extra = dict(document["annotations"][-1], id=999)
        extra |= {"image_id": gone["image_id"], "bbox": [0, 0, 3, 3], "area": 9}
        extra["segmentation"] = [[0, 0, 3, 0, 3, 3, 0, 3]]
        document["annotations"].append(extra)

    inspection = inspection_of(annotated.store.root, truth_of(change))
    assert inspection.is_wrong.sum() == 1
    assert inspection.missed.tolist() == [1, 0, 0]


def test_object_in_a_crowd_is_neither_right_nor_wrong(annotated, truth_of):
    def change(document):
        document["annotations"][0]["iscrowd"] = 1

    inspection = inspection_of(annotated.store.root, truth_of(change))
    assert len(inspection.is_wrong) == 11
    assert not inspection.is_wrong.any()


def test_truth_of_other_pictures_is_refused(annotated, truth_of):
    def change(document):
        for image in document["images"]:
            image["file_name"] = "other_" + image["file_name"].rpartition("/")[2]

    with pytest.raises(BadCocoError, match="none of the run's pictures"):
        inspection_of(annotated.store.root, truth_of(change))


@pytest.fixture
def figures(shared_dir, tmp_path):
    """The queue's worth with the embedded model: ``figures(truth, images)``."""

    def measure(truth: str, images: str):
        document = json.loads((shared_dir / "data" / truth).read_text())
        folder = shared_dir / "data" / images
        request = AnnotateRequest(
            sources=tuple(str(folder / one["file_name"]) for one in document["images"]),
            output=tmp_path / "run",
            model=resolve_model("yolact_lite0"),
            settings=LabelSettings(),
            write=("coco",),
            device="cpu",
        )
        for _ in annotate(request):
            pass
        return triage_figures(inspection_of(request.output, shared_dir / "data" / truth))

    return measure


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(1200)
def test_queue_finds_wrong_objects_sooner_on_the_pictures_its_weights_come_from(figures):
    found = figures("voc20/val.json", "voc20/images")
    assert found.lift >= VOC_LOWEST
    assert found.interval.low > 1.2


@pytest.mark.slow
@pytest.mark.shared
@pytest.mark.timeout(1200)
def test_queue_comes_close_to_the_best_order_on_other_pictures(figures):
    found = figures("coco80-val/annotations.json", "coco80-val/images")
    assert found.lift >= COCO_LOWEST * found.highest_lift
    assert found.interval.low > 1.2
