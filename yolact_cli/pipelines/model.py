"""A resolved model made ready to run: network on its device, resize, classes, checksum."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.errors import SettingsError
from yolact_cli.inference.device import resolve_device
from yolact_cli.inference.nms import Selection
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Category
from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import ModelSource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadyModel:
    """What pictures go through.

    Attributes:
        runtime: The network.
        resize: A picture to the runtime's input.
        categories: The classes in the network's order.
        device: Where it runs, as torch spells it.
    """

    runtime: Runtime
    resize: Resize
    categories: tuple[Category, ...]
    device: str


def resize_of(card: ModelCard) -> Resize:
    """How pictures are made to fit a card's network."""
    return Resize(input_size=card.network.input_size, kind=card.input.interpolation)


def ready_model(source: ModelSource, settings: LabelSettings, *, device: str) -> ReadyModel:
    """The source's network with its weights on a device.

    Raises:
        DeviceError: The device is not there.
        ModelError: The weights are not here, or not to be trusted.
        SettingsError: A class that the model does not have, or a runtime that is not known.
    """
    if settings.runtime != "torch":
        raise SettingsError(f"There is no runtime {settings.runtime!r}; there is 'torch'.")
    where = resolve_device(device)
    card = source.card
    selection = Selection(
        nms=settings.nms,
        score_threshold=settings.score_threshold,
        class_ids=class_ids_of(card.categories, settings.class_names),
    )
    runtime = TorchRuntime(
        load_network(source),
        normalisation=Normalisation(mean=card.input.mean, std=card.input.std),
        device=where,
        precision=settings.precision,
        selection=selection,
    )
    return ReadyModel(
        runtime=runtime, resize=resize_of(card), categories=card.categories, device=str(where)
    )


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
            close = get_close_matches(name, places, n=1)
            offer = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(places)}."
            raise SettingsError(f"The model has no class '{name}'.", remedy=offer)
    return tuple(sorted({places[name] for name in names}))


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
