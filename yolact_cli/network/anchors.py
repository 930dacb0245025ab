"""Anchors ("priors" in the reference): the boxes each cell of the pyramid starts from.

Arrays, not tensors: runtimes without torch decode boxes with them too.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from yolact_cli.network.config import AnchorConfig

_HALVINGS_BEFORE_P3, _LEVELS = 3, 5


def level_sizes_hw(input_size: int) -> tuple[tuple[int, int], ...]:
    """Rows and columns of P3..P7 for a square input: each halving rounds up."""
    sides = [input_size]
    for _ in range(_HALVINGS_BEFORE_P3 + _LEVELS - 1):
        sides.append(-(-sides[-1] // 2))
    return tuple((side, side) for side in sides[_HALVINGS_BEFORE_P3:])


def make_anchors(
    config: AnchorConfig, *, input_size: int, level_sizes_hw: Sequence[tuple[int, int]]
) -> Float32[np.ndarray, "anchors 4"]:
    """Centre, width and height of every anchor, relative to the input.

    Order: level (P3 first), row, column, scale, aspect ratio. Sizes refer to ``input_size``
    whatever the levels' own sizes are.

    Source: dbolya/yolact 902073d, ``PredictionModule.make_priors`` (MIT), its square-anchor quirk
    included.
    """
    levels = []
    for scales, (rows, columns) in zip(config.scales_px, level_sizes_hw, strict=True):
        shapes = np.array(_cell_shapes(config, scales)) / input_size
        anchors = np.empty((rows, columns, len(shapes), 4))
        anchors[..., 0] = ((np.arange(columns) + 0.5) / columns)[:, None]
        anchors[..., 1] = ((np.arange(rows) + 0.5) / rows)[:, None, None]
        anchors[..., 2:] = shapes
        levels.append(anchors.reshape(-1, 4))
    joined: np.ndarray = np.concatenate(levels).astype(np.float32)
    return joined


def _cell_shapes(config: AnchorConfig, scales: Sequence[float]) -> list[tuple[float, float]]:
    shapes = []
    for scale in scales:
        for ratio in config.aspect_ratios:
            width = scale * math.sqrt(ratio)
            height = width if config.is_square else scale / math.sqrt(ratio)
            shapes.append((width, height))
    return shapes
