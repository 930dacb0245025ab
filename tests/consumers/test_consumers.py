"""The programs that our files are for read them, and find the same pixels."""

import shutil

import pytest

from yolact_cli.formats.coco import write_coco
from yolact_cli.formats.coco_panoptic import read_coco_panoptic, write_coco_panoptic
from yolact_cli.formats.cvat import write_cvat
from yolact_cli.formats.datumaro import write_datumaro
from yolact_cli.formats.label_studio import write_label_studio
from yolact_cli.formats.labelme import read_labelme, write_labelme
from yolact_cli.formats.voc import read_voc, write_voc
from yolact_cli.formats.yolo import read_yolo, write_yolo
from yolact_cli.geometry import rle
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore

pytestmark = pytest.mark.consumers

HOW = {
    "masks": ExportSettings(),
    "polygons": ExportSettings(shapes="polygons", exact_polygons=True),
}
both_shapes = pytest.mark.parametrize("how", HOW.values(), ids=HOW)


@both_shapes
def test_pycocotools_reads_coco(consumer, labels, expected, tmp_path, how):
    write_coco(labels, LocalStore(tmp_path), how)
    found = consumer("read_pycocotools.py", tmp_path / "annotations.json")
    assert found["rows"] == expected


def test_supervision_reads_coco(consumer, labels, expected, photos, tmp_path):
    """Masks only: it paints COCO's polygons with fillPoly, a pixel too large all round."""
    write_coco(labels, LocalStore(tmp_path), ExportSettings())
    found = consumer("read_supervision.py", photos, tmp_path / "annotations.json")
    assert found["rows"] == expected


@both_shapes
def test_datumaro_reads_coco(consumer, labels, expected, photos, tmp_path, how):
    shutil.copytree(photos, tmp_path / "images")
    write_coco(labels, LocalStore(tmp_path / "annotations"), how)
    (tmp_path / "annotations/annotations.json").rename(
        tmp_path / "annotations/instances_default.json"
    )
    found = consumer("read_datumaro.py", "coco_instances", tmp_path)
    assert found["rows"] == expected
    assert found["items"] == 3


@both_shapes
def test_datumaro_reads_cvat(consumer, labels, expected, photos, tmp_path, how):
    write_cvat(labels, LocalStore(tmp_path), how)
    shutil.copytree(photos, tmp_path / "images")
    found = consumer("read_datumaro.py", "cvat", tmp_path)
    assert found["rows"] == expected


@both_shapes
def test_datumaro_reads_its_own_format(consumer, labels, expected, tmp_path, how):
    write_datumaro(labels, LocalStore(tmp_path), how)
    found = consumer("read_datumaro.py", "datumaro", tmp_path)
    assert found["rows"] == expected
    assert all(one["score"] and one["uid"] for one in found["attributes"])


def test_datumaro_reads_panoptic_coco(consumer, labels, photos, tmp_path):
    shutil.copytree(photos, tmp_path / "images")
    exported = write_coco_panoptic(labels, LocalStore(tmp_path), ExportSettings())
    read = read_coco_panoptic(tmp_path / "annotations/panoptic_default.json")
    found = consumer("read_datumaro.py", "coco_panoptic", tmp_path)
    assert len(found["rows"]) == exported.objects < 10
    assert [one[:3] for one in found["rows"]] == sorted(
        [picture.file_name.removesuffix(".png"), one.category_name, one.rle_counts]
        for picture in read.pictures
        for one in picture.objects
    )


def test_cvats_sdk_decodes_masks_and_encodes_them_alike(consumer, labels, expected, tmp_path):
    write_cvat(labels, LocalStore(tmp_path), ExportSettings())
    found = consumer("read_cvat_sdk.py", tmp_path / "annotations.xml")
    assert found["rows"] == expected
    assert found["encodes_alike"]


@both_shapes
def test_label_studios_sdk_takes_the_predictions(consumer, labels, expected, tmp_path, how):
    write_label_studio(labels, LocalStore(tmp_path), how)
    found = consumer(
        "read_label_studio_sdk.py", tmp_path / "tasks.json", tmp_path / "labeling_config.xml"
    )
    assert found["rows"] == expected
    assert found["are_valid"]
    assert found["encodes_alike"]


@both_shapes
def test_labelme_reads_its_files_and_keeps_what_we_add(consumer, labels, expected, tmp_path, how):
    write_labelme(labels, LocalStore(tmp_path), how)
    found = consumer("read_labelme.py", tmp_path)
    assert found["rows"] == expected
    assert all(one["uid"] and one["score"] for one in found["kept"])
    assert found["read_again"] == [True] * 3


def test_labelme_paints_simplified_outlines_as_we_do(consumer, labels, expected, tmp_path):
    write_labelme(labels, LocalStore(tmp_path), ExportSettings(shapes="polygons"))
    found = consumer("read_labelme.py", tmp_path)
    assert [row[:2] for row in found["rows"]] == [row[:2] for row in expected]
    assert found["rows"] == _rows(read_labelme(tmp_path))


@pytest.mark.parametrize("is_exact", [True, False])
def test_supervision_reads_yolo_as_we_do(consumer, labels, tmp_path, is_exact):
    write_yolo(labels, LocalStore(tmp_path), ExportSettings(exact_polygons=is_exact))
    found = consumer("read_supervision_yolo.py", tmp_path)
    assert found["rows"] == _rows(read_yolo(tmp_path))
    assert found["images"] == 3


@pytest.mark.parametrize("form", ["voc_segmentation", "voc_instance_segmentation"])
def test_datumaro_reads_voc(consumer, labels, tmp_path, form):
    exported = write_voc(labels, LocalStore(tmp_path), ExportSettings(images="copy"))
    found = consumer("read_datumaro.py", form, tmp_path)
    assert found["rows"] == _rows(read_voc(tmp_path))
    assert found["items"] == exported.pictures == 3


def _rows(read):
    """What our own reader found, in the form of the consumers' rows."""
    return sorted(
        [picture.file_name.removesuffix(".png"), one.category_name, one.rle_counts,
         rle.area_of(one.rle_counts)]
        for picture in read.pictures
        for one in picture.objects
    )  # fmt: skip
