"""Which of a model's classes to look for."""

from collections.abc import Sequence
from difflib import get_close_matches

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.datasets.threshold_file import ThresholdFile
from yolact_cli.errors import SettingsError
from yolact_cli.structures import Category


def class_ids_of(
    categories: Sequence[Category], names: Sequence[str] | None
) -> tuple[int, ...] | None:
    """The classes of those names, rising; None stays None and means all.

    Raises:
        SettingsError: A name that the model does not have.
    """
    if names is None:
        return None
    places = {category.name: place for place, category in enumerate(categories)}
    for name in names:
        if name not in places:
            raise unknown_class("The model", name, list(places))
    return tuple(sorted({places[name] for name in names}))


def unknown_class(who: str, name: str, known: Sequence[str]) -> SettingsError:
    """What is said of a class that somebody or something does not have."""
    close = get_close_matches(name, known, n=1)
    offer = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(known)}."
    return SettingsError(f"{who} has no class '{name}'.", remedy=offer)


def wanted_class_names(
    categories: Sequence[Category],
    *,
    only: Sequence[str] | None = None,
    exclude: Sequence[str] = (),
    class_map: ClassMap | None = None,
) -> tuple[str, ...] | None:
    """The model's names of the classes to look for, in its order; None where that is all.

    Args:
        categories: The model's.
        only: Names of the only ones, or None.
        exclude: Names of those to leave out.
        class_map: Leaves out what it drops.

    Raises:
        SettingsError: An unknown name, or nothing left.
    """
    chosen = class_ids_of(categories, only or None)
    refused = set(class_ids_of(categories, exclude) or ())
    if class_map is not None:
        written = class_map.new_categories(categories)
        refused |= {class_id for class_id, category in written.items() if category is None}
    everything = range(len(categories))
    left = [place for place in (chosen or everything) if place not in refused]
    if not left:
        raise SettingsError(
            "No class is left to look for.",
            remedy="Check --classes, --exclude and the class map against each other.",
        )
    return None if len(left) == len(categories) else tuple(categories[p].name for p in left)


def class_thresholds(
    categories: Sequence[Category],
    given: ThresholdFile,
    *,
    otherwise: float,
    class_map: ClassMap | None = None,
) -> tuple[float, ...]:
    """The threshold of every class of the model, in its order.

    The file's names are the model's own, or those that the class map gives.

    Args:
        categories: The model's.
        given: As read.
        otherwise: For classes that are not in it, where it has no default.
        class_map: Other names for the model's classes.

    Raises:
        SettingsError: A name that neither the model nor the class map has.
    """
    default = otherwise if given.default is None else given.default
    new_name = class_map.new_name if class_map else lambda name: name
    names = [(one.name, new_name(one.name)) for one in categories]
    known = list(dict.fromkeys(name for pair in names for name in pair if name is not None))
    for name in given.by_class:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            offer = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(known[:10])}."
            raise SettingsError(f"{given.origin}: the model has no class '{name}'.", remedy=offer)
    return tuple(
        given.by_class.get(own, given.by_class.get(new or own, default)) for own, new in names
    )
