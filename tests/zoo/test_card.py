"""Cards: what is read, what is refused, and that writing gives back what was read."""

import pytest

from yolact_cli.errors import CardError
from yolact_cli.zoo.card import card_to_toml, parse_card, read_card
from yolact_cli.zoo.locate import card_paths


def test_card_written_is_the_card_read(card):
    assert parse_card(card_to_toml(card), where="a test") == card


def test_card_written_keeps_every_character(make_card):
    summary = "quotes \" and \\ and 'single', äöü, a\ttab, \x7f and \N{PILE OF POO}"
    card = make_card(("naïve", 'a "b"'), summary=summary, reported={"odd key": 1, "ü": 0.1})
    assert parse_card(card_to_toml(card), where="a test") == card


def test_card_written_keeps_measured_rows(make_card):
    rows = ({"mask_ap50": 0.5, "command": "yolact score"}, {"n": 3, "command": "x"})
    assert parse_card(card_to_toml(make_card(measured=rows)), where="a test").measured == rows


def test_every_embedded_card_survives_writing():
    for path in card_paths().values():
        card = read_card(path)
        assert parse_card(card_to_toml(card), where=path.name) == card


def test_card_error_names_the_closest_key(card):
    text = card_to_toml(card).replace("fpn_channels", "fpn_chanels")
    with pytest.raises(CardError, match=r"\[?network.*'fpn_chanels'.*'fpn_channels'"):
        parse_card(text, where="my.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param("input_size = 64", 'input_size = "64"', "a whole number", id="text"),
        pytest.param("input_size = 64", "input_size = true", "a whole number", id="boolean"),
        pytest.param("input_size = 64", "input_size = 6", "64..4096", id="out of range"),
        pytest.param("num_classes = 3", "num_classes = 4", "3 class names", id="class count"),
        pytest.param('backbone = "eff', 'backbone = "xeff', "one of 'resnet50'", id="choice"),
        pytest.param("mean = [0.0, 0.0, 0.0]", "mean = [0, 0]", "must have 3", id="length"),
        pytest.param("std = [255.0,", "std = [inf,", "finite", id="infinite"),
        pytest.param("std = [255.0,", "std = [0,", "positive", id="zero"),
        pytest.param('"saw"', '"cup"', "'cup' is there twice", id="name twice"),
        pytest.param('"saw"', '" "', "no class name", id="blank name"),
        pytest.param('data = "none"\n', "", "data missing", id="missing key"),
        pytest.param('name = "tiny"', 'name = "../tiny"', "no model name", id="name with a path"),
        pytest.param('name = "tiny"', "name = ", "not valid TOML", id="not TOML"),
        pytest.param("input_size = 64", f"input_size = {'6' * 5000}", "not valid", id="digits"),
        pytest.param("input_size = 64", f"input_size = {'[' * 9000}", "not valid", id="nested"),
        pytest.param("[weights]", '[weights]\nsha256 = "A"', "64 lower-case", id="digest"),
        pytest.param("[weights]", '[weights]\nurl = "ftp://a/b"', "https://", id="address"),
        pytest.param("[weights]", "[[measured]]\nap = 1\n[weights]", "command", id="no command"),
    ],
)
def test_card_is_refused_with_a_reason(card, old, new, message):
    text = card_to_toml(card)
    assert old in text
    with pytest.raises(CardError, match=message):
        parse_card(text.replace(old, new), where="my.toml")


def test_card_reads_labels_beside_it(card, tmp_path):
    text = card_to_toml(card).replace('names = ["cup", "saw", "owl"]', 'file = "names.txt"')
    path = tmp_path / "tiny.toml"
    path.write_text(text)
    (tmp_path / "names.txt").write_text("7\tcup\tkitchen\n9\tsaw\ttool\n11\towl\tanimal\n")
    categories = read_card(path).categories
    assert [(c.category_id, c.name, c.supercategory) for c in categories] == [
        (7, "cup", "kitchen"),
        (9, "saw", "tool"),
        (11, "owl", "animal"),
    ]


def test_card_without_ids_counts_from_one(card):
    assert [category.category_id for category in card.categories] == [1, 2, 3]


def test_label_file_with_mixed_lines_is_refused(tmp_path, card):
    (tmp_path / "names.txt").write_text("1\tcup\nsaw\n")
    text = card_to_toml(card).replace('names = ["cup", "saw", "owl"]', 'file = "names.txt"')
    with pytest.raises(CardError, match="every line"):
        parse_card(text, where="my.toml", folder=tmp_path)


def test_coco_cards_keep_the_gaps_of_the_category_ids(models_folder):
    card = read_card(models_folder / "yolact_base.toml")
    assert card.categories[11].category_id == 13
    assert card.categories[11].name == "stop sign"
    assert card.categories[-1].category_id == 90
