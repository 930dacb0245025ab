"""The parts of a network that become graphs, as modules that take and give plain tensors."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from yolact_cli.inference.runtimes.graph import (
    MASK_IOUS,
    MASKS,
    OUTPUTS,
    PIXELS,
    GraphBytes,
    GraphPair,
)
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.network.anchors import level_sizes_hw
from yolact_cli.network.mask_rescoring import MaskIouNet
from yolact_cli.network.yolact import NetworkOutputs, Yolact

Convert = Callable[[nn.Module, Tensor, str, tuple[str, ...]], GraphBytes]
"""Makes a graph of a module: one input of that name, shaped like the example but for a free first
axis, and outputs of those names."""
NETWORK_ATTRIBUTE = "network"
"""Of the traced module: the network's names follow it in a graph."""


class PixelsToOutputs(nn.Module):
    """Pictures (b, s, s, 3), RGB in [0, 255], to the outputs in the order of ``graph.OUTPUTS``."""

    mean: Tensor
    std: Tensor

    def __init__(self, network: Yolact, normalisation: Normalisation) -> None:
        super().__init__()
        self.network = network
        weight = network.backbone.stages()[0].parameters()
        like = next(weight)
        self.register_buffer("mean", like.new_tensor(normalisation.mean))
        self.register_buffer("std", like.new_tensor(normalisation.std))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Box offsets, class logits, mask coefficients, prototypes."""
        images = ((pixels - self.mean) / self.std).permute(0, 3, 1, 2)
        outputs: NetworkOutputs = self.network(images)
        return (
            outputs.box_offsets,
            outputs.class_logits,
            outputs.mask_coefficients,
            outputs.prototypes,
        )


class MasksToIous(nn.Module):
    """Soft cropped masks (n, h, w) to the IoU expected of each for each class, (n, c)."""

    def __init__(self, branch: MaskIouNet) -> None:
        super().__init__()
        self.branch = branch.maskiou_net

    def forward(self, soft_masks: Tensor) -> Tensor:
        """The branch's best value anywhere in the mask."""
        by_class: Tensor = self.branch(soft_masks[:, None]).amax(dim=(2, 3))
        return by_class


def graph_pair(network: Yolact, normalisation: Normalisation, convert: Convert) -> GraphPair:
    """The network's graphs, for any number of pictures."""
    side = network.config.input_size
    # Two of each: an axis of one may be taken for a constant.
    graph = convert(
        PixelsToOutputs(network, normalisation).eval(),
        torch.zeros(2, side, side, 3),
        PIXELS,
        OUTPUTS,
    )
    if not network.config.mask_rescoring:
        return GraphPair(network=graph)
    rows, columns = level_sizes_hw(side)[0]
    rescoring = convert(
        MasksToIous(network.maskiou_net).eval(),
        torch.zeros(2, 2 * rows, 2 * columns),
        MASKS,
        (MASK_IOUS,),
    )
    return GraphPair(network=graph, rescoring=rescoring)
