"""The example scripts do what they promise, with the embedded model and no network."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture
def run_example(repository, tmp_path):
    """Run a script of examples/ in an empty folder: ``run_example(name, *arguments)``."""
    folder = str(Path(sys.executable).parent)
    environment = os.environ | {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}

    def run(name: str, *arguments: str) -> str:
        program = [sys.executable] if name.endswith(".py") else ["sh"]
        command = [*program, str(repository / "examples" / name), *arguments]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    return run


def test_the_embedded_model_finds_the_cat_through_the_library(run_example):
    assert "cat" in run_example("04_use_as_a_library.py")


def test_the_clip_gives_labels_tracks_and_an_overlay(run_example, tmp_path):
    run_example("05_annotate_a_video.sh")
    labels = json.loads((tmp_path / "runs/clip/annotations.json").read_text())
    assert len(labels["images"]) == 24
    assert {"track_id", "track_category_id"} <= set(labels["annotations"][0])
    assert (tmp_path / "runs/clip/overlays/clip.mp4").exists()
    assert (tmp_path / "runs/clip/youtube_vis.json").exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_scripts_annotate_score_and_finetune_in_turn(run_example, tmp_path):
    run_example("01_annotate_a_folder.sh")
    labels = json.loads((tmp_path / "runs/example/annotations.json").read_text())
    assert len(labels["images"]) == 7
    assert labels["annotations"]
    run_example("02_score.sh")
    run_example("03_finetune.sh")
    assert (tmp_path / "runs/finetuned/finetuned.toml").exists()
    assert (tmp_path / "runs/finetuned/run/annotations.json").exists()


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_review_round_ends_with_a_model_of_what_the_reviewer_left(run_example, tmp_path):
    said = run_example("07_review_round.sh")
    assert "7 of 7 marked done" not in said  # the queue was shown before anybody reviewed
    assert "in 7 pictures marked done: " in said
    reviewed = json.loads((tmp_path / "runs/round/run/reviewed.json").read_text())
    machine = json.loads((tmp_path / "runs/round/run/annotations.json").read_text())
    assert 0 < len(reviewed["annotations"]) < len(machine["annotations"])
    assert all(image["reviewed"] for image in reviewed["images"])
    assert (tmp_path / "runs/round/again/annotations.json").exists()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_triage_script_prints_figures_and_draws_curves(run_example, tmp_path):
    pytest.importorskip("matplotlib")
    run_example("01_annotate_a_folder.sh")
    labels = json.loads((tmp_path / "runs/example/annotations.json").read_text())
    labels["annotations"] = labels["annotations"][1::2]
    (tmp_path / "truth.json").write_text(json.dumps(labels))
    said = run_example("06_triage.py", "runs/example", "truth.json", "curves.svg")
    assert "times as many as in random order" in said
    assert (tmp_path / "curves.svg").read_bytes().startswith(b"<?xml")
