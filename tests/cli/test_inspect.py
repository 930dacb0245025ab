"""The inspect command: what it writes and prints, and what it refuses."""

import json

import pytest

from yolact_cli.cli.main import main


@pytest.fixture
def photo(make_photos):
    return make_photos("a.png") / "a.png"


@pytest.fixture
def inspect(tiny_model, tmp_path, photo):
    """Run the command in this process: ``inspect(*options)`` gives the exit code."""

    def run(*arguments: object, picture=photo) -> int:
        fixed = [picture, "-o", tmp_path / "out", "--model", tiny_model, "--device", "cpu"]
        return main(["inspect", *map(str, [*fixed, *arguments])])

    return run


def test_page_pictures_and_numbers_are_written(inspect, tmp_path, capsys):
    assert inspect("--object", 2) == 0
    out, err = capsys.readouterr()
    assert "> 2" in out
    assert "inspect.html" in err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    sheets = {"objects", "prototypes", "coefficients", "terms", "growth", "soft_mask", "anchors"}
    assert names == {f"{sheet}.png" for sheet in sheets} | {"inspect.html", "inspect.json"}


def test_objects_are_those_that_annotate_writes(inspect, tiny_model, photo, tmp_path, capsys):
    run = ["annotate", photo, "-o", tmp_path / "run", "--model", tiny_model, "--device", "cpu"]
    assert main([*map(str, run), "--workers", "0", "--write", "coco"]) == 0
    labels = json.loads((tmp_path / "run" / "annotations.json").read_text())
    capsys.readouterr()
    assert inspect("--json") == 0
    shown = json.loads(capsys.readouterr().out)["objects"]
    assert [(one["bbox"], one["area"], one["score"]) for one in shown] == [
        (one["bbox"], one["area"], one["score"]) for one in labels["annotations"]
    ]


def test_another_object_replaces_what_was_written_before(inspect, tmp_path):
    few = ["--score-threshold", 0.8]
    assert inspect(*few) == 0
    assert inspect(*few, "--object", 2) == 0
    assert json.loads((tmp_path / "out" / "inspect.json").read_text())["object"] == 2


def test_files_of_somebody_elses_are_left(inspect, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "growth.png").write_bytes(b"mine")
    assert inspect() == 1
    assert "growth.png: already there" in capsys.readouterr().err
    assert (tmp_path / "out" / "growth.png").read_bytes() == b"mine"


def test_an_output_that_is_a_file_is_refused(inspect, tmp_path, capsys):
    (tmp_path / "out").write_bytes(b"mine")
    assert inspect() == 1
    assert "is no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--object", 0], 2, "'--object'"),
        (["--object", 999], 2, "no object 999"),
        (["--object", 1, "--at", "3,4"], 2, "give one of them"),
        (["--at", "3"], 2, "is no pixel"),
        (["--at", "-3,4"], 2, "is no pixel"),
        (["--at", "80,0"], 2, "it has no pixel 80,0"),
        (["--score-threshold", 0.9999], 1, "Lower --score-threshold"),
        (["--classes", "catt"], 2, "Did you mean 'cat'?"),
        (["--device", "tpu"], 1, "no device called 'tpu'"),
    ],
)
def test_a_choice_that_cannot_be_is_told(inspect, capsys, arguments, code, words):
    assert inspect(*arguments) == code
    assert words in capsys.readouterr().err


def test_a_picture_that_is_not_there_is_told(inspect, tmp_path, capsys):
    assert inspect(picture=tmp_path / "b.png") == 1
    assert "b.png: there is no such file." in capsys.readouterr().err


def test_a_folder_in_a_pictures_place_is_told(inspect, tmp_path, capsys):
    assert inspect(picture=tmp_path) == 1
    assert "is a folder. Give one picture." in capsys.readouterr().err


def test_a_damaged_picture_is_told(inspect, photo, capsys):
    photo.write_bytes(photo.read_bytes()[:80])
    assert inspect() == 1
    assert "a.png" in capsys.readouterr().err
