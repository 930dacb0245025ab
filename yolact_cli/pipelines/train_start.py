"""Where a training starts: the network for the data's classes, and its first weights."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from yolact_cli.errors import SettingsError, WeightsMismatchError
from yolact_cli.network.initialise import initialise
from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import TrainSettings
from yolact_cli.structures import Category
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


def make_network(
    model: str, start: str, categories: Sequence[Category], settings: TrainSettings
) -> StartingPoint:
    """The model's network for ``categories``, started as asked.

    Args:
        model: Names the network, as for annotating.
        start: ``model`` for the model's own weights, ``imagenet`` for a backbone from the
            installed package, ``scratch``, or a file: a checkpoint, or a backbone's weights.
        categories: The data's classes, in their order.
        settings: For the seed of fresh layers.

    Raises:
        ModelError: The model or its weights are not there or do not fit.
    """
    source = resolve_model(model)
    labels = Labels(
        names=tuple(category.name for category in categories),
        category_ids=tuple(category.category_id for category in categories),
        supercategories=tuple(category.supercategory for category in categories),
    )
    same_classes = labels.names == source.card.labels.names
    config = replace(source.card.network, num_classes=len(categories))
    card = replace(source.card, network=config, labels=labels, measured=(), reported={})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = Yolact(config)
        initialise(network)
    fresh = _load(network, source, start, keep_classes=same_classes)
    return StartingPoint(card=card, network=network, fresh_layers=fresh)


def _load(
    network: Yolact, source: ModelSource, start: str, *, keep_classes: bool
) -> tuple[str, ...]:
    if start == "scratch":
        return ("backbone", *ALL_BUT_BACKBONE)
    if start == "imagenet":
        if network.config.backbone != "efficientnet_lite0":
            raise SettingsError(
                f"ImageNet weights of {network.config.backbone} are in no package.",
                remedy="Give the file instead, for instance --start resnet50-19c8e357.pth.",
            )
        load_lite0_backbone(network)
        return ALL_BUT_BACKBONE
    if start == "model":
        if source.weights_path is None:
            raise weights_absent(source)
        path, sha256 = source.weights_path, source.sha256
    else:
        path, sha256 = Path(start), None
    try:
        return load_for_training(network, path, sha256=sha256, keep_classes=keep_classes)
    except WeightsMismatchError as error:
        if start == "model":
            raise
        # A file of a backbone alone is a start too; what it is not either is told as before.
        try:
            load_backbone_weights(network, path)
        except WeightsMismatchError:
            raise error from None
        return ALL_BUT_BACKBONE
