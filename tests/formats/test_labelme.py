"""LabelMe's files: what goes out comes back to the pixel, and hostile ones do no harm."""

import base64
import io
import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from yolact_cli.errors import AnnotationError
from yolact_cli.formats.labelme import read_labelme, write_labelme
from yolact_cli.geometry import rle
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore


@pytest.fixture
def out(tmp_path):
    return LocalStore(tmp_path / "out")


@pytest.fixture
def written(out, label_set):
    """Write and give the first picture's file: ``written({"a.png": [...]}, shapes="polygons")``."""

    def build(pictures, **chosen):
        write_labelme(label_set(pictures), out, ExportSettings(**chosen))
        name = next(iter(pictures))
        return json.loads(out.read_bytes(name.rpartition(".")[0] + ".json"))

    return build


def test_masks_come_back_to_the_pixel(out, label_set, labelled, hard_mask):
    other = np.zeros_like(hard_mask)
    other[10:30, 20:40] = True
    objects = [labelled(hard_mask), labelled(other, "dog", number=1, score=None)]
    exported = write_labelme(label_set({"a.png": objects}), out, ExportSettings())
    (picture,) = read_labelme(out.root).pictures
    assert [one.rle_counts for one in picture.objects] == [one.rle_counts for one in objects]
    assert [one.uid for one in picture.objects] == [one.uid for one in objects]
    assert [one.score for one in picture.objects] == [0.9, None]
    assert [one.category_name for one in picture.objects] == ["cat", "dog"]
    assert (exported.pictures, exported.objects, exported.losses) == (1, 2, {})


@given(arrays(bool, st.tuples(st.integers(1, 12), st.integers(1, 12))))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("shapes", ["masks", "polygons"])
def test_any_mask_comes_back_exactly(shapes, out, label_set, labelled, mask):
    mask[0, 0] = True
    write_labelme(
        label_set({"a.png": [labelled(mask)]}, mask.shape),
        out,
        ExportSettings(shapes=shapes, exact_polygons=True),
    )
    ((one,),) = (picture.objects for picture in read_labelme(out.root).pictures)
    assert np.array_equal(rle.decode_mask(one.rle_counts, mask.shape), mask)


def test_a_mask_is_its_crop_between_inclusive_corners(written, labelled):
    mask = np.zeros((40, 60), bool)
    mask[1:3, 2:5] = True
    (shape,) = written({"a.png": [labelled(mask)]})["shapes"]
    assert (shape["shape_type"], shape["points"]) == ("mask", [[2, 1], [4, 2]])
    pixels = np.asarray(Image.open(io.BytesIO(base64.b64decode(shape["mask"]))))
    assert pixels.shape == (2, 3)
    assert pixels.all()


def test_polygons_run_through_pixel_centres_and_parts_share_a_group(written, labelled, hard_mask):
    shapes = written({"a.png": [labelled(hard_mask)]}, shapes="polygons")["shapes"]
    assert [shape["group_id"] for shape in shapes] == [0, 0]
    assert {shape["shape_type"] for shape in shapes} == {"polygon"}
    assert max(x for x, _ in shapes[1]["points"]) == 57


def test_outlines_that_lose_pixels_are_counted(out, label_set, labelled):
    y, x = np.ogrid[:120, :120]
    disc = (y - 60) ** 2 + (x - 60) ** 2 < 55**2
    small = (y - 10) ** 2 + (x - 10) ** 2 < 30
    objects = label_set({"a.png": [labelled(disc), labelled(small, number=1)]}, (120, 120))
    exported = write_labelme(objects, out, ExportSettings(shapes="polygons"))
    assert exported.losses == {"outlines were simplified": 1}


def test_the_picture_is_found_from_the_file(written, out, labelled, hard_mask, tmp_path):
    document = written({"sub/a.png": [labelled(hard_mask)]})
    assert document["imagePath"] == "../../photos/sub/a.png"
    assert (out.root / "sub" / document["imagePath"]).resolve() == tmp_path / "photos/sub/a.png"


def test_the_picture_is_found_where_the_folder_is_a_link(label_set, labelled, hard_mask, tmp_path):
    (tmp_path / "deep/down/real").mkdir(parents=True)
    (tmp_path / "out").symlink_to(tmp_path / "deep/down/real")
    labels = label_set({"a.png": [labelled(hard_mask)]})
    write_labelme(labels, LocalStore(tmp_path / "out"), ExportSettings())
    document = json.loads((tmp_path / "out/a.json").read_bytes())
    assert (tmp_path / "out" / document["imagePath"]).is_file()


@pytest.mark.parametrize("how", ["copy", "link"])
def test_pictures_come_along_when_asked_for(how, written, out, labelled, hard_mask, tmp_path):
    document = written({"sub/a.png": [labelled(hard_mask)]}, images=how)
    picture = out.root / "sub" / document["imagePath"]
    assert document["imagePath"] == "a.png"
    assert picture.read_bytes() == (tmp_path / "photos/sub/a.png").read_bytes()
    assert picture.is_symlink() == (how == "link")


def test_labels_of_a_picture_that_is_gone_are_written(out, label_set, labelled, hard_mask):
    labels = label_set({"sub/a.png": [labelled(hard_mask)]}, missing=["sub/a.png"])
    assert write_labelme(labels, out, ExportSettings()).pictures == 1
    assert json.loads(out.read_bytes("sub/a.json"))["imagePath"] == "a.png"


def test_pictures_of_one_stem_have_files_of_their_own(out, label_set, labelled, hard_mask):
    pictures = {"a.png": [labelled(hard_mask)], "a.jpg": [], "A.gif": []}
    write_labelme(label_set(pictures), out, ExportSettings(images="copy"))
    assert sorted(name for name in out.list_files() if name.endswith(".json")) == [
        "A.gif.json", "a.jpg.json", "a.png.json",
    ]  # fmt: skip
    assert {picture.file_name for picture in read_labelme(out.root).pictures} == set(pictures)


def test_pictures_keep_the_names_that_the_run_gave_them(out, label_set, labelled, hard_mask):
    write_labelme(label_set({"x/y/a.png": [labelled(hard_mask)]}), out, ExportSettings())
    assert [one.file_name for one in read_labelme(out.root).pictures] == ["x/y/a.png"]
    assert [one.file_name for one in read_labelme(out.root / "x/y/a.json").pictures] == [
        "x/y/a.png"
    ]


def labelme_file(folder, shapes, /, **fields):
    document = {
        "shapes": shapes,
        "imagePath": "a.jpg",
        "imageHeight": 40,
        "imageWidth": 60,
        "imageData": None,
    }
    path = folder / "a.json"
    path.write_text(json.dumps(document | fields))
    return path


SQUARE = {"label": "cat", "shape_type": "polygon", "points": [[1, 1], [5, 1], [5, 5], [1, 5]]}


def test_a_file_of_labelme_s_own_is_read(tmp_path):
    path = labelme_file(tmp_path, [SQUARE], imagePath="..\\photos\\a.jpg")
    (picture,) = read_labelme(path).pictures
    (one,) = picture.objects
    assert (picture.file_name, one.uid, one.score) == ("a.jpg", None, None)
    assert rle.area_of(one.rle_counts) == 25


def test_shapes_of_a_group_are_one_object_as_far_as_their_label_is_one(tmp_path):
    far = SQUARE | {"points": [[20, 20], [22, 20], [22, 22]], "group_id": 3}
    shapes = [SQUARE | {"group_id": 3}, far, far | {"label": "dog"}]
    (picture,) = read_labelme(labelme_file(tmp_path, shapes)).pictures
    assert [one.category_name for one in picture.objects] == ["cat", "dog"]
    assert rle.area_of(picture.objects[0].rle_counts) == 25 + 6


def bomb(side):
    with io.BytesIO() as stream:
        Image.new("1", (side, side)).save(stream, "png")
        return base64.b64encode(stream.getvalue()).decode()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ({"shape_type": "circle"}, "is a circle, which is no mask"),
        ({"label": None}, "has no label"),
        ({"points": [[1, 1], [2, 2]]}, "no polygon"),
        ({"points": [[1, 1], [2, 2], [float("nan"), 3]]}, "no polygon"),
        ({"points": [[1, 1], [2, 2], [1e300, 3]]}, "no polygon"),
        ({"points": [[100, 100], [200, 100], [200, 200]]}, "not one pixel"),
        ({"points": [["1", 1], [2, 2], [3, 3]]}, "no polygon"),
        ({"shape_type": "mask", "mask": "!!!", "points": [[1, 1], [3, 3]]}, "cannot be read"),
        ({"shape_type": "mask", "mask": bomb(9000), "points": [[1, 1], [3, 3]]}, "9000x9000"),
        ({"shape_type": "mask", "mask": bomb(9), "points": [[0, 0], [9e5, 9e5]]}, "larger than"),
        ({"shape_type": "mask", "mask": bomb(3), "points": [[3, 3], [1, 1]]}, "of no size"),
        ({"shape_type": "mask", "points": [[1, 1], [3, 3]]}, "without its corners or its pixels"),
    ],
)  # fmt: skip
def test_a_shape_that_is_no_mask_is_named_and_the_rest_is_read(shape, words, tmp_path):
    read = read_labelme(labelme_file(tmp_path, [SQUARE | shape, SQUARE]))
    assert [len(picture.objects) for picture in read.pictures] == [1]
    (sentence,) = read.not_understood
    assert words in sentence
    assert "shape 1" in sentence


@pytest.mark.parametrize(
    "fields",
    [
        {"imageHeight": 10**9, "imageWidth": 10**9},
        {"imageHeight": -1},
        {"imageHeight": True},
        {"imageHeight": None},
        {"shapes": "none"},
    ],
)
def test_a_file_without_a_size_or_shapes_is_refused(fields, tmp_path):
    with pytest.raises(AnnotationError):
        read_labelme(labelme_file(tmp_path, [SQUARE], **fields))


def test_one_broken_file_does_not_keep_the_others_from_being_read(tmp_path):
    labelme_file(tmp_path, [SQUARE])
    (tmp_path / "b.json").write_text("{")
    (tmp_path / "c.json").write_text("[" * 100_000)
    read = read_labelme(tmp_path)
    assert (len(read.pictures), len(read.not_understood)) == (1, 2)


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "C:\\windows\\a.jpg", "..\\a"])
def test_no_name_leads_out_of_the_folder(name, tmp_path):
    (picture,) = read_labelme(
        labelme_file(tmp_path, [SQUARE], imagePath=name, picture=name)
    ).pictures
    assert "/" not in picture.file_name
    assert ".." not in picture.file_name


def test_a_folder_without_files_of_labelme_is_refused(tmp_path):
    with pytest.raises(AnnotationError, match=r"no \.json file"):
        read_labelme(tmp_path)
