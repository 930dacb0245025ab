"""Crops and cut-outs: the object's own pixels, under names that sort."""

import csv

import numpy as np
import pytest
from PIL import Image

from yolact_cli.formats.cutouts import file_word, write_cutouts
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore


@pytest.fixture
def out(tmp_path):
    return LocalStore(tmp_path / "out")


def pixels(path):
    with Image.open(path) as image:
        return np.array(image)


def test_a_cut_out_is_the_object_and_nothing_else(out, label_set, labelled, hard_mask, tmp_path):
    write_cutouts(label_set({"x/a.png": [labelled(hard_mask)]}), out, ExportSettings())
    photo = pixels(tmp_path / "photos/x/a.png")[5:37, 4:58]
    inside = hard_mask[5:37, 4:58]
    cutout = pixels(out.path_of("cutouts/x/a/001-cat.png"))
    assert np.array_equal(cutout[..., 3] == 255, inside)
    assert np.array_equal(cutout[inside][:, :3], photo[inside])
    assert not cutout[~inside].any()
    assert np.array_equal(pixels(out.path_of("crops/x/a/001-cat.png")), photo)


def test_a_margin_goes_as_far_as_the_picture(out, label_set, labelled, hard_mask):
    write_cutouts(label_set({"a.png": [labelled(hard_mask)]}), out, ExportSettings(margin_px=6))
    assert pixels(out.path_of("crops/a/001-cat.png")).shape == (40, 60, 3)


def test_the_list_says_what_each_file_is(out, label_set, labelled, hard_mask):
    added = labelled(hard_mask, "TV/monitor, flat", number=1, score=None, state="added")
    exported = write_cutouts(
        label_set({"a.png": [labelled(hard_mask), added], "b.png": []}), out, ExportSettings()
    )
    rows = list(csv.DictReader(out.read_bytes("objects.csv").decode().splitlines()))
    assert [row["file"] for row in rows] == ["a/001-cat.png", "a/002-TV-monitor-flat.png"]
    assert [row["score"] for row in rows] == ["0.9", ""]
    assert (rows[1]["class"], rows[1]["state"]) == ("TV/monitor, flat", "added")
    assert [rows[0][key] for key in ("x_px", "y_px", "width_px", "height_px")] == [
        "4",
        "5",
        "54",
        "32",
    ]
    assert (exported.pictures, exported.objects) == (2, 2)


def test_a_picture_that_is_gone_gives_none_and_the_others_theirs(
    out, label_set, labelled, hard_mask
):
    pictures = {"a.png": [labelled(hard_mask)], "b.png": [labelled(hard_mask)]}
    exported = write_cutouts(label_set(pictures, missing=["a.png"]), out, ExportSettings())
    assert (exported.pictures, exported.objects) == (1, 1)
    assert not out.list_files("cutouts/a")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("../../etc", "etc"),
        ("人", "人"),
        ("\udcff", "object"),
        ("", "object"),
        ("a" * 99, "a" * 40),
    ],
)
def test_classes_become_words_that_file_systems_take(name, word):
    assert file_word(name) == word
