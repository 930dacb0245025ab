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

_MOST_AS_FLOAT = 4
"""Times as many pixels as are wanted: OpenCV, which takes them all in float32, is quicker still."""
_STRIP_ROWS = 32
"""Computed together: few enough to stay in a core's cache, which is what takes the time."""


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

    Positions are float64 in small pictures, which OpenCV resizes, and float32 as in torch in large
    ones, of which only the pixels that are looked at are computed with: the cost hardly depends on
    the picture's size.
    """
    height, width = picture.shape[:2]
    if height * width <= _MOST_AS_FLOAT * side**2:
        small: np.ndarray = cv2.resize(picture.astype(np.float32), (side, side))
        return small
    top, bottom, down = _two_taps(height, side)
    left, right, across = _two_taps(width, side)
    left, right, across = _samples(left), _samples(right), np.repeat(across, 3)
    rows = picture.reshape(height, width * 3)
    resized = np.empty((side, side * 3), np.float32)
    for start in range(0, side, _STRIP_ROWS):
        strip = slice(start, start + _STRIP_ROWS)
        upper, lower = (np.take(rows, which[strip], axis=0) for which in (top, bottom))
        if width > 2 * side:  # most columns are not looked at
            upper, lower = (np.hstack((one[:, left], one[:, right])) for one in (upper, lower))
            pair = np.hsplit(_between(upper, lower, down[strip, None]), 2)
        else:
            columns = _between(upper, lower, down[strip, None])
            pair = [np.take(columns, which, axis=1) for which in (left, right)]
        resized[strip] = _between(pair[0], pair[1], across)
    return resized.reshape(side, side, 3)


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


def _samples(pixels: Int64[np.ndarray, " s"]) -> Int64[np.ndarray, " s3"]:
    """Where the three samples of these pixels of a row lie."""
    places: np.ndarray = (pixels[:, None] * 3 + np.arange(3)).ravel()
    return places


def _between(first: np.ndarray, second: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """The two mixed, in float32; the first is written over where it is float32 already."""
    first = first.astype(np.float32, copy=False)
    step = second - first
    step *= weight
    first += step
    return first
