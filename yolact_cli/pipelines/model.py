"""A resolved model made ready to run: network on its device, resize, classes, checksum."""

from dataclasses import dataclass

from yolact_cli.errors import SettingsError
from yolact_cli.inference.device import resolve_device
from yolact_cli.inference.selection import Selection
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.pipelines.classes import class_ids_of
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
