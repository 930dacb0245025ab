"""Class maps: what they say, what they do to a model's classes, what is refused."""

import pytest

from yolact_cli.datasets.class_map import ClassMap, read_class_map
from yolact_cli.errors import SettingsError
from yolact_cli.structures import Category

CATEGORIES = tuple(
    Category(category_id=key, name=name)
    for key, name in [(1, "person"), (2, "bicycle"), (3, "car"), (8, "truck")]
)


@pytest.fixture
def read(tmp_path):
    """Read a map from its text."""

    def from_text(toml):
        path = tmp_path / "map.toml"
        path.write_text(toml)
        return read_class_map(path)

    return from_text


def written(class_map):
    new = class_map.new_categories(CATEGORIES)
    return {key: one and (one.category_id, one.name) for key, one in new.items()}


def test_unlisted_classes_are_kept_by_default(read):
    class_map = read('[classes]\nperson = "Human"\ntruck = false')
    assert written(class_map) == {0: (1, "Human"), 1: (2, "bicycle"), 2: (3, "car"), 3: None}


def test_unlisted_classes_can_be_dropped(read):
    class_map = read('unlisted = "drop"\n[classes]\nperson = "Human"')
    assert written(class_map) == {0: (1, "Human"), 1: None, 2: None, 3: None}


def test_merged_classes_share_the_first_ones_id(read):
    class_map = read('[classes]\nperson = "Thing"\ntruck = "Vehicle"\nbicycle = "Vehicle"')
    assert written(class_map)[1] == written(class_map)[3] == (2, "Vehicle")


def test_a_class_that_had_the_name_before_lends_its_id(read):
    class_map = read('[classes]\nbicycle = "car"')
    assert written(class_map)[1] == written(class_map)[2] == (3, "car")


def test_names_can_be_swapped(read):
    class_map = read('[classes]\ncar = "truck"\ntruck = "car"')
    assert written(class_map)[2] == (3, "truck")
    assert written(class_map)[3] == (8, "car")


def test_an_unknown_class_is_refused_with_the_closest(read):
    with pytest.raises(SettingsError, match=r"no class 'persn'. Did you mean 'person'\?"):
        read('[classes]\npersn = "Human"').new_categories(CATEGORIES)


def test_a_map_can_be_made_without_a_file():
    assert ClassMap(names={"car": "Auto"}).new_name("car") == "Auto"
    with pytest.raises(SettingsError, match="It has person, bicycle, car, truck"):
        ClassMap(names={"zzz": "Auto"}).new_categories(CATEGORIES)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("", "there are no classes"),
        ('person = "Human"', "'person' is not known"),
        ('unlisted = "maybe"\n[classes]', "unlisted is 'maybe'"),
        ("[classes]\nperson = 3", "'person' is 3"),
        ('[classes]\nperson = ""', "Give a new name, or false"),
        ("[classes", "not TOML"),
    ],
)
def test_maps_that_say_something_else_are_refused(read, toml, sentence):
    with pytest.raises(SettingsError, match=r"map\.toml") as caught:
        read(toml)
    assert sentence in str(caught.value)


def test_a_missing_map_is_a_sentence(tmp_path):
    with pytest.raises(SettingsError, match="cannot be read"):
        read_class_map(tmp_path / "none.toml")


def test_byte_order_mark_before_a_class_map_is_passed_over(tmp_path):
    path = tmp_path / "map.toml"
    path.write_text('\ufeff[classes]\nperson = "Human"\n', encoding="utf-8")
    assert read_class_map(path).new_name("person") == "Human"
