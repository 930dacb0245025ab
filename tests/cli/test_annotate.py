"""The annotate command: what it prints where, its exit codes, and what it refuses."""

import io
import json

import cv2
import numpy as np
import pytest

from yolact_cli.cli.main import main


@pytest.fixture
def annotate(tiny_model, tmp_path):
    """Run the command in this process: ``annotate(source, *options)`` gives the exit code."""

    def run(*arguments: object) -> int:
        fixed = ["-o", tmp_path / "run", "--model", tiny_model, "--device", "cpu"]
        quick = ["--workers", 0, "--max-detections", 3, "--write", "coco", "--batch-size", 2]
        return main(["annotate", *map(str, [*fixed, *quick, *arguments])])

    return run


def test_summary_goes_to_stdout_and_progress_to_stderr(annotate, make_photos, capsys) -> None:
    assert annotate(make_photos("a.png", "b.png")) == 0
    out, err = capsys.readouterr()
    assert "objects in 2 pictures" in out
    assert "2 of 2 pictures" in err


def test_json_is_the_manifest_and_nothing_else(annotate, make_photos, capsys) -> None:
    assert annotate(make_photos("a.png"), "--json") == 0
    assert json.loads(capsys.readouterr().out)["counts"]["pictures"] == 1


def test_failures_are_listed_and_give_exit_code_3(annotate, make_photos, capsys) -> None:
    photos = make_photos("a.png", "b.png")
    (photos / "b.png").write_bytes(b"")
    assert annotate(photos) == 3
    out, err = capsys.readouterr()
    assert "1 failed" in out
    assert "b.png: the file is empty" in err


def test_misspelt_source_is_an_error(annotate, tmp_path, capsys) -> None:
    assert annotate(tmp_path / "fotos") == 1
    assert "there is no such file or folder" in capsys.readouterr().err


def test_no_source_is_wrong_usage(annotate) -> None:
    assert annotate() == 2


def test_second_run_into_a_finished_one_is_refused(annotate, make_photos, capsys) -> None:
    photos = make_photos("a.png")
    annotate(photos)
    assert annotate(photos) == 1
    assert "--overwrite" in capsys.readouterr().err
    assert annotate(photos, "--overwrite") == 0


def test_list_of_paths_is_read_from_standard_input(annotate, make_photos, monkeypatch) -> None:
    photos = make_photos("a.png", "b.png")
    lines = io.TextIOWrapper(io.BytesIO(f"{photos / 'b.png'}\n".encode()))
    monkeypatch.setattr("sys.stdin", lines)
    assert annotate("-") == 0
    assert "b.png" in (photos.parent / "run/listing.jsonl").read_text()


def test_class_map_and_class_filters_work_together(annotate, make_photos) -> None:
    photos = make_photos("a.png")
    class_map = photos.parent / "map.toml"
    class_map.write_text('[classes]\ncat = "Cat"\nperson = "Human"\n', encoding="utf-8")
    assert annotate(photos, "--class-map", class_map, "--exclude", "dog") == 0
    data_set = json.loads((photos.parent / "run/annotations.json").read_bytes())
    assert [one["name"] for one in data_set["categories"]] == ["Cat", "dog", "Human"]


def test_unknown_class_is_wrong_usage(annotate, make_photos, capsys) -> None:
    assert annotate(make_photos("a.png"), "--classes", "doge") == 2
    assert "Did you mean 'dog'" in capsys.readouterr().err


def test_keep_without_existing_is_wrong_usage(annotate, make_photos, capsys) -> None:
    assert annotate(make_photos("a.png"), "--keep", "merge") == 2
    assert "--existing" in capsys.readouterr().err


def test_settings_come_from_a_file_and_the_command_line_wins(
    annotate, make_photos, tmp_path
) -> None:
    config = tmp_path / "settings.toml"
    config.write_text("score-threshold = 0.6\nmin-area = 9\n", encoding="utf-8")
    annotate(make_photos("a.png"), "--config", config, "--min-area", "5")
    settings = json.loads((tmp_path / "run/manifest.json").read_bytes())["settings"]["labels"]
    assert (settings["score_threshold"], settings["min_area_px"]) == (0.6, 5)


def test_dry_run_tells_and_writes_nothing(annotate, make_photos, tmp_path, capsys) -> None:
    assert annotate(make_photos("a.png", "b.png"), "--dry-run", "--json") == 0
    plan = json.loads(capsys.readouterr().out)
    assert (plan["pictures"], plan["resumes"]) == (2, False)
    assert not (tmp_path / "run").exists()


def test_unknown_device_is_an_error(annotate, make_photos, capsys) -> None:
    assert annotate(make_photos("a.png"), "--device", "gpu") == 1
    assert "no device called 'gpu'" in capsys.readouterr().err


def test_12_bit_data_in_16_bit_files_is_warned_of_once(annotate, tmp_path, capsys) -> None:
    for name in ("a.png", "b.png", "c.png"):
        rng = np.random.default_rng(0)
        cv2.imwrite(str(tmp_path / name), rng.integers(0, 4096, (32, 32), np.uint16))
    assert annotate(*sorted(tmp_path.glob("*.png"))) == 0
    err = capsys.readouterr().err
    assert "a.png has 16 bits a sample and uses 12" in err
    assert err.count("--bit-depth 12") == 1


def test_12_bit_data_is_not_warned_of_when_its_depth_is_given(annotate, tmp_path, capsys) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((32, 32), 4000, np.uint16))
    assert annotate(tmp_path / "a.png", "--bit-depth", 12) == 0
    assert "bit-depth" not in capsys.readouterr().err


def test_thresholds_by_class_decide_what_is_kept(annotate, make_photos, tmp_path) -> None:
    photos, thresholds = make_photos("a.png"), tmp_path / "thresholds.toml"

    def scores(text):
        thresholds.write_text(text, encoding="utf-8")
        options = ["--thresholds", thresholds, "--class-map", tmp_path / "map.toml", "--overwrite"]
        assert annotate(photos, *options, "--max-detections", 100) == 0
        data_set = json.loads((tmp_path / "run/annotations.json").read_bytes())
        names = {one["id"]: one["name"] for one in data_set["categories"]}
        return sorted((names[one["category_id"]], one["score"]) for one in data_set["annotations"])

    (tmp_path / "map.toml").write_text('[classes]\nperson = "Human"\n', encoding="utf-8")
    everything = scores("default = 0.0\n[thresholds]")
    of_cats = [score for name, score in everything if name == "cat"]
    least = sorted(of_cats)[len(of_cats) // 2]
    expected = [one for one in everything if one[0] == "cat" and one[1] > least]
    assert 0 < len(expected) < len(of_cats)
    assert scores(f"default = 1.0\n[thresholds]\ncat = {least}\nHuman = 1.0") == expected
    identity = json.loads((tmp_path / "run/manifest.json").read_bytes())["settings"]["labels"]
    assert sorted(identity["class_thresholds"]) == [least, 1.0, 1.0]


def test_thresholds_of_unknown_classes_are_refused(annotate, make_photos, tmp_path, capsys) -> None:
    (tmp_path / "t.toml").write_text("[thresholds]\ndgo = 0.5", encoding="utf-8")
    assert annotate(make_photos("a.png"), "--thresholds", tmp_path / "t.toml") == 2
    assert "the model has no class 'dgo'. Did you mean 'dog'?" in capsys.readouterr().err


def test_earlier_runs_among_the_pictures_are_passed_over_and_told_once(
    annotate, make_photos, tmp_path, capsys
) -> None:
    photos = make_photos("a.png", "b.png")
    assert annotate(photos, "-o", photos / "labels", "--write", "coco,overlay") == 0
    capsys.readouterr()
    assert annotate(photos) == 0
    assert capsys.readouterr().err.count(f"being runs of yolact: {photos / 'labels'}.") == 1
    assert len((tmp_path / "run/listing.jsonl").read_text().splitlines()) == 2
