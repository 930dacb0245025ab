"""``yolact models`` as its users meet it."""

import json

import pytest
from click.testing import CliRunner

from yolact_cli.cli.main import yolact
from yolact_cli.zoo.listing import zoo_page


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run ``yolact models ...`` with an empty cache."""
    monkeypatch.setenv("YOLACT_CACHE", str(tmp_path / "cache"))

    def invoke(*arguments):
        return CliRunner().invoke(yolact, ["models", *map(str, arguments)])

    return invoke


def test_list_names_the_models_and_whether_their_weights_are_here(run):
    lines = run("list").stdout.splitlines()
    line = next(line for line in lines if line.split()[:1] == ["yolact_base"])
    assert "resnet101" in line
    assert "to pull" in line


def test_list_passes_over_a_bad_card_with_a_warning(run, tmp_path, monkeypatch):
    (tmp_path / "odd.toml").write_text("name = ")
    monkeypatch.setenv("YOLACT_MODELS", str(tmp_path))
    result = run("list")
    assert "yolact_base" in result.stdout
    assert "odd.toml: not valid TOML" in result.stderr


def test_list_as_json_gives_whole_cards(run):
    cards = json.loads(run("list", "--json").stdout)
    assert {"name", "network", "weights", "weights_place"} <= set(cards[0])


def test_list_as_markdown_is_the_zoo_page(run):
    assert run("list", "--markdown").stdout.startswith(zoo_page([])[:100])


def test_show_prints_the_card_as_toml(run):
    result = run("show", "yolact_base")
    assert 'name = "yolact_base"' in result.stdout
    assert "to pull" in result.stderr


def test_show_as_json_tells_where_the_card_is(run, tiny_model):
    card = json.loads(run("show", tiny_model, "--json").stdout)
    assert card["card"] == str(tiny_model)
    assert card["weights_place"] == "here"


def test_show_offers_the_closest_name(run):
    result = run("show", "yolact_bas")
    assert result.exit_code == 1
    assert "Did you mean yolact_base" in result.stderr


def test_offline_pull_fails_with_what_to_do(run):
    result = run("pull", "yolact_base", "--offline")
    assert result.exit_code == 1
    assert "--offline was given" in result.stderr


def test_pull_of_a_model_that_travels_with_its_card_does_nothing(run, tiny_model):
    result = run("pull", tiny_model)
    assert result.exit_code == 0
    assert "nothing to fetch" in result.stderr


def test_pull_needs_a_name(run):
    assert run("pull").exit_code == 2


def test_check_lists_every_card(run):
    result = run("check", "--json")
    assert result.exit_code == 0
    assert "yolact_plus_base" in {row["model"] for row in json.loads(result.stdout)}


def test_check_with_a_bad_card_tells_it(run, tmp_path, monkeypatch):
    (tmp_path / "odd.toml").write_text("name = ")
    monkeypatch.setenv("YOLACT_MODELS", str(tmp_path))
    result = run("check")
    assert "odd.toml: not valid TOML" in result.stderr


def test_convert_prints_the_new_file(run, tiny_model, tmp_path):
    out = tmp_path / "out.safetensors"
    result = run("convert", tiny_model, out)
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip() == str(out)
    assert "SHA-256" in result.stderr


def test_convert_wants_a_safetensors_name(run, tiny_model, tmp_path):
    result = run("convert", tiny_model, tmp_path / "out.pth")
    assert result.exit_code == 2
    assert "must end in .safetensors" in result.stderr


def test_limit_of_a_loss_that_is_not_measured_is_wrong_usage(run, tiny_model, tmp_path):
    options = ["--images", tmp_path, "-o", tmp_path / "q", "--max-ap-drop", "0.5"]
    result = run("quantize", tiny_model, *options)
    assert result.exit_code == 2
    assert "--max-ap-drop needs --labels" in result.stderr
    assert not (tmp_path / "q").exists()
