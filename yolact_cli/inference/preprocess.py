"""Pictures to the square the network looks at. No torch: workers that decode stay light.

The aspect ratio is not kept, as in the reference. Normalisation is the runtime's, on its device.
Symbols: ``s`` the network's input side.
"""

from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, Int64, Shaped, UInt8

ResizeKind = Literal["bilinear", "area"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resize:
    """A picture to the network's input size; a value, so that it travels to workers."""

    input_size: int
    """Side of the square, in px."""
    kind: ResizeKind
    """bilinear: the released models' own, which looks at four pixels however much it shrinks;
    area: every pixel counts when shrinking."""

    def __call__(self, picture: UInt8[np.ndarray, "h w 3"]) -> Shaped[np.ndarray, "s s 3"]:
        """RGB in [0, 255]: float32 and not rounded (bilinear), or uint8 (area)."""
        if self.kind == "bilinear":
            return resize_bilinear(picture, self.input_size)
        return resize_area(picture, self.input_size)


def resize_bilinear(picture: UInt8[np.ndarray, "h w 3"], side: int) -> Float32[np.ndarray, "s s 3"]:
    """What torch's bilinear interpolation (align_corners False, no antialias) gives in float32.

    Only the pixels that are looked at are read, so the cost hardly depends on the picture's size.
    """
    height, width = picture.shape[:2]
    top, bottom, down = _two_taps(height, side)
    left, right, across = _two_taps(width, side)
    across, down = across[None, :, None], down[:, None, None]
    upper, lower = (
        picture[rows[:, None], left] * (1 - across) + picture[rows[:, None], right] * across
        for rows in (top, bottom)
    )
    resized: np.ndarray = upper * (1 - down) + lower * down
    return resized


def resize_area(picture: UInt8[np.ndarray, "h w 3"], side: int) -> UInt8[np.ndarray, "s s 3"]:
    """Pixel averages along an axis that shrinks, linear interpolation along one that grows."""
    height, width = picture.shape[:2]
    shrunk_wh = (min(width, side), min(height, side))
    if shrunk_wh != (width, height):
        picture = cv2.resize(picture, shrunk_wh, interpolation=cv2.INTER_AREA)
    if shrunk_wh != (side, side):
        picture = cv2.resize(picture, (side, side), interpolation=cv2.INTER_LINEAR)
    return picture


def _two_taps(
    length: int, side: int
) -> tuple[Int64[np.ndarray, " s"], Int64[np.ndarray, " s"], Float32[np.ndarray, " s"]]:
    """For each output pixel the two input pixels it lies between, and the second one's weight."""
    # float32 as in torch: near pixel 4000 its rounding shows in the weights
    scale = np.float32(length) / np.float32(side)
    position = scale * (np.arange(side, dtype=np.float32) + np.float32(0.5)) - np.float32(0.5)
    position = np.maximum(position, np.float32(0))
    first = np.minimum(position.astype(np.int64), length - 1)
    second = np.minimum(first + 1, length - 1)
    return first, second, position - first.astype(np.float32)
