"""Where a training starts: the network for the data's classes, and its first weights."""

from dataclasses import dataclass, replace
from pathlib import Path

import torch

from yolact_cli.errors import BadCocoError, ModelError, SettingsError, WeightsMismatchError
from yolact_cli.network.config import NetworkConfig
from yolact_cli.network.initialise import initialise
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines.train_request import TrainRequest
from yolact_cli.structures import Truth
from yolact_cli.zoo.backbone_weights import load_backbone_weights
from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.labels import Labels
from yolact_cli.zoo.lite_weights import load_lite0_backbone
from yolact_cli.zoo.resolve import ModelSource, resolve_model, weights_absent
from yolact_cli.zoo.weights import load_for_training

ALL_BUT_BACKBONE = ("fpn", "proto_net", "prediction_layers", "semantic_seg_conv")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StartingPoint:
    """A network ready to be trained.

    Attributes:
        card: The model's, with the data's classes.
        network: On the CPU.
        fresh_layers: What has random weights.
    """

    card: ModelCard
    network: Yolact
    fresh_layers: tuple[str, ...]


def make_network(request: TrainRequest, truth: Truth) -> StartingPoint:
    """The model's network for the classes of ``truth``, started as the request asks.

    Raises:
        BadCocoError: The classes cannot be a model's.
        ModelError: The model or its weights are not there or do not fit.
        SettingsError: The result's name is none.
    """
    source = resolve_model(request.model)
    labels = _labels(request, truth)
    config = replace(source.card.network, num_classes=len(labels.names))
    card = _card(request, source, config, labels)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(request.settings.seed)
        network = Yolact(config)
        initialise(network)
    fresh = _load(network, source, request.start, labels)
    return StartingPoint(card=card, network=network, fresh_layers=fresh)


def _card(
    request: TrainRequest, source: ModelSource, config: NetworkConfig, labels: Labels
) -> ModelCard:
    try:
        return replace(
            source.card,
            name=request.name,
            summary=_summary(request, source, config),
            network=config,
            labels=labels,
            measured=(),
            reported={},
        )
    except ValueError as error:  # told before hours of work, not when the result is written
        raise SettingsError(f"--name: {error}.", remedy="Give another --name.") from error


def _summary(request: TrainRequest, source: ModelSource, config: NetworkConfig) -> str:
    starts = {"model": source.card.name, "imagenet": "ImageNet", "scratch": "scratch"}
    classes = "1 class" if config.num_classes == 1 else f"{config.num_classes} classes"
    return (
        f"{config.backbone} at {config.input_size} px, {classes}, "
        f"trained from {starts.get(request.start, Path(request.start).name)}"
    )


def _labels(request: TrainRequest, truth: Truth) -> Labels:
    try:
        return Labels(
            names=tuple(category.name for category in truth.categories),
            category_ids=tuple(category.category_id for category in truth.categories),
            supercategories=tuple(category.supercategory for category in truth.categories),
        )
    except ValueError as error:
        raise BadCocoError(str(request.data), [f"the categories: {error}"]) from error


def _load(network: Yolact, source: ModelSource, start: str, labels: Labels) -> tuple[str, ...]:
    if start == "scratch":
        return ("backbone", *ALL_BUT_BACKBONE)
    if start == "imagenet":
        return _load_imagenet(network)
    if start == "model":
        if source.weights_path is None:
            raise weights_absent(source)
        return load_for_training(
            network,
            source.weights_path,
            sha256=source.sha256,
            keep_classes=source.card.labels.names == labels.names,
        )
    path = Path(start)
    try:
        return load_for_training(network, path, keep_classes=_may_know(path, labels))
    except WeightsMismatchError as error:
        # A file of a backbone alone is a start too; what it is not either is told as before.
        try:
            load_backbone_weights(network, path)
        except WeightsMismatchError:
            raise error from None
        return ALL_BUT_BACKBONE


def _load_imagenet(network: Yolact) -> tuple[str, ...]:
    if network.config.backbone != "efficientnet_lite0":
        raise SettingsError(
            f"ImageNet weights of {network.config.backbone} are in no package.",
            remedy="Give the file instead, for instance --start resnet50-19c8e357.pth.",
        )
    load_lite0_backbone(network)
    return ALL_BUT_BACKBONE


def _may_know(path: Path, labels: Labels) -> bool:
    """Whether a file's classes are these; where it does not tell, their number has to do."""
    try:
        return resolve_model(str(path)).card.labels.names == labels.names
    except ModelError:
        return True
