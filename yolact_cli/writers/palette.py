"""Colours of classes and of objects: the same in every picture, in masks and in overlays."""

import functools

import cv2
import numpy as np
from jaxtyping import UInt8

# Told apart with any of the common kinds of colour blindness. Source: Okabe and Ito, "Color
# Universal Design" (2008), without black, brightest contrasts first.
_OKABE_ITO = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66),
    (0, 114, 178), (213, 94, 0), (204, 121, 167),
)  # fmt: skip
# Hues run out after those; from then on neighbours also differ in lightness, which everybody sees.
_LIGHTNESSES = (74.0, 46.0, 88.0, 60.0)
_CHROMAS = (48.0, 46.0, 24.0, 50.0)  # about as much as a screen shows at that lightness
_GOLDEN_ANGLE = np.pi * (3 - 5**0.5)
# Lightness and hue (radians) of the first, second, … object of a class, relative to the class.
_VARIATIONS = ((0, 0.0), (14, 0.22), (-14, -0.22), (8, -0.4), (-8, 0.4), (20, 0.0), (-20, 0.1))


def class_colours(count: int) -> UInt8[np.ndarray, "count 3"]:
    """RGB colours of the classes 0 to ``count`` - 1; a longer table begins like a shorter one."""
    index = np.arange(max(count, len(_OKABE_ITO)))
    hues = index * _GOLDEN_ANGLE
    lightnesses = np.take(_LIGHTNESSES, index, mode="wrap")
    chromas = np.take(_CHROMAS, index, mode="wrap")
    colours = _to_rgb(
        np.stack([lightnesses, chromas * np.cos(hues), chromas * np.sin(hues)], axis=1)
    )
    colours[: len(_OKABE_ITO)] = _OKABE_ITO
    return colours[:count]


def object_colour(class_id: int, number: int) -> tuple[int, int, int]:
    """RGB of the ``number``-th object (from 0) of a class: the class's colour, varied a little."""
    return _varied_colour(class_id, number % len(_VARIATIONS))


@functools.lru_cache(maxsize=4096)
def _varied_colour(class_id: int, variation: int) -> tuple[int, int, int]:
    rgb = class_colours(class_id + 1)[-1:]
    lightness, a, b = cv2.cvtColor(rgb[None].astype(np.float32) / 255, cv2.COLOR_RGB2LAB)[0, 0]
    lighter, turned = _VARIATIONS[variation]
    if lighter:
        hue, chroma = np.arctan2(b, a) + turned, np.hypot(a, b)
        varied = [
            np.clip(lightness + lighter, 25, 95),
            chroma * np.cos(hue),
            chroma * np.sin(hue),
        ]
        rgb = _to_rgb(np.array([varied]))
    red, green, blue = (int(channel) for channel in rgb[0])
    return red, green, blue


def is_light(colour: tuple[int, int, int]) -> bool:
    """Whether black is more legible on this RGB colour than white.

    Source: relative luminance and contrast of WCAG 2.1; both contrasts are equal at 0.179.
    """
    linear = [(c / 255 / 12.92) if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] > 0.179


def _to_rgb(lab: np.ndarray) -> UInt8[np.ndarray, "count 3"]:
    rgb = cv2.cvtColor(lab[None].astype(np.float32), cv2.COLOR_LAB2RGB)[0]
    levels: UInt8[np.ndarray, "count 3"] = np.clip(np.rint(rgb * 255), 0, 255).astype(np.uint8)
    return levels
