"""Label Studio: tasks as written, and its own exports as they are read."""

import json
import xml.etree.ElementTree as ET

import pytest

from yolact_cli.errors import BadLabelsError, SettingsError
from yolact_cli.formats.label_studio import read_label_studio, write_label_studio
from yolact_cli.geometry import rle
from yolact_cli.labels import Priority
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore

BRUSH = [0, 0, 0, 96, 57, 27, 254, 31, 0, 183, 255, 108, 2, 223, 254, 27, 0, 0]
"""From label-studio-sdk's converter, for columns 2 to 4 and rows 1 and 2 of a picture of 6x4."""
POINTS = [[33.333333, 25], [83.333333, 25], [83.333333, 75], [33.333333, 75]]


def region(kind="brushlabels", **value):
    shape = {"format": "rle", "rle": BRUSH} if kind == "brushlabels" else {"points": POINTS}
    return {
        "id": "0123456789ab", "type": kind, "from_name": "x", "to_name": "image", "score": 0.5,
        "original_width": 6, "original_height": 4, "value": shape | {kind: ["cat"]} | value,
    }  # fmt: skip


def task(*results, data=None, **fields):
    return {
        "id": 3,
        "data": data or {"image": "/data/upload/1/0a1b2c3d-a.jpg"},
        "annotations": [{"id": 8, "result": list(results)}],
    } | fields


@pytest.fixture
def export(tmp_path):
    """Write Label Studio's export of these tasks."""

    def write(*tasks):
        path = tmp_path / "export.json"
        path.write_text(json.dumps(tasks))
        return path

    return write


@pytest.fixture
def tasks(labelled, plain_set, tmp_path, hard_mask):
    """The tasks written for one picture: ``tasks(shapes="polygons")``."""

    def write(name="a b/ü.jpg", changes=None, **settings_):
        objects = [labelled(hard_mask), labelled(hard_mask, number=4)]
        labels = plain_set({name: objects}, (40, 60), changes=changes)
        write_label_studio(labels, LocalStore(tmp_path), ExportSettings(**settings_))
        return json.loads((tmp_path / "tasks.json").read_bytes())

    return write


def test_a_task_has_its_picture_and_one_prediction(tasks):
    [found] = tasks()
    assert found["data"] == {
        "image": "/data/local-files/?d=a%20b/%C3%BC.jpg", "name": "a b/ü.jpg",
        "width": 60, "height": 40,
    }  # fmt: skip
    [prediction] = found["predictions"]
    assert prediction["score"] == 0.88
    assert [one["id"] for one in prediction["result"]] == ["000000000000", "000000000004"]
    assert prediction["model_version"]


def test_the_address_of_pictures_can_be_chosen(tasks):
    [found] = tasks(name="x/y.jpg", image_url="s3://bucket/{name}?v={0}")
    assert found["data"]["image"] == "s3://bucket/x/y.jpg?v={0}"
    with pytest.raises(SettingsError, match=r"has no \{name\}"):
        tasks(image_url="s3://bucket/")


def test_a_priority_is_in_the_data(tasks):
    [found] = tasks(changes={"priority": Priority(value=0.4)})
    assert found["data"]["review_priority"] == 0.4


def test_polygons_are_one_region_an_object_in_percent(tasks):
    [found] = tasks(shapes="polygons")
    regions = found["predictions"][0]["result"]
    assert [one["type"] for one in regions] == ["polygonlabels"] * 2
    points = [number for one in regions for point in one["value"]["points"] for number in point]
    assert 0 <= min(points) <= max(points) <= 100


def test_the_config_has_the_tools_and_labels_that_regions_name(tasks, tmp_path):
    regions = [*tasks()[0]["predictions"][0]["result"],
               *tasks(shapes="polygons")[0]["predictions"][0]["result"]]  # fmt: skip
    config = ET.parse(tmp_path / "labeling_config.xml").getroot()
    tags = {one.get("name"): one for one in config}
    for one in regions:
        tag = tags[one["from_name"]]
        assert tag.get("toName") == one["to_name"]
        assert tag.tag.lower() == one["type"]
        assert "cat" in [label.get("value") for label in tag]


def test_brushes_and_polygons_are_read(export):
    [picture] = read_label_studio(export(task(region(), region("polygonlabels")))).pictures
    assert (picture.file_name, picture.size_hw) == ("a.jpg", (4, 6))
    found = [(one.rle_counts, one.uid, one.score) for one in picture.objects]
    assert found == [("9220003", "0123456789ab", 0.5)] * 2


def test_ids_that_label_studio_made_up_are_no_uids(export):
    drawn = region() | {"id": "xY3_abcDEF"}
    assert read_label_studio(export(task(drawn))).pictures[0].objects[0].uid is None


@pytest.mark.parametrize(
    ("data", "name"),
    [
        ({"image": "/data/local-files/?d=x/a%20b.jpg"}, "x/a b.jpg"),
        ({"image": "/data/upload/12/0a1b2c3d-a.jpg"}, "a.jpg"),
        ({"image": "https://host/p/a%26b.jpg?t=1"}, "a&b.jpg"),
        ({"image": "s3://bucket/p/a.jpg", "name": "p\\a.jpg"}, "p/a.jpg"),
    ],
)
def test_the_picture_is_found_in_its_address(export, data, name):
    assert read_label_studio(export(task(region(), data=data))).pictures[0].file_name == name


def test_what_people_submitted_counts_not_the_prediction(export):
    prediction = {"result": [region(), region()]}
    read = read_label_studio(export(task(region(), predictions=[prediction])))
    assert len(read.pictures[0].objects) == 1

    read = read_label_studio(export(task(annotations=[], predictions=[prediction])))
    assert len(read.pictures[0].objects) == 2


def test_everything_deleted_is_a_picture_without_objects(export):
    data = {"image": "a.jpg", "width": 6, "height": 4}
    read = read_label_studio(
        export(task(annotations=[{"result": []}], predictions=[{"result": [region()]}], data=data))
    )
    assert read.pictures[0].objects == ()


def test_skipped_tasks_are_named_and_not_read(export):
    read = read_label_studio(export(task(annotations=[{"was_cancelled": True, "result": []}])))
    assert read.pictures == ()
    assert read.not_understood == ("task 3: a person skipped it",)


def test_the_newest_of_several_annotations_is_read(export):
    annotations = [
        {"updated_at": "2026-02-02", "result": [region()]},
        {"updated_at": "2026-01-01", "result": []},
        {"updated_at": "2026-03-03", "result": [], "was_cancelled": True},
    ]
    read = read_label_studio(export(task(annotations=annotations)))
    assert len(read.pictures[0].objects) == 1
    assert "newest" in read.not_understood[0]


def test_regions_that_are_no_masks_are_named(export):
    rectangle = region() | {"type": "rectanglelabels"}
    read = read_label_studio(export(task(rectangle, {"type": "choices", "value": {}}, region())))
    assert len(read.not_understood) == 2
    assert read.not_understood[0].startswith("task 3, region 1: ")
    assert len(read.pictures[0].objects) == 1


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (region(rle=BRUSH[:9]), "ends in the middle"),
        (region(rle=[]), "ends in the middle"),
        (region(rle=[300]), "list of bytes"),
        (region(rle=[0, 0, 0, 95, *BRUSH[4:]]), "not of 6x4"),
        (region(rle="text"), "no run lengths"),
        (region() | {"original_width": 7}, "another size|not of"),
        (region("polygonlabels", points=[[1, 2]]), "3 points"),
        (region("polygonlabels", points=[[1, 2], [3, 4], [1e9, 2]]), "too long"),
        (region("polygonlabels", points=[[1, "2"]] * 3), "pairs of numbers"),
        (region("polygonlabels", points=[[1, 2, 3]] * 3), "pairs of numbers"),
        (region() | {"value": None}, "no value"),
        ("text", "no value"),
    ],
)
def test_broken_regions_are_refused_with_their_place(export, broken, words):
    with pytest.raises(BadLabelsError, match=words):
        read_label_studio(export(task(region(), broken)))


def test_the_short_export_is_told_from_the_whole_one(export):
    with pytest.raises(BadLabelsError, match="JSON-MIN"):
        read_label_studio(export({"id": 1, "image": "a.jpg", "brush": []}))


def test_a_brush_of_mixed_pieces_is_read(export):
    """Values one by one and repeated, as brushes with soft or coloured edges have them."""
    mask = rle.decode_mask("9220003", (4, 6))
    pixels = [part for on in mask.ravel() for part in ((9, 7, 5, 200) if on else (1, 2, 3, 0))]
    codes = [(96, 32), (7, 5), (2, 4), (3, 4), (7, 4), (15, 4)]
    codes += [(0, 1), (2, 2), (95, 8), *((value, 8) for value in pixels)]
    bits = "".join(f"{value:0{length}b}" for value, length in codes)
    bits += "0" * (-len(bits) % 8)
    packed = [int(bits[place : place + 8], 2) for place in range(0, len(bits), 8)]
    [found] = read_label_studio(export(task(region(rle=packed)))).pictures[0].objects
    assert found.rle_counts == "9220003"
