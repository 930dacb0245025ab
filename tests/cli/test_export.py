"""The export command: what it prints where, its exit codes, and what it refuses."""

import json

import pytest

from yolact_cli.cli.main import main


@pytest.fixture
def export(make_run, tmp_path):
    """``export("--to", "voc")`` of a run of three pictures into ``out``; gives the exit code."""
    run = make_run(3)

    def build(*options):
        return main(["export", str(run), "--output", str(tmp_path / "out"), *options])

    return build


def test_counts_and_losses_are_a_table_on_stdout(export, capsys):
    assert export("--to", "labelme,voc") == 0
    captured = capsys.readouterr()
    assert "labelme" in captured.out
    assert "overlapping pixels went to another object" in captured.out
    assert "Warning" not in captured.err


def test_json_is_all_there_is_on_stdout(export, capsys, tmp_path):
    assert export("--to", "labelme", "--json") == 0
    (report,) = json.loads(capsys.readouterr().out)["formats"]
    assert (report["format"], report["pictures"], report["objects"]) == ("labelme", 3, 9)
    assert report["files"] == {"written": 3, "unchanged": 0, "removed": 0, "kept": 0}
    assert report["folder"] == str(tmp_path / "out")


def test_an_edited_file_is_named_and_the_exit_code_says_so(export, capsys, tmp_path):
    export("--to", "labelme")
    (tmp_path / "out/1/000001.json").write_text("{}")
    assert export("--to", "labelme") == 3
    captured = capsys.readouterr()
    assert "000001.json: left as it is" in captured.err
    assert "--overwrite" in captured.err
    assert export("--to", "labelme", "--overwrite") == 0


def test_pictures_that_have_moved_are_found_where_they_are_now(export, capsys, tmp_path):
    (tmp_path / "photos").rename(tmp_path / "moved")
    assert export("--to", "cutouts") == 3
    assert "--images DIR" in capsys.readouterr().err
    assert export("--to", "cutouts", "--images", str(tmp_path / "moved")) == 0


def test_a_dry_run_counts_and_writes_nothing(export, capsys, tmp_path):
    assert export("--to", "yolo", "--reviewers", "anna,ben", "--dry-run", "--json") == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert [(part["folder"], part["pictures"]) for part in parts] == [("anna", 2), ("ben", 1)]
    assert not (tmp_path / "out").exists()


def test_reviewers_can_be_named_by_the_former_option(export, capsys):
    assert export("--to", "yolo", "--reviewer", "anna,ben", "--dry-run", "--json") == 0
    parts = json.loads(capsys.readouterr().out)["parts"]
    assert [part["folder"] for part in parts] == ["anna", "ben"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--to", "yollo"], "'yollo' is not one of"),
        (["--to", ","], "Name a format"),
        ([], "Missing option '--to'"),
        (["--to", "yolo", "--margin", "3"], "--margin is for --to cutouts"),
        (["--to", "yolo", "--image-url", "{name}"], "--image-url is for --to label-studio"),
        (["--to", "label-studio", "--image-url", "s3://x"], "{name}"),
        (["--to", "yolo", "--chunk", "0"], "0 is not in the range"),
        (["--to", "yolo", "--reviewers", "../up"], "folder for a reviewer"),
        (["--to", "yolo", "--split", "maybe"], "'maybe' is not one of"),
        (["--to", "yolo", "--classes", "cta"], "Did you mean 'cat'"),
    ],
)
def test_wrong_usage_is_a_sentence_and_exit_code_2(options, words, export, capsys):
    assert export(*options) == 2
    assert words in capsys.readouterr().err


def test_a_folder_that_is_no_run_is_an_error(tmp_path, capsys):
    assert main(["export", str(tmp_path), "--to", "voc", "-o", str(tmp_path / "out")]) == 1
    assert "no run of yolact" in capsys.readouterr().err


def test_an_output_that_is_a_file_is_an_error(export, tmp_path, capsys):
    (tmp_path / "out").write_text("a file")
    assert export("--to", "voc") in (1, 2)
    assert "is a file" in capsys.readouterr().err


def test_an_unfinished_run_is_exported_as_far_as_it_is(export, tmp_path, capsys):
    (tmp_path / "run/manifest.json").unlink()
    assert export("--to", "labelme") == 0
    assert "not finished" in capsys.readouterr().err
