"""The manifest and its counts."""

import dataclasses
import json
from fractions import Fraction
from importlib import metadata

import pytest

from yolact_cli.structures import Failure, FramePlace
from yolact_cli.writers.manifest import Manifest, versions, write_manifest
from yolact_cli.writers.tally import Tally


@pytest.fixture
def manifest(classes):
    return Manifest(
        settings={"score_threshold": 0.3},
        model={"name": "yolact_lite0", "sha256": "00"},
        classes=classes,
        tally=Tally(classes),
        times={"seconds": 1.5},
        outputs=("coco", "overlay"),
    )


@pytest.fixture
def written(store):
    def write(manifest):
        write_manifest(store, manifest)
        return json.loads(store.read_bytes("manifest.json"))

    return write


def test_counts_cover_pictures_objects_and_failures(written, manifest, make_detections):
    manifest.tally.add(make_detections(3))
    manifest.tally.add(dataclasses.replace(make_detections(0), empty_masks=2))
    place = FramePlace(video_id=1, frame_index=0, time_s=Fraction(0))
    manifest.tally.add(dataclasses.replace(make_detections(1), place=place))
    manifest.tally.add(Failure(picture_id=2, name="b", stage="decode", error="E", message="m"))

    record = written(manifest)

    assert record["counts"] == {
        "pictures": 2,
        "pictures_without_objects": 1,
        "videos": 0,
        "frames": 1,
        "gaps": 0,
        "objects": 4,
        "empty_masks": 2,
        "failures": 1,
    }
    assert record["failures"] == {"file": "failures.csv", "by_error": {"decode: E": 1}}


def test_classes_say_their_objects_and_what_stands_for_them_in_masks(
    written, manifest, make_detections
):
    manifest.tally.add(make_detections(4, num_classes=1))

    classes = written(manifest)["classes"]

    assert [(item["name"], item["objects"], item["semantic_value"]) for item in classes] == [
        ("person", 4, 1), ("Kätzchen", 0, 2), ("人", 0, 3),
    ]  # fmt: skip
    assert classes[0]["colour"] == "#e69f00"


def test_dropped_and_merged_classes_are_counted_as_written(
    written, classes, manifest, make_detections
):
    classes[1], classes[2] = None, classes[0]
    detections = make_detections(12)
    manifest.tally.add(detections)

    [only] = written(manifest)["classes"]

    assert only["objects"] == len(detections.keeping(classes).instances)


def test_picture_whose_objects_were_all_dropped_counts_as_without(classes, make_detections):
    tally = Tally(dict.fromkeys(classes))

    tally.add(make_detections(3))

    assert (tally.pictures, tally.pictures_without_objects, tally.objects) == (1, 1, 0)


def test_settings_model_and_versions_are_told(written, manifest):
    record = written(manifest)

    assert record["settings"] == {"score_threshold": 0.3}
    assert record["model"] == {"name": "yolact_lite0", "sha256": "00"}
    assert {"yolact_cli", "python", "torch", "numpy"} <= set(record["program"]["versions"])
    assert record["failures"]["file"] is None


def test_library_that_is_not_installed_under_its_name_is_unknown(monkeypatch):
    def fail(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", fail)

    assert versions()["numpy"] == "unknown"
