"""The optimiser and its parameter groups."""

from collections.abc import Iterable

import torch
from torch import nn

from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import TrainSettings

MOMENTUM = 0.9


def make_optimizer(network: Yolact, settings: TrainSettings) -> torch.optim.Optimizer:
    """SGD or AdamW over the trainable parameters, the backbone at its own rate.

    SGD decays every parameter, biases and batch norms too, as the reference does; AdamW only
    weights of more than one dimension.
    """
    backbone = [p for p in network.backbone.parameters() if p.requires_grad]
    inside = {id(parameter) for parameter in network.backbone.parameters()}
    rest = [p for p in network.parameters() if p.requires_grad and id(p) not in inside]
    groups = [
        *_groups(rest, settings.learning_rate, settings),
        *_groups(backbone, settings.learning_rate * settings.backbone_rate, settings),
    ]
    if settings.optimizer == "sgd":
        return torch.optim.SGD(groups, momentum=MOMENTUM)
    return torch.optim.AdamW(groups)


def set_learning_rates(optimizer: torch.optim.Optimizer, factor: float) -> None:
    """Every group's rate becomes ``factor`` times its highest one."""
    for group in optimizer.param_groups:
        group["lr"] = group["highest_lr"] * factor


def _groups(
    parameters: Iterable[nn.Parameter], rate: float, settings: TrainSettings
) -> list[dict[str, object]]:
    decayed: list[nn.Parameter] = []
    plain: list[nn.Parameter] = []
    for parameter in parameters:
        is_decayed = settings.optimizer == "sgd" or parameter.ndim > 1
        (decayed if is_decayed else plain).append(parameter)
    base = {"lr": rate, "highest_lr": rate}
    groups = [
        {**base, "params": decayed, "weight_decay": settings.weight_decay},
        {**base, "params": plain, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
