"""Anchors ("priors" in the reference): the boxes each cell of the pyramid starts from."""

import math
from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from yolact_cli.network.config import AnchorConfig


def make_anchors(
    config: AnchorConfig, *, input_size: int, level_sizes_hw: Sequence[tuple[int, int]]
) -> Float[Tensor, "anchors 4"]:
    """Centre, width and height of every anchor, relative to the input; float32.

    Order: level (P3 first), row, column, scale, aspect ratio. Sizes refer to ``input_size``
    whatever the levels' own sizes are.

    Source: dbolya/yolact 902073d, ``PredictionModule.make_priors`` (MIT), its square-anchor quirk
    included.
    """
    levels = []
    for scales, (rows, columns) in zip(config.scales_px, level_sizes_hw, strict=True):
        shapes = torch.tensor(_cell_shapes(config, scales), dtype=torch.float64) / input_size
        y = (torch.arange(rows, dtype=torch.float64) + 0.5) / rows
        x = (torch.arange(columns, dtype=torch.float64) + 0.5) / columns
        centre_y, centre_x = torch.meshgrid(y, x, indexing="ij")
        centres = torch.stack((centre_x, centre_y), dim=-1).reshape(-1, 1, 2)
        centres = centres.expand(-1, len(shapes), -1)
        level = torch.cat((centres, shapes.expand(len(centres), -1, -1)), dim=-1)
        levels.append(level.reshape(-1, 4))
    return torch.cat(levels).float()


def _cell_shapes(config: AnchorConfig, scales: Sequence[float]) -> list[tuple[float, float]]:
    shapes = []
    for scale in scales:
        for ratio in config.aspect_ratios:
            width = scale * math.sqrt(ratio)
            height = width if config.is_square else scale / math.sqrt(ratio)
            shapes.append((width, height))
    return shapes
