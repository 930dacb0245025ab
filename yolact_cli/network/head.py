"""The prediction head: for each anchor a class, a box and k mask coefficients.

Source: YOLACT (arXiv 1904.02689) section 3.1, figure 4; dbolya/yolact, MIT.
"""

import torch
from torch import Tensor, nn

from yolact_cli.network.blocks import LevelNorm, shared_conv3x3
from yolact_cli.network.config import NetworkConfig


class PredictionHead(nn.Module):
    """One set of weights, applied to every pyramid level; only batch norms are a level's own."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        channels, per_cell = config.fpn_channels, config.anchors.per_cell
        self.num_outputs = (4, config.num_classes + 1, config.num_prototypes)
        num_levels = len(config.anchors.scales_px)
        tower: list[nn.Module] = []
        for _ in range(config.head_depth):
            tower += shared_conv3x3(channels, num_levels=num_levels, kind=config.conv_kind)
            tower.append(nn.ReLU())
        self.upfeature = nn.Sequential(*tower)
        kernel, padding = config.head_kernel, config.head_kernel // 2
        self.bbox_layer, self.conf_layer, self.mask_layer = (
            nn.Conv2d(channels, per_cell * outputs, kernel, padding=padding)
            for outputs in self.num_outputs
        )

    def forward(self, features: Tensor, *, level: int) -> tuple[Tensor, Tensor, Tensor]:
        """Box offsets, class logits and mask coefficients, each (b, h * w * per_cell, outputs).

        Cells row by row, the anchors of a cell side by side, as :func:`make_anchors` orders them;
        ``level`` counts from P3, which is 0.
        """
        for layer in self.upfeature:
            is_norm = isinstance(layer, LevelNorm)
            features = layer(features, level) if is_norm else layer(features)
        boxes, classes, masks = (
            layer(features).permute(0, 2, 3, 1).unflatten(3, (-1, outputs)).flatten(1, 3)
            for layer, outputs in zip(
                (self.bbox_layer, self.conf_layer, self.mask_layer), self.num_outputs, strict=True
            )
        )
        return boxes, classes, torch.tanh(masks)
