"""Other names for classes: what a model calls a person, a review project may call a Human.

The file is TOML::

    unlisted = "keep"          # or "drop": what becomes of classes that are not below

    [classes]
    person = "Human"
    car = "Vehicle"            # several classes may share one name: they become one class
    truck = "Vehicle"
    cat = false                # left out
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from yolact_cli.errors import SettingsError
from yolact_cli.structures import Category
from yolact_cli.toml_settings import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassMap:
    """New names for a model's classes.

    Attributes:
        names: From the model's name to the new one, None for a class that is left out.
        keep_unlisted: Whether classes that are not in ``names`` keep their own name or go.
        origin: How errors call it.
    """

    names: Mapping[str, str | None]
    keep_unlisted: bool = True
    origin: str = "class map"

    def new_name(self, name: str) -> str | None:
        """What the class is called, or None when it is left out."""
        return self.names.get(name, name if self.keep_unlisted else None)

    def check_names(self, known: Sequence[str]) -> None:
        """Refuse a map that speaks of classes that are not among ``known``.

        Raises:
            SettingsError: With the closest known name.
        """
        for name in self.names:
            if name not in known:
                close = get_close_matches(name, known, n=1)
                offer = f"Did you mean '{close[0]}'?" if close else f"It has {_listed(known)}."
                raise SettingsError(
                    f"{self.origin}: the model has no class '{name}'.", remedy=offer
                )

    def new_categories(self, categories: Sequence[Category]) -> dict[int, Category | None]:
        """What each class is written as, by class id (its place in ``categories``); None: left out.

        Classes that share a new name share a category. Its id and parent are those of the class
        that had the name before, else of the first of them.

        Raises:
            SettingsError: The map speaks of classes that are not there.
        """
        self.check_names([category.name for category in categories])
        by_name: dict[str, Category] = {}
        for category in sorted(categories, key=lambda one: one.name != self.new_name(one.name)):
            name = self.new_name(category.name)
            if name is not None and name not in by_name:
                by_name[name] = Category(
                    category_id=category.category_id,
                    name=name,
                    supercategory=category.supercategory,
                )
        new_names = [self.new_name(category.name) for category in categories]
        return {
            class_id: None if name is None else by_name[name]
            for class_id, name in enumerate(new_names)
        }


def read_class_map(path: Path) -> ClassMap:
    """The class map in a TOML file.

    Raises:
        SettingsError: The file cannot be read, or says something that a class map cannot.
    """
    document = read_toml(path)
    unlisted = document.pop("unlisted", "keep")
    if unlisted not in ("keep", "drop"):
        raise SettingsError(f"{path}: unlisted is {unlisted!r}; it can be 'keep' or 'drop'.")
    classes = document.pop("classes", None)
    if document or not isinstance(classes, dict):
        stray = f"'{next(iter(document))}' is not known" if document else "there are no classes"
        example = '[classes] with lines like person = "Human".'
        raise SettingsError(f"{path}: {stray}.", remedy=f"Write a table {example}")
    names = {name: _new_name(name, value, path) for name, value in classes.items()}
    return ClassMap(names=names, keep_unlisted=unlisted == "keep", origin=str(path))


def _new_name(name: str, value: Any, path: Path) -> str | None:
    if value is False:
        return None
    if isinstance(value, str) and value.strip():
        return value
    raise SettingsError(f"{path}: '{name}' is {value!r}.", remedy="Give a new name, or false.")


def _listed(names: Sequence[str], most: int = 10) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
