"""What the mask-rescoring branch looks at, as arrays. No torch.

Symbols: ``d`` detections of a picture, ``k`` prototypes, ``h`` and ``w`` their grid.
"""

import numpy as np
from jaxtyping import Bool, Float32


def cropped_soft_masks(
    boxes_xyxy_norm: Float32[np.ndarray, "d 4"],
    mask_coefficients: Float32[np.ndarray, "d k"],
    prototypes: Float32[np.ndarray, "h w k"],
) -> Float32[np.ndarray, "d h w"]:
    """Soft masks at prototype resolution, zero outside their boxes grown by one prototype pixel.

    Source: dbolya/yolact 902073d, ``layers/box_utils.py``, ``crop`` (MIT).
    """
    height, width, channels = prototypes.shape
    logits = mask_coefficients @ prototypes.reshape(-1, channels).T
    soft_masks = (0.5 * (1 + np.tanh(0.5 * logits))).reshape(-1, height, width)
    in_columns = _inside(width, boxes_xyxy_norm[:, [0, 2]] * np.float32(width))
    in_rows = _inside(height, boxes_xyxy_norm[:, [1, 3]] * np.float32(height))
    cropped: np.ndarray = soft_masks * (in_rows[:, :, None] & in_columns[:, None, :])
    return cropped.astype(np.float32)


def _inside(length: int, edges: Float32[np.ndarray, "d 2"]) -> Bool[np.ndarray, "d length"]:
    places = np.arange(length)
    low, high = edges.min(axis=1, keepdims=True) - 1, edges.max(axis=1, keepdims=True) + 1
    inside: np.ndarray = (places >= low) & (places < high)
    return inside
