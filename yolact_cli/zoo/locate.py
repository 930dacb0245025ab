"""Where cards are looked for, and where downloaded weights are kept.

Order: ``$YOLACT_MODELS`` (folders, separated as in ``$PATH``), the user's data folder, the cards
that travel with the program. The first card of a name wins.
"""

import os
from collections.abc import Iterator
from importlib import resources
from pathlib import Path

import platformdirs

from yolact_cli.errors import ModelError

APPLICATION = "yolact_cli"


def zoo_folders() -> list[Path]:
    """The folders that may hold cards, first to be searched first; all exist."""
    folders = [Path(entry) for entry in _environment_entries("YOLACT_MODELS")]
    folders.append(platformdirs.user_data_path(APPLICATION, appauthor=False) / "models")
    folders.append(embedded_folder())
    return [folder for folder in folders if folder.is_dir()]


def embedded_folder() -> Path:
    """The cards that travel with the program, in a wheel or in a checkout.

    Raises:
        ModelError: If the installation has lost them.
    """
    package = Path(str(resources.files("yolact_cli")))
    if (package / "models").is_dir():
        return package / "models"
    checkout = package.parent
    # A folder called models/ beside an installed package could be anybody's.
    if (checkout / "models").is_dir() and (checkout / "pyproject.toml").is_file():
        return checkout / "models"
    raise ModelError(
        f"{package}: the folder with the model cards is missing.", remedy="Install yolact_cli anew."
    )


def cache_folder() -> Path:
    """Where downloaded weights are kept: ``$YOLACT_CACHE`` or the user's cache; may not exist."""
    chosen = os.environ.get("YOLACT_CACHE")
    if chosen:
        return Path(chosen).expanduser()
    return platformdirs.user_cache_path(APPLICATION, appauthor=False) / "weights"


def card_paths() -> dict[str, Path]:
    """Every card's file by its name (the file's stem), names in alphabetical order."""
    found: dict[str, Path] = {}
    for path in _cards_in_order():
        found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def _cards_in_order() -> Iterator[Path]:
    for folder in zoo_folders():
        yield from sorted(folder.glob("*.toml"))


def _environment_entries(variable: str) -> list[str]:
    return [entry for entry in os.environ.get(variable, "").split(os.pathsep) if entry]
