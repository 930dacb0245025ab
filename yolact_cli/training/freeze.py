"""Backbone stages that are not trained, and run faster for it."""

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from yolact_cli.network.inference_form import bring_to_inference_form


def freeze_stages(stages: Sequence[nn.Module]) -> None:
    """Stop gradients and statistics of ``stages``; call again after each ``network.train()``."""
    for stage in stages:
        stage.eval()
        stage.requires_grad_(requires_grad=False)


def freeze_norms(module: nn.Module) -> None:
    """Batch norms keep statistics and weights; call again after each ``network.train()``."""
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eval()
            layer.requires_grad_(requires_grad=False)


def run_frozen_fused(stages: Sequence[nn.Module]) -> None:
    """Let frozen stages compute with their batch norms folded into the convolutions.

    The stages' own parameters stay as they are, so state dicts do not change. Their forward is
    replaced by that of a folded copy, which later changes of the parameters do not reach.
    """
    for stage in stages:
        if isinstance(stage, nn.Sequential):
            folded = copy.deepcopy(stage).eval()
            bring_to_inference_form(folded)
            stage.forward = _without_gradient(folded)  # type: ignore[method-assign]


class _without_gradient:  # noqa: N801 - a callable, not a thing
    """A module's forward outside autograd, kept out of the module tree it is hung into."""

    def __init__(self, module: nn.Module) -> None:
        self._module = module

    @torch.no_grad()
    def __call__(self, x: Tensor) -> Tensor:
        out: Tensor = self._module(x)
        return out
