"""An inspection tells of exactly what annotate finds."""

import numpy as np
import pytest

from yolact_cli.api import Annotator
from yolact_cli.errors import InputError, SettingsError
from yolact_cli.geometry.rle import decode_mask
from yolact_cli.pipelines.inspect import (
    ObjectChoice,
    inspect_picture,
    inspect_pixels,
    write_inspection,
)
from yolact_cli.pipelines.model import ready_model
from yolact_cli.settings import LabelSettings, NmsSettings
from yolact_cli.sources.decode import DecodeSettings, read_picture
from yolact_cli.zoo.resolve import resolve_model


@pytest.fixture
def inspect(tiny_model, make_picture):
    """Inspect a made picture with the small network: ``inspect(number=2, score_threshold=0.4)``."""

    def build(*, seed=0, number=None, at_xy=None, **fields):
        settings = LabelSettings(**fields)
        ready = ready_model(resolve_model(str(tiny_model)), settings, device="cpu")
        return inspect_pixels(
            make_picture(60, 80, seed),
            "a.png",
            ready,
            model_name="tiny",
            settings=settings,
            choice=ObjectChoice(number=number, at_xy=at_xy),
        )

    return build


@pytest.mark.parametrize(
    ("kind", "crop"),
    [("fast", "image"), ("fast", "prototype"), ("agnostic", "image"), ("standard", "image")],
)
def test_objects_are_those_that_annotate_finds(inspect, tiny_model, make_picture, kind, crop):
    fields = {"nms": NmsSettings(kind=kind, max_detections=20), "mask_crop": crop}
    annotator = Annotator.from_model(
        str(tiny_model), device="cpu", settings=LabelSettings(**fields)
    )
    for seed in range(3):
        found = annotator(make_picture(60, 80, seed), name="a.png")
        assert inspect(seed=seed, **fields).instances == found.instances


def test_objects_of_the_embedded_model_are_those_that_annotate_finds(repository):
    annotator = Annotator.from_model("yolact_lite0", device="cpu")
    model = resolve_model("yolact_lite0")
    path = repository / "examples" / "images" / "cow.jpg"
    found = annotator(read_picture(str(path), DecodeSettings()), name=path.name)
    shown = inspect_picture(
        path, model, settings=LabelSettings(), choice=ObjectChoice(), device="cpu"
    )
    assert len(found.instances) > 1
    assert shown.instances == found.instances
    assert shown.mask.growth[-1].rle_counts == found.instances[0].rle_counts


def test_the_winner_is_the_chosen_objects_anchor(inspect):
    for number in (1, 2, 5):
        shown = inspect(number=number)
        winner, one = shown.suppression.winner, shown.instance
        assert winner.class_id == one.class_id
        assert round(winner.score, 4) == one.box_score


def test_an_object_is_found_by_a_pixel_of_its_mask(inspect):
    mask = decode_mask(inspect(number=3).instance.rle_counts, (60, 80))
    y, x = np.argwhere(mask)[0].tolist()
    shown = inspect(at_xy=(x, y))
    assert decode_mask(shown.instance.rle_counts, (60, 80))[y, x]
    assert shown.number <= 3


def test_the_soft_masks_have_the_previews_size(inspect):
    shown = inspect()
    assert shown.soft_mask.shape == shown.soft_mask_cropped.shape == shown.preview.shape[:2]


def test_a_number_that_is_not_there_is_refused_with_the_count(inspect):
    with pytest.raises(SettingsError, match=r"a\.png has \d+ objects, no object 999"):
        inspect(number=999)


def test_a_pixel_outside_the_picture_is_refused(inspect):
    with pytest.raises(SettingsError, match="80x60 px; it has no pixel 80,0"):
        inspect(at_xy=(80, 0))


def test_a_pixel_of_no_mask_is_refused(inspect):
    shown = inspect(score_threshold=0.9)
    masks = [decode_mask(one.rle_counts, (60, 80)) for one in shown.instances]
    y, x = np.argwhere(~np.any(masks, axis=0))[0].tolist()
    with pytest.raises(InputError, match=f"no object's mask has the pixel {x},{y}"):
        inspect(score_threshold=0.9, at_xy=(x, y))


def test_nothing_found_says_what_came_nearest(inspect):
    with pytest.raises(InputError, match=r"above the score threshold of 0\.9999; the best anchor"):
        inspect(score_threshold=0.9999)


def test_nothing_found_of_a_class_speaks_of_that_class(inspect):
    with pytest.raises(InputError, match="says 'dog'"):
        inspect(score_threshold=0.9999, class_names=("dog",))


def test_the_same_picture_gives_the_same_bytes(inspect, tmp_path):
    for folder in ("one", "two"):
        write_inspection(inspect(score_threshold=0.8), tmp_path / folder)
    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / folder).iterdir()}
        for folder in ("one", "two")
    )
    assert first == second
    assert set(first) >= {"inspect.html", "inspect.json", "prototypes.png", "anchors.png"}
