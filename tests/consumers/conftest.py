"""The programs that our files are for, run in their own environment.

    python3 -m venv .venv-consumers && .venv-consumers/bin/pip install -r tests/consumers/requirements.txt
    python -m pytest -m consumers

``CONSUMERS_PYTHON`` names another environment's interpreter. Without one the tests skip.
"""

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from yolact_cli.errors import InputError
from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture, LabelSet
from yolact_cli.structures import Category

SIZE_HW = (48, 64)
CATEGORIES = (
    Category(category_id=1, name="cat", supercategory="animal"),
    Category(category_id=17, name="Straßenbahn <1> & co", supercategory=""),
)


@pytest.fixture(scope="session")
def consumer(repository):
    """Run a script of this folder over there and give what it printed, parsed as JSON."""
    own = repository / ".venv-consumers" / "bin" / "python"
    python = Path(os.environ.get("CONSUMERS_PYTHON", own))
    if not python.is_file():
        pytest.skip(f"needs the consumers' environment at {python.parent.parent} "
                    "(tests/consumers/conftest.py says how to make it)")  # fmt: skip
    folder = Path(__file__).parent
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    environment |= {"QT_QPA_PLATFORM": "offscreen", "PYTHONUTF8": "1"}

    def run(script, *arguments):
        done = subprocess.run(
            [python, folder / script, *map(str, arguments)],
            capture_output=True, text=True, env=environment, cwd=folder, timeout=110,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


class _Photos:
    """Pictures in a folder."""

    def __init__(self, folder):
        self.folder = folder

    def path_of(self, picture):
        if not (self.folder / picture.name).is_file():
            raise InputError(f"{picture.name}: not found.")
        return self.folder / picture.name

    def pixels_of(self, picture):
        return np.asarray(Image.open(self.path_of(picture)).convert("RGB"))


def _masks():
    """Hard ones: holes, an island in a hole, parts, parts that touch by a corner, one pixel."""
    y, x = np.ogrid[: SIZE_HW[0], : SIZE_HW[1]]

    def disc(centre_y, centre_x, radius):
        return (y - centre_y) ** 2 + (x - centre_x) ** 2 <= radius**2

    ring = (disc(20, 20, 15) & ~disc(20, 18, 7)) | disc(20, 18, 3)
    parts = disc(40, 8, 6) | disc(38, 50, 8) | disc(5, 58, 3)
    noise = np.zeros(SIZE_HW, bool)
    noise[8:30, 34:60] = np.random.default_rng(0).random((22, 26)) < 0.6
    pixel = np.zeros(SIZE_HW, bool)
    pixel[47, 63] = True
    return [ring, parts, noise, pixel, disc(20, 30, 14)]


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """The pictures that :func:`labels` are of."""
    folder = tmp_path_factory.mktemp("photos")
    for number, name in enumerate(("a.png", "b c.png", "empty.png")):
        pixels = np.random.default_rng(number).integers(0, 255, (*SIZE_HW, 3), np.uint8)
        Image.fromarray(pixels).save(folder / name)
    return folder


def _object(mask, number):
    counts = rle.encode_mask(mask)
    return LabelledObject(
        uid=f"{number:012x}",
        category=CATEGORIES[number % 2],
        bbox_xywh_px=rle.tight_bbox(counts, SIZE_HW),
        area_px=rle.area_of(counts),
        rle_counts=counts,
        score=round(0.95 - number / 100, 4),
        box_score=round(0.95 - number / 100, 4),
        predicted_box_xyxy_px=(1.0, 2.0, 30.5, 40.25),
    )


@pytest.fixture(scope="session")
def labels(photos):
    """Hard masks in two pictures, overlapping, and a picture without any."""
    masks = _masks()
    per_picture = {
        "a.png": [_object(mask, number) for number, mask in enumerate(masks)],
        "b c.png": [_object(mask[::-1, ::-1], number) for number, mask in enumerate(masks, 8)],
        "empty.png": [],
    }
    pictures = [
        LabelledPicture(picture_id=number, name=name, size_hw=SIZE_HW, objects=tuple(objects))
        for number, (name, objects) in enumerate(per_picture.items(), start=1)
    ]
    return LabelSet(
        categories=CATEGORIES, read_pictures=lambda: iter(pictures), files=_Photos(photos)
    )


@pytest.fixture(scope="session")
def expected(labels):
    """``[picture's stem, category, run lengths, area]`` of every object, sorted."""
    return sorted(
        [picture.name.removesuffix(".png"), one.category.name, one.rle_counts, one.area_px]
        for picture in labels.read_pictures()
        for one in picture.objects
    )
