"""Pascal VOC's form: exact where nothing overlaps, losses counted, colours read as well."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from yolact_cli.errors import AnnotationError
from yolact_cli.formats import voc
from yolact_cli.formats.voc import read_voc, write_voc
from yolact_cli.geometry import rle
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore


@pytest.fixture
def out(tmp_path):
    return LocalStore(tmp_path / "out")


@pytest.fixture
def written(out, label_set):
    def build(pictures, size_hw=(40, 60), **chosen):
        return write_voc(label_set(pictures, size_hw), out, ExportSettings(**chosen))

    return build


def box(left, top, right, bottom):
    mask = np.zeros((40, 60), bool)
    mask[top:bottom, left:right] = True
    return mask


def raster(out, path):
    with Image.open(io.BytesIO(out.read_bytes(path))) as image:
        assert image.mode == "P"
        return np.array(image), image.getpalette()


@given(
    arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)), elements=st.integers(0, 4))
)
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_objects_that_do_not_overlap_come_back_exactly(out, label_set, labelled, numbers):
    numbers[0, 0] = 1
    objects = [
        labelled(
            numbers == value, f"class {value % 2}", category_id=value % 2 + 1, number=int(value)
        )
        for value in np.unique(numbers[numbers > 0]).tolist()
    ]
    exported = write_voc(label_set({"a.png": objects}, numbers.shape), out, ExportSettings())
    (picture,) = read_voc(out.root).pictures
    assert exported.losses == {}
    assert [(one.category_name, one.rle_counts) for one in picture.objects] == [
        (one.category.name, one.rle_counts) for one in objects
    ]


def test_numbers_are_those_of_the_label_map_and_of_the_objects(written, out, labelled):
    dog = labelled(box(20, 0, 30, 9), "dog", category_id=18, number=1)
    written({"x/a.png": [labelled(box(0, 0, 9, 9)), dog]})
    classes, palette = raster(out, "SegmentationClass/x/a.png")
    objects, _ = raster(out, "SegmentationObject/x/a.png")
    assert (classes[0, 0], classes[0, 25], classes[0, 50]) == (1, 2, 0)
    assert (objects[0, 0], objects[0, 25]) == (1, 2)
    assert palette[3:9] == [128, 0, 0, 0, 128, 0]
    lines = out.read_bytes("labelmap.txt").decode().splitlines()
    assert lines[1:] == ["background:0,0,0::", "cat:128,0,0::", "dog:0,128,0::"]
    assert out.read_bytes("ImageSets/Segmentation/train.txt") == b"x/a\n"
    assert out.path_of("JPEGImages/x/a.png").is_symlink()


def test_an_overlap_goes_to_what_people_saw_and_then_to_the_higher_score(written, out, labelled):
    best = labelled(box(0, 0, 20, 20), score=0.9)
    worse = labelled(box(10, 0, 30, 20), score=0.5, number=1)
    seen = labelled(box(0, 15, 30, 30), score=0.1, number=2, state="accepted")
    exported = written({"a.png": [best, worse, seen]})
    objects, _ = raster(out, "SegmentationObject/a.png")
    assert (objects[5, 15], objects[17, 5], objects[17, 25]) == (1, 3, 3)
    assert exported.losses == {voc.OVERLAPS: 2}


def test_a_covered_object_is_counted_as_lost(written, labelled):
    hidden = labelled(box(2, 2, 5, 5), score=0.5, number=1)
    assert written({"a.png": [labelled(box(0, 0, 9, 9)), hidden]}).losses == {voc.COVERED: 1}


def test_the_lowest_objects_beyond_254_are_counted_as_lost(written, out, labelled):
    objects = [
        labelled(box(n % 60, n // 60, n % 60 + 1, n // 60 + 1), number=n, score=n / 1000)
        for n in range(300)
    ]
    assert written({"a.png": objects}).losses == {voc.TOO_MANY: 46}
    numbers, _ = raster(out, "SegmentationObject/a.png")
    assert numbers.max() == 254
    assert numbers[0, 45] == 0


def test_names_that_a_label_map_cannot_hold_are_changed_and_counted(written, out, labelled):
    other = labelled(box(20, 0, 30, 9), "a_b", category_id=2, number=1)
    exported = written({"a.png": [labelled(box(0, 0, 9, 9), "a:b"), other]})
    assert exported.losses == {voc.RENAMED: 2}
    (picture,) = read_voc(out.root).pictures
    assert [one.category_name for one in picture.objects] == ["a_b", "a_b_"]


def test_colours_are_read_as_numbers_are(written, out, labelled, hard_mask):
    written(
        {
            "a.png": [
                labelled(hard_mask),
                labelled(box(40, 0, 50, 9), "dog", category_id=2, number=1),
            ]
        }
    )
    for folder in ("SegmentationClass", "SegmentationObject"):
        path = out.path_of(f"{folder}/a.png")
        with Image.open(path) as image:
            coloured = image.convert("RGB")
        coloured.save(path)
    (picture,) = read_voc(out.root).pictures
    assert picture.objects[0].rle_counts == rle.encode_mask(hard_mask)
    assert [one.category_name for one in picture.objects] == ["cat", "dog"]


def test_void_is_no_object(written, out, labelled):
    written({"a.png": [labelled(box(0, 0, 9, 9))]})
    numbers, _ = raster(out, "SegmentationObject/a.png")
    numbers[30:, 30:] = 255
    Image.fromarray(numbers).save(out.path_of("SegmentationObject/a.png"))
    (picture,) = read_voc(out.root).pictures
    assert len(picture.objects) == 1


def damage(out, path, data):
    out.path_of(path).write_bytes(data)


def bomb():
    with io.BytesIO() as stream:
        Image.new("1", (20000, 20000)).save(stream, "png")
        return stream.getvalue()


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n", bomb()], ids=range(4))
@pytest.mark.parametrize("folder", ["SegmentationClass", "SegmentationObject"])
def test_a_broken_png_is_named_and_the_rest_is_read(folder, data, written, out, labelled):
    written({"a.png": [labelled(box(0, 0, 9, 9))], "b.png": []})
    damage(out, f"{folder}/a.png", data)
    read = read_voc(out.root)
    assert [picture.file_name for picture in read.pictures] == ["b.png"]
    assert len(read.not_understood) == 1
    assert "a.png" in read.not_understood[0]


def test_pictures_of_two_sizes_are_named(written, out, labelled):
    written({"a.png": [labelled(box(0, 0, 9, 9))], "b.png": []})
    Image.new("P", (5, 5)).save(out.path_of("SegmentationClass/a.png"))
    assert "another size" in read_voc(out.root).not_understood[0]


@pytest.mark.parametrize("text", ["", "# nothing\n", "background:0,0,0::\n"])
def test_a_label_map_without_classes_is_refused(text, written, out, labelled):
    written({"a.png": [labelled(box(0, 0, 9, 9))]})
    out.put("labelmap.txt", text.encode())
    with pytest.raises(AnnotationError, match="classes"):
        read_voc(out.root)


def test_a_folder_that_is_no_data_set_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"labelmap\.txt"):
        read_voc(tmp_path)
