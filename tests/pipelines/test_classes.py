"""Which of a model's classes to look for."""

import pytest

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.datasets.threshold_file import ThresholdFile
from yolact_cli.errors import SettingsError
from yolact_cli.pipelines.classes import class_thresholds, wanted_class_names
from yolact_cli.structures import Category

ANIMALS = tuple(
    Category(category_id=10 * place, name=name) for place, name in enumerate(("cat", "dog", "owl"))
)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        pytest.param({}, None, id="all"),
        pytest.param({"only": ("owl", "cat")}, ("cat", "owl"), id="only"),
        pytest.param({"only": ("cat", "dog", "owl")}, None, id="all by name"),
        pytest.param({"exclude": ("cat",)}, ("dog", "owl"), id="exclude"),
        pytest.param({"only": ("cat", "dog"), "exclude": ("cat",)}, ("dog",), id="both"),
        pytest.param(
            {"class_map": ClassMap(names={"cat": "Katze"}, keep_unlisted=False)},
            ("cat",),
            id="dropped by the map",
        ),
    ],
)
def test_classes_left(options, expected) -> None:
    assert wanted_class_names(ANIMALS, **options) == expected


def test_nothing_left_is_refused() -> None:
    with pytest.raises(SettingsError, match="No class is left"):
        wanted_class_names(ANIMALS, only=("cat",), exclude=("cat",))


def test_unknown_class_lists_those_there() -> None:
    with pytest.raises(SettingsError, match="It has cat, dog, owl"):
        wanted_class_names(ANIMALS, exclude=("zebra",))


def test_thresholds_go_by_the_models_name_then_by_the_new_one() -> None:
    given = ThresholdFile(by_class={"cat": 0.1, "Bird": 0.2}, default=0.9)
    renamed = ClassMap(names={"cat": "Bird", "owl": "Bird", "dog": None})
    found = class_thresholds(ANIMALS, given, otherwise=0.3, class_map=renamed)
    assert found == (0.1, 0.9, 0.2)


def test_classes_without_a_threshold_keep_the_one_for_all() -> None:
    given = ThresholdFile(by_class={"dog": 1.0})
    assert class_thresholds(ANIMALS, given, otherwise=0.3) == (0.3, 1.0, 0.3)


def test_the_files_default_goes_before_the_one_for_all() -> None:
    given = ThresholdFile(by_class={"dog": 1.0}, default=0.2)
    assert class_thresholds(ANIMALS, given, otherwise=0.3) == (0.2, 1.0, 0.2)
