"""CVAT's XML: how it looks, and what of CVAT's own exports is read."""

import json

import pytest

from yolact_cli.errors import BadLabelsError
from yolact_cli.formats.cvat import read_cvat, write_cvat
from yolact_cli.geometry import rle
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore

MASK = (
    '<mask label="cat" source="manual" occluded="0" rle="0, 6" left="2" top="1" width="3" '
    'height="2" z_order="0">{}</mask>'
)
POLYGON = '<polygon label="{label}" source="file" occluded="0" points="{points}" {more}></polygon>'
LEFT, RIGHT = "2.00,1.00;3.00,1.00;3.00,3.00;2.00,3.00", "4.00,1.00;5.00,1.00;5.00,3.00;4.00,3.00"


@pytest.fixture
def document(tmp_path):
    """Write CVAT's file with one picture of 6x4 px and these elements in it."""

    def write(*shapes, image='id="0" name="a.jpg" width="6" height="4"', head=""):
        path = tmp_path / "annotations.xml"
        path.write_text(
            f'<?xml version="1.0" encoding="utf-8"?>{head}<annotations><version>1.1</version>'
            f"<meta><task><labels><label><name>cat</name></label></labels></task></meta>"
            f"<image {image}>{''.join(shapes)}</image></annotations>",
            encoding="utf-8",
        )
        return path

    return write


def test_a_mask_is_written_as_cvat_writes_it(labelled, plain_set, tmp_path):
    mask = rle.decode_mask("9220003", (4, 6))
    labels = plain_set({"a.jpg": [labelled(mask, score=0.91, number=5)]}, (4, 6))

    write_cvat(labels, LocalStore(tmp_path), ExportSettings())

    text = (tmp_path / "annotations.xml").read_text(encoding="utf-8")
    assert '<image id="0" name="a.jpg" width="6" height="4">' in text
    assert (
        '<mask label="cat" source="auto" occluded="0" rle="0, 6" left="2" top="1" width="3" '
        'height="2" z_order="0"><attribute name="score">0.91</attribute>'
        '<attribute name="uid">000000000005</attribute></mask>'
    ) in text


def test_labels_declare_the_attributes_that_shapes_have(labelled, plain_set, tmp_path, hard_mask):
    write_cvat(
        plain_set({"a.jpg": [labelled(hard_mask)]}, (40, 60)), LocalStore(tmp_path),
        ExportSettings(),
    )  # fmt: skip
    [label] = json.loads((tmp_path / "labels.json").read_bytes())
    assert label["name"] == "cat"
    assert [one["name"] for one in label["attributes"]] == ["score", "uid"]
    for one in label["attributes"]:
        assert isinstance(one["mutable"], bool)
        assert all(isinstance(value, str) for value in one["values"])


def test_parts_of_one_object_are_polygons_of_one_group(labelled, plain_set, tmp_path, hard_mask):
    how = ExportSettings(shapes="polygons")
    objects = [labelled(hard_mask), labelled(hard_mask[::-1], number=1)]
    exported = write_cvat(plain_set({"a.jpg": objects}, (40, 60)), LocalStore(tmp_path), how)
    text = (tmp_path / "annotations.xml").read_text(encoding="utf-8")
    assert text.count("<polygon") == 4
    assert (text.count('group_id="1"'), text.count('group_id="2"')) == (2, 2)
    assert exported.losses == {"holes were joined to the outline by a slit": 2}


def test_what_cvat_exports_is_read(document):
    attributes = '<attribute name="score">0.5</attribute><attribute name="uid">ab</attribute>'
    read = read_cvat(document(MASK.format(attributes), MASK.format("\n    ")))
    first, second = read.pictures[0].objects
    assert (first.rle_counts, first.uid, first.score) == ("9220003", "ab", 0.5)
    assert (second.rle_counts, second.uid, second.score) == ("9220003", None, None)
    assert first.place == "image a.jpg, mask 1"


def test_polygons_of_a_group_are_one_object(document):
    one, two = (POLYGON.format(label="cat", points=p, more='group_id="3"') for p in (LEFT, RIGHT))
    [found] = read_cvat(document(one, two)).pictures[0].objects
    assert rle.area_of(found.rle_counts) == 4


@pytest.mark.parametrize("more", ['group_id="0"', ""])
def test_polygons_of_no_group_are_objects_of_their_own(document, more):
    one, two = (POLYGON.format(label="cat", points=p, more=more) for p in (LEFT, RIGHT))
    assert len(read_cvat(document(one, two)).pictures[0].objects) == 2


def test_grouped_shapes_of_other_labels_or_uids_stay_apart(document):
    one = POLYGON.format(label="cat", points=LEFT, more='group_id="3"')
    other = POLYGON.format(label="dog", points=RIGHT, more='group_id="3"')
    assert len(read_cvat(document(one, other)).pictures[0].objects) == 2

    named = [
        MASK.format(f'<attribute name="uid">{uid}</attribute>').replace(
            "<mask", '<mask group_id="3"'
        )
        for uid in ("aa", "bb")
    ]
    assert [one.uid for one in read_cvat(document(*named)).pictures[0].objects] == ["aa", "bb"]


def test_a_part_that_a_person_drew_joins_the_one_object_of_its_group(document):
    named = MASK.format('<attribute name="uid">aa</attribute>')
    drawn = POLYGON.format(label="cat", points="0,0;1,0;1,1;0,1", more='group_id="3"')
    path = document(named.replace("<mask", '<mask group_id="3"'), drawn)
    [found] = read_cvat(path).pictures[0].objects
    assert (found.uid, rle.area_of(found.rle_counts)) == ("aa", 7)


def test_shapes_that_are_no_masks_are_named(document):
    box = '<box label="cat" xtl="1" ytl="1" xbr="3" ybr="3"></box>'
    read = read_cvat(document(box, MASK.format(""), '<tag label="x"></tag>', box))
    assert read.not_understood == (
        "image a.jpg, box 1: it is no mask",
        "image a.jpg, tag 1: it is no mask",
        "image a.jpg, box 2: it is no mask",
    )
    assert len(read.pictures[0].objects) == 1


def test_tracks_are_named(tmp_path):
    path = tmp_path / "a.xml"
    path.write_text('<annotations><version>1.1</version><track id="4" label="cat">'
                    '<box frame="0"/></track></annotations>')  # fmt: skip
    assert read_cvat(path).not_understood == ("track 4: tracks are no objects of pictures",)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (MASK.replace('rle="0, 6"', 'rle="0, 5"'), "do not cover"),
        (MASK.replace('rle="0, 6"', 'rle="0, -6, 12"'), "whole numbers"),
        (MASK.replace('rle="0, 6"', 'rle=""'), "whole numbers"),
        (MASK.replace('rle="0, 6"', 'rle="0, 99999999999999999999"'), "whole numbers"),
        (MASK.replace('left="2"', 'left="4"'), "leaves the picture"),
        (MASK.replace('width="3"', 'width="999999999"'), "leaves the picture"),
        (MASK.replace('top="1" ', ""), "whole numbers"),
        (MASK.replace(' label="cat"', ""), "no label"),
        (POLYGON.format(label="cat", points="1,1;2,x;3,3", more=""), "not numbers"),
        (POLYGON.format(label="cat", points="1,1;2,2", more=""), "3 points"),
        (POLYGON.format(label="cat", points="1,1;2,2;nan,3", more=""), "NaN"),
        (POLYGON.format(label="cat", points="1,1;2,2;1e9,3", more=""), "too long"),
    ],
)
def test_broken_shapes_are_refused_with_their_place(document, shape, words):
    with pytest.raises(BadLabelsError, match=f"1: .*{words}|{words}"):
        read_cvat(document(shape))


@pytest.mark.parametrize(
    "image",
    ['name="a" width="99999" height="99999"', 'name="a" width="-6" height="4"', 'name="a"',
     'width="6" height="4"'],
)  # fmt: skip
def test_pictures_without_a_name_or_of_no_size_are_refused(document, image):
    with pytest.raises(BadLabelsError, match=r"no size|no name"):
        read_cvat(document(image=image))


@pytest.mark.parametrize(
    "head",
    [
        '<!DOCTYPE a [<!ENTITY b "xxxxxxxx"><!ENTITY c "&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE annotations SYSTEM "http://localhost/a.dtd">',
    ],
)
def test_document_types_are_refused(document, head):
    with pytest.raises(BadLabelsError, match="document type"):
        read_cvat(document(head=head))
