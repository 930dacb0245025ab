"""The program as a library."""

import subprocess
import sys

import numpy as np
import pytest

import yolact_cli
from yolact_cli import Annotator, Detections, LabelSettings
from yolact_cli.errors import InputError, SettingsError


@pytest.fixture
def annotator(tiny_model) -> Annotator:
    return Annotator.from_model(str(tiny_model), device="cpu")


def test_public_names_are_all_there() -> None:
    assert yolact_cli.__all__ == sorted(yolact_cli.__all__)
    assert all(getattr(yolact_cli, name) is not None for name in yolact_cli.__all__)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Annotater'"):
        _ = yolact_cli.Annotater


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = "{'torch', 'cv2', 'numpy', 'click'}"
    code = f"import sys, yolact_cli; sys.exit(len({heavy} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_picture_becomes_detections(annotator, make_picture) -> None:
    detections = annotator(make_picture(50, 70), name="a.jpg")
    assert isinstance(detections, Detections)
    assert (detections.name, detections.size_hw) == ("a.jpg", (50, 70))
    assert detections.instances


def test_mask_is_that_of_the_instance(annotator, make_picture) -> None:
    detections = annotator(make_picture(50, 70))
    instance = detections.instances[0]
    mask = annotator.mask(instance, detections)
    assert (mask.shape, mask.dtype, mask.sum()) == ((50, 70), bool, instance.area_px)


def test_class_name_is_the_models(annotator, make_picture) -> None:
    instance = annotator(make_picture()).instances[0]
    assert annotator.class_name(instance) in {"cat", "dog", "person"}


def test_batch_gives_what_single_pictures_give(annotator, make_picture) -> None:
    pictures = [make_picture(50, 70, seed=1), make_picture(60, 40, seed=2)]
    for together, picture in zip(annotator.annotate_batch(pictures), pictures, strict=True):
        alone = annotator(picture)
        found = [(one.class_id, one.uid) for one in together.instances]
        assert found == [(one.class_id, one.uid) for one in alone.instances]


def test_no_pictures_give_no_detections(annotator) -> None:
    assert annotator.annotate_batch([]) == []


@pytest.mark.parametrize(
    "picture",
    [np.zeros((5, 5), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros((0, 5, 3), np.uint8)],
    ids=["grey", "alpha", "empty"],
)
def test_array_that_is_no_rgb_picture_is_refused(annotator, picture) -> None:
    with pytest.raises(InputError, match="height x width x 3"):
        annotator(picture)


def test_unknown_class_offers_the_closest(tiny_model) -> None:
    settings = LabelSettings(class_names=("persn",))
    with pytest.raises(SettingsError, match="Did you mean 'person'"):
        Annotator.from_model(str(tiny_model), device="cpu", settings=settings)
