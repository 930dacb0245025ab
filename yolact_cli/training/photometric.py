"""Colour distortion of training pictures.

Source: SSD's (arXiv 1512.02325 section 2.2) with YOLACT's figures (dbolya/yolact, MIT).
"""

import cv2
import numpy as np
from jaxtyping import UInt8

BRIGHTNESS = 32.0
CONTRAST = SATURATION = (0.5, 1.5)
HUE_DEGREES = 18.0


def distort_colours(
    picture: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator
) -> UInt8[np.ndarray, "h w 3"]:
    """Brightness, contrast, saturation and hue, each changed with probability one half.

    Contrast comes before or after the hue and saturation, by a coin. Unlike the reference, values
    leave the 0..255 range only between the steps.
    """
    image = picture.astype(np.float32)
    if rng.random() < 0.5:
        image += np.float32(rng.uniform(-BRIGHTNESS, BRIGHTNESS))
    contrast_first = rng.random() < 0.5
    contrast = np.float32(rng.uniform(*CONTRAST)) if rng.random() < 0.5 else None
    if contrast is not None and contrast_first:
        image *= contrast
    image = _distort_hsv(image, rng)
    if contrast is not None and not contrast_first:
        image *= contrast
    return image.clip(0, 255).astype(np.uint8)


def _distort_hsv(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    saturation = np.float32(rng.uniform(*SATURATION)) if rng.random() < 0.5 else None
    hue = np.float32(rng.uniform(-HUE_DEGREES, HUE_DEGREES)) if rng.random() < 0.5 else None
    if saturation is None and hue is None:
        return image
    hsv = cv2.cvtColor(image.clip(0, 255), cv2.COLOR_RGB2HSV)
    if saturation is not None:
        hsv[..., 1] = (hsv[..., 1] * saturation).clip(0, 1)
    if hue is not None:
        hsv[..., 0] = (hsv[..., 0] + hue) % 360
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)
