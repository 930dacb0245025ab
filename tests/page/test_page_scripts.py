"""The page's own scripts, in Node, and beside what Python does."""

import json
import os
import shutil
import subprocess

import numpy as np
import pytest

from yolact_cli.geometry import rle

PAGE = "yolact_cli/review/page"
MOST_LINES = 400


def test_scripts_hold_their_own_tests_and_write_masks_as_python_does(tmp_path, repository):
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node, which is not here")
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    if tuple(map(int, version.strip("v\n").split("."))) < (20, 19):
        pytest.skip("needs node 20.19 or later")
    masks = tmp_path / "masks.json"
    masks.write_text(json.dumps([mask_record(seed) for seed in range(60)]))
    scripts = sorted(map(str, (repository / "tests" / "page").glob("*.test.mjs")))
    done = subprocess.run(
        [node, "--test", *scripts],
        env={**os.environ, "PYTHON_MASKS": str(masks)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    assert "# skipped 0" in done.stdout


def mask_record(seed):
    rng = np.random.default_rng(seed)
    size_hw = tuple(int(side) for side in rng.integers(1, 40, 2))
    mask = rng.random(size_hw) < rng.choice([0.05, 0.5, 0.95])
    mask[rng.integers(size_hw[0]), rng.integers(size_hw[1])] = True
    counts = rle.encode_mask(mask)
    x, y, width, height = box = rle.tight_bbox(counts, size_hw)
    crop = mask[y : y + height, x : x + width]
    return {
        "counts": counts,
        "size": size_hw,
        "bbox": box,
        "pixels": crop.astype(int).ravel().tolist(),
    }


def test_files_of_the_page_stay_small(repository):
    long = [
        path.name
        for path in (repository / PAGE).iterdir()
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    ]
    assert long == []


def test_every_script_is_reached_from_the_page(repository):
    folder = repository / PAGE
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    unused = [
        name
        for name in texts
        if name != "index.html"
        and not any(f"/{name}" in text for other, text in texts.items() if other != name)
    ]
    assert unused == []
