"""YOLO's form: one outline an object, what it costs counted, and hostile files do no harm."""

import cv2
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from yolact_cli.errors import AnnotationError
from yolact_cli.formats.shapes import LINKED, SLIT
from yolact_cli.formats.yolo import CHANGED, read_yolo, write_yolo
from yolact_cli.geometry import rle
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore


@pytest.fixture
def out(tmp_path):
    return LocalStore(tmp_path / "out")


@pytest.fixture
def written(out, label_set):
    """Write; gives what was lost: ``written({"a.png": [...]}, exact_polygons=True)``."""

    def build(pictures, size_hw=(40, 60), missing=(), **chosen):
        labels = label_set(pictures, size_hw, missing=missing)
        return write_yolo(labels, out, ExportSettings(**chosen))

    return build


def square(size_hw=(40, 60)):
    mask = np.zeros(size_hw, bool)
    mask[1:3, 2:5] = True
    return mask


def test_an_outline_runs_through_pixel_centres_a_quarter_further(written, out, labelled):
    written({"a.png": [labelled(square())]})
    class_id, *numbers = out.read_bytes("labels/a.txt").split()
    points = np.array(numbers, float).reshape(-1, 2) * (60, 40)
    assert class_id == b"0"
    assert {tuple(point) for point in points.round(3).tolist()} == {
        (2.25, 1.25), (4.25, 1.25), (4.25, 2.25), (2.25, 2.25),
    }  # fmt: skip


@pytest.mark.parametrize("to_pixels", [np.trunc, np.rint], ids=["cut off", "rounded"])
@pytest.mark.parametrize("size_hw", [(40, 60), (1080, 1920), (3001, 4003)])
def test_loaders_that_round_and_that_cut_off_get_the_same_mask(
    to_pixels, size_hw, written, out, labelled
):
    mask = np.zeros(size_hw, bool)
    mask[7:31, 11:39] = True
    mask[12:30, 20:33] = True
    written({"a.png": [labelled(mask)]}, size_hw, missing=["a.png"])
    numbers = np.array(out.read_bytes("labels/a.txt").split()[1:], np.float32).reshape(-1, 2)
    corners = to_pixels(numbers * np.float32(size_hw[::-1])).astype(np.int32)
    canvas = np.zeros(size_hw, np.uint8)
    cv2.fillPoly(canvas, [corners], 1)
    assert np.array_equal(canvas.astype(bool), mask)


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_what_is_not_counted_as_changed_comes_back_exactly(out, label_set, labelled, mask):
    mask[0, 0] = True
    labels = label_set({"a.png": [labelled(mask)]}, mask.shape)
    exported = write_yolo(labels, out, ExportSettings(exact_polygons=True))
    ((one,),) = (picture.objects for picture in read_yolo(out.root).pictures)
    back = rle.decode_mask(one.rle_counts, mask.shape)
    assert np.array_equal(back, mask) == (CHANGED not in exported.losses)
    assert (back | mask).sum() == back.sum()  # exact outlines lose no pixel


def test_what_one_outline_cannot_hold_is_counted(written, labelled, hard_mask):
    exported = written({"a.png": [labelled(hard_mask), labelled(square(), number=1)]})
    assert (exported.pictures, exported.objects) == (1, 2)
    assert {exported.losses[LINKED], exported.losses[SLIT]} == {1}
    assert exported.losses[CHANGED] == 1


def test_a_data_set_has_its_classes_its_pictures_and_empty_files(written, out, labelled, tmp_path):
    dog = labelled(square(), "dog", category_id=18)
    written({"x/a.png": [labelled(square(), "人: cat"), dog], "b.png": []})
    data = yaml.safe_load(out.read_bytes("data.yaml"))
    assert data == {"train": "images", "val": "images", "names": {0: "人: cat", 1: "dog"}}
    assert out.read_bytes("labels/b.txt") == b""
    assert out.path_of("images/x/a.png").readlink() == tmp_path / "photos/x/a.png"
    lines = out.read_bytes("labels/x/a.txt").splitlines()
    assert [line.split()[0] for line in lines] == [b"0", b"1"]


def test_pictures_keep_the_names_that_the_run_gave_them(written, out, labelled):
    written({"x/a.png": [labelled(square())], "x/a.jpg": []}, images="none")
    assert {one.file_name for one in read_yolo(out.root).pictures} == {"x/a.png", "x/a.jpg"}


def test_a_data_set_of_somebody_else_is_read_by_its_pictures(written, out, labelled):
    written({"x/a.png": [labelled(square())]}, images="copy")
    out.delete("pictures.csv")
    (picture,) = read_yolo(out.path_of("data.yaml")).pictures
    assert (picture.file_name, picture.size_hw) == ("x/a.png", (40, 60))
    assert picture.objects[0].rle_counts == rle.encode_mask(square())


def test_labels_whose_picture_nobody_knows_are_named(written, out, labelled):
    written({"a.png": [labelled(square())], "b.png": []}, images="none")
    out.put("labels/c.txt", b"")
    read = read_yolo(out.root)
    assert len(read.pictures) == 2
    (sentence,) = read.not_understood
    assert "c.txt" in sentence
    assert "its size is not known" in sentence


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("0 0.5 0.5 0.1 0.1", "is a box"),
        ("7 0 0 1 0 1 1", "class '7', which is not among"),
        ("-1 0 0 1 0 1 1", "not among"),
        ("0 0 0 1 0 1", "is a box"),
        ("0 0 0 1 0 1 1 1", "no outline"),
        ("0 0 0 1 x 1 1", "not a number"),
        ("0 0 0 nan 0 1 1", "out of range"),
        ("0 0 0 1e300 0 1 1", "out of range"),
        ("0 2 2 3 2 3 3", "not one pixel"),
        ("0 -9 -9 -8 -9 -8 -8", "not one pixel"),
    ],
)
def test_a_line_that_is_no_mask_is_named_and_the_rest_is_read(line, words, written, out, labelled):
    written({"a.png": [labelled(square())]})
    good = out.read_bytes("labels/a.txt")
    out.put("labels/a.txt", line.encode() + b"\n\n" + good)
    read = read_yolo(out.root)
    assert [len(picture.objects) for picture in read.pictures] == [1]
    (sentence,) = read.not_understood
    assert "line 1" in sentence
    assert words in sentence


@pytest.mark.parametrize(
    "text",
    [
        "names: !!python/object/apply:os.system ['true']",
        "names: {a: b}",
        "names: []",
        "[",
        "names: [1, 2]",
        "a: &a [x, x]\nb: &b [*a, *a]\nnames: *b",
    ],
)
def test_classes_that_cannot_be_trusted_are_refused(text, written, out, labelled):
    written({"a.png": [labelled(square())]})
    out.put("data.yaml", text.encode())
    with pytest.raises(AnnotationError):
        read_yolo(out.root)


def test_a_folder_that_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"data\.yaml"):
        read_yolo(tmp_path)
