"""The prediction head: for each anchor a class, a box and k mask coefficients.

Source: YOLACT (arXiv 1904.02689) section 3.1, figure 4; dbolya/yolact, MIT.
"""

import torch
from torch import Tensor, nn

from yolact_cli.network.blocks import conv3x3
from yolact_cli.network.config import NetworkConfig


class PredictionHead(nn.Module):
    """One set of weights, applied to every pyramid level."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels, per_cell = config.fpn_channels, config.anchors.per_cell
        self.num_outputs = (4, config.num_classes + 1, config.num_prototypes)
        tower: list[nn.Module] = []
        for _ in range(config.head_depth):
            tower += [conv3x3(channels, channels, kind=config.conv_kind), nn.ReLU()]
        self.upfeature = nn.Sequential(*tower)
        kernel, padding = config.head_kernel, config.head_kernel // 2
        self.bbox_layer, self.conf_layer, self.mask_layer = (
            nn.Conv2d(channels, per_cell * outputs, kernel, padding=padding)
            for outputs in self.num_outputs
        )

    def forward(self, level: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Box offsets, class logits and mask coefficients, each (b, h * w * per_cell, outputs).

        Cells row by row, the anchors of a cell side by side, as :func:`make_anchors` orders them.
        """
        features = self.upfeature(level)
        boxes, classes, masks = (
            layer(features).permute(0, 2, 3, 1).unflatten(3, (-1, outputs)).flatten(1, 3)
            for layer, outputs in zip(
                (self.bbox_layer, self.conf_layer, self.mask_layer), self.num_outputs, strict=True
            )
        )
        return boxes, classes, torch.tanh(masks)
