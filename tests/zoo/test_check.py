"""The zoo checked as a whole, and the page made from it."""

import pytest
import torch

from yolact_cli.zoo.card import read_card
from yolact_cli.zoo.check import check_cards
from yolact_cli.zoo.listing import best_figure, zoo_page
from yolact_cli.zoo.resolve import RELEASED_STEM, cached_weights_path

RELEASED = {
    "yolact_base": 50_157_071,
    "yolact_darknet53": 47_783_087,
    "yolact_im400": 50_157_071,
    "yolact_im700": 50_157_071,
    "yolact_plus_base": 52_571_142,
    "yolact_plus_resnet50": 33_766_460,
    "yolact_resnet50": 31_164_943,
    "yolact_resnet50_pascal": 30_734_623,
}


@pytest.fixture
def find(own_zoo, own_cache):
    """The report on one card, the embedded ones included."""

    def search(name):
        return next(report for report in check_cards() if report.name == name)

    return search


def test_embedded_cards_have_no_problem(own_cache):
    assert [report.problem for report in check_cards() if report.problem] == []


def test_released_networks_have_the_published_number_of_parameters(own_cache):
    found = {report.name: report.parameters for report in check_cards()}
    assert {name: found[name] for name in RELEASED} == RELEASED


def test_released_addresses_end_in_names_that_tell_the_configuration(models_folder):
    for path in sorted(models_folder.glob("*.toml")):
        card = read_card(path)
        if card.weights.url:
            assert RELEASED_STEM.fullmatch(cached_weights_path(card).stem)["config"] == path.stem


def test_card_that_does_not_parse_is_a_problem(find, own_zoo):
    (own_zoo / "odd.toml").write_text("name = ")
    assert "not valid TOML" in find("odd").problem


def test_card_under_another_name_is_a_problem(find, write_card, card):
    write_card(card).rename(write_card(card).with_name("other.toml"))
    assert "is named tiny" in find("other").problem


def test_wrong_checksum_is_a_problem(find, write_card, with_weights, state):
    path = write_card(with_weights(file="w.pth", sha256="0" * 64))
    torch.save(state, path.parent / "w.pth")
    assert "was promised" in find("tiny").problem


def test_good_weights_are_loaded(find, write_card, with_weights, state, network):
    path = write_card(with_weights(file="w.pth"))
    torch.save(state, path.parent / "w.pth")
    report = find("tiny")
    assert (report.problem, report.parameters) == ("", network.num_parameters)


def test_models_page_is_made_from_the_cards(models_folder):
    cards = [read_card(path) for path in sorted(models_folder.glob("*.toml"))]
    page = (models_folder / "README.md").read_text(encoding="utf-8")
    assert page == zoo_page(cards), "run: yolact models list --markdown > models/README.md"


def test_measured_figures_come_before_reported_ones(make_card):
    measured = {"mask_ap50": 0.44, "dataset": "ours", "command": "yolact score"}
    card = make_card(measured=(measured,), reported={"mask_ap": 29.8})
    assert best_figure(card) == "AP50 0.44 on ours, measured"


def test_card_without_figures_has_an_empty_cell(card):
    assert best_figure(card) == ""
