"""A resolved model made ready to run: a runtime with its network, resize, classes.

Each runtime is imported when it is used: a run of OpenVINO's that was compiled before loads no
torch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from yolact_cli.errors import SettingsError
from yolact_cli.inference.preprocess import Resize
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.selection import Selection
from yolact_cli.pipelines.classes import class_ids_of
from yolact_cli.pipelines.graph_runtimes import onnx_runtime, openvino_runtime
from yolact_cli.pipelines.runtime_choice import choose_runtime
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Category
from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.resolve import ModelSource


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadyModel:
    """What pictures go through.

    Attributes:
        runtime: The network.
        resize: A picture to the runtime's input.
        categories: The classes in the network's order.
        device: Where it runs.
    """

    runtime: Runtime
    resize: Resize
    categories: tuple[Category, ...]
    device: str


def resize_of(card: ModelCard) -> Resize:
    """How pictures are made to fit a card's network."""
    return Resize(input_size=card.network.input_size, kind=card.input.interpolation)


def selection_of(categories: Sequence[Category], settings: LabelSettings) -> Selection:
    """What a model with these classes is asked for.

    Raises:
        SettingsError: A class that the model does not have.
    """
    return Selection(
        nms=settings.nms,
        score_threshold=settings.least_score,
        class_ids=class_ids_of(categories, settings.class_names),
    )


def ready_model(source: ModelSource, settings: LabelSettings, *, device: str) -> ReadyModel:
    """The source's network with its weights on a device.

    Raises:
        DeviceError: The device is not there.
        ModelError: The weights are not here, or not to be trusted.
        SettingsError: A class that the model does not have, thresholds for another number of
            classes, or a runtime that is not installed or cannot run it.
    """
    card = source.card
    thresholds, classes = settings.class_thresholds, len(card.categories)
    if thresholds is not None and len(thresholds) != classes:
        raise SettingsError(
            f"There are {len(thresholds)} class thresholds; the model has {classes} classes."
        )
    choice = choose_runtime(card, settings, device=device)
    selection = selection_of(card.categories, settings)
    runtime: Runtime
    if choice.runtime == "openvino":
        runtime = openvino_runtime(
            source, selection, device=choice.device, precision=settings.precision
        )
    elif choice.runtime == "onnx":
        runtime = onnx_runtime(source, selection, device=choice.device)
    else:
        runtime = _torch_runtime(source, selection, settings, device=choice.device)
    return ReadyModel(
        runtime=runtime, resize=resize_of(card), categories=card.categories, device=choice.device
    )


def _torch_runtime(
    source: ModelSource, selection: Selection, settings: LabelSettings, *, device: str
) -> Runtime:
    from yolact_cli.inference.device import resolve_device
    from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
    from yolact_cli.zoo.load import load_network

    card = source.card
    return TorchRuntime(
        load_network(source),
        normalisation=Normalisation(mean=card.input.mean, std=card.input.std),
        device=resolve_device(device),
        precision=settings.precision,
        selection=selection,
    )
