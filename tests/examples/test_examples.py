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


def test_prototypes_of_a_grey_picture_vary_with_the_distance_to_the_border(run_example, tmp_path):
    told = run_example("07_where_position_leaks.py", "sheet.png")
    correlation, endless = (float(line.split()[-1]) for line in told.splitlines()[0:3:2])
    assert correlation < -0.5
    assert endless < 1e-3
    assert (tmp_path / "sheet.png").exists()


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
