"""Where cards are looked for: in a checkout, in an installed package, in the user's folders."""

import os
from importlib import resources

import pytest

from yolact_cli.errors import ModelError
from yolact_cli.zoo.locate import cache_folder, card_paths, embedded_folder


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An empty folder in the place of the installed package."""
    folder = tmp_path / "site" / "yolact_cli"
    folder.mkdir(parents=True)
    monkeypatch.setattr(resources, "files", lambda _: folder)
    return folder


def test_installed_package_carries_its_cards(package):
    (package / "models").mkdir()
    assert embedded_folder() == package / "models"


def test_checkout_has_its_cards_beside_the_package(package):
    (package.parent / "models").mkdir()
    (package.parent / "pyproject.toml").touch()
    assert embedded_folder() == package.parent / "models"


def test_somebody_elses_models_folder_is_not_taken(package):
    (package.parent / "models").mkdir()
    with pytest.raises(ModelError, match="Install yolact_cli anew"):
        embedded_folder()


def test_first_of_several_own_folders_wins(tmp_path, monkeypatch):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
        (folder / "mine.toml").touch()
    monkeypatch.setenv("YOLACT_MODELS", os.pathsep.join(map(str, folders)))
    assert card_paths()["mine"] == folders[0] / "mine.toml"


def test_own_folder_that_is_missing_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("YOLACT_MODELS", str(tmp_path / "missing"))
    assert "yolact_base" in card_paths()


def test_cache_is_where_the_environment_says(own_cache):
    assert cache_folder() == own_cache
