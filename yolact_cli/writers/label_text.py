"""Text on pictures, with the fonts that OpenCV carries within itself.

They cover Latin, Greek, Cyrillic, Hebrew, Chinese, Japanese and Korean. Arabic letters are drawn
but not joined; scripts that need shaping (Thai, Devanagari) and emoji come out as question marks.
"""

import cv2
import numpy as np
from jaxtyping import UInt8

_WEIGHT = 500  # a little bolder than regular: thin strokes drown in photographs
_SMALLEST_PX = 10
_PADDING = 0.25  # of the font's size, around the text


class LabelFont:
    """One font at one size.

    Args:
        size_px: Height of the letters' line, at least 10.
    """

    def __init__(self, size_px: int) -> None:
        self.size_px = max(size_px, _SMALLEST_PX)
        self._face = cv2.FontFace("sans")

    def chip_size_wh(self, text: str) -> tuple[int, int]:
        """Size of the chip that holds the text, margin included."""
        _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), self._face, self.size_px, _WEIGHT)
        margin = self._margin_px
        return int(width) + 2 * margin, self.size_px + 2 * margin

    def fitting_text(self, name: str, score: str, *, room_px: int) -> str:
        """Name and score, with as much of the name's end cut off as a chip's room demands.

        The score alone may still be too wide.
        """
        text = f"{name} {score}"
        kept = len(name)
        while kept > 0 and self.chip_size_wh(text)[0] > room_px:
            kept -= 1
            text = f"{name[:kept]}… {score}" if kept else score
        return text

    def draw_chip(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        text: str,
        *,
        corner_xy: tuple[int, int],
        colour: tuple[int, int, int],
        ink: tuple[int, int, int],
    ) -> None:
        """Draw the text on a filled rectangle, in place."""
        x, y = corner_xy
        width, height = self.chip_size_wh(text)
        image[y : y + height, x : x + width] = colour
        margin = self._margin_px
        # capitals of this font stand three quarters of its size above the base line
        base_line = y + margin + round(self.size_px * 0.87)
        cv2.putText(image, text, (x + margin, base_line), ink, self._face, self.size_px, _WEIGHT)

    @property
    def _margin_px(self) -> int:
        return max(3, round(self.size_px * _PADDING))
