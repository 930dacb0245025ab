"""A view: a window of a picture, drawn into a rectangle of the network's input.

Zooming out, cropping, mirroring and tiling are all views, so a picture and its masks are
resampled once however many of them apply.
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float, UInt8

_MOST_SAMPLES = 4  # along an edge, of a pixel of the input


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Where to look and where to put it."""

    window_xyxy_px: tuple[float, float, float, float]
    """In the picture; may reach beyond it."""
    target_xyxy: tuple[float, float, float, float]
    """In the input, as fractions of its side."""
    is_mirrored: bool = False
    """Left and right swapped within the target."""

    def transform_boxes(self, boxes_xyxy_px: Float[np.ndarray, "n 4"]) -> Float[np.ndarray, "n 4"]:
        """Boxes of the picture as fractions of the input, not clipped."""
        wx0, wy0, wx1, wy1 = self.window_xyxy_px
        x, y = boxes_xyxy_px[:, 0::2], boxes_xyxy_px[:, 1::2]
        x, y = (x - wx0) / (wx1 - wx0), (y - wy0) / (wy1 - wy0)
        if self.is_mirrored:
            x = 1 - x[:, ::-1]
        tx0, ty0, tx1, ty1 = self.target_xyxy
        x, y = tx0 + x * (tx1 - tx0), ty0 + y * (ty1 - ty0)
        return np.stack((x[:, 0], y[:, 0], x[:, 1], y[:, 1]), axis=1)

    def draw(self, picture: UInt8[np.ndarray, "h w 3"], canvas: UInt8[np.ndarray, "s s 3"]) -> None:
        """Put the window's part of ``picture`` on ``canvas``, averaging where it shrinks.

        Which pixels of the canvas it covers is rounded; what they show is not, so that boxes and
        masks lie on their objects however much a small picture is enlarged.
        """
        side, (height, width) = len(canvas), picture.shape[:2]
        wx0, wy0, wx1, wy1 = self.window_xyxy_px
        seen = np.array([[max(wx0, 0), max(wy0, 0), min(wx1, width), min(wy1, height)]])
        if seen[0, 0] >= seen[0, 2] or seen[0, 1] >= seen[0, 3]:
            return
        covered = (self.transform_boxes(seen)[0] * side).round().clip(0, side).astype(int)
        left, top, right, bottom = covered.tolist()
        if left >= right or top >= bottom:
            return
        shrinking = max(abs(1 / edge) for edge in self._matrix(side).diagonal())
        samples = min(math.ceil(shrinking), _MOST_SAMPLES)
        piece = cv2.warpAffine(
            picture,
            self._matrix(side * samples, origin_xy=(left * samples, top * samples)),
            ((right - left) * samples, (bottom - top) * samples),
            borderMode=cv2.BORDER_REPLICATE,
        )
        canvas[top:bottom, left:right] = cv2.resize(
            piece, (right - left, bottom - top), interpolation=cv2.INTER_AREA
        )

    def transform_mask(
        self, mask: Bool[np.ndarray, "h w"], *, side: int
    ) -> Bool[np.ndarray, "side side"]:
        """The mask at ``side`` pixels, sampled at twice that and averaged; True above one half."""
        grey = mask.view(np.uint8) * np.uint8(255)
        fine = cv2.warpAffine(grey, self._matrix(2 * side), (2 * side, 2 * side))
        fine = self._inside_target(fine)
        return cv2.resize(fine, (side, side), interpolation=cv2.INTER_AREA) > 127

    def _matrix(self, side: int, *, origin_xy: tuple[int, int] = (0, 0)) -> np.ndarray:
        """From the picture's pixel centres to those of an input of ``side`` pixels, (2, 3)."""
        wx0, wy0, wx1, wy1 = self.window_xyxy_px
        tx0, ty0, tx1, ty1 = (side * edge for edge in self.target_xyxy)
        scale_x, scale_y = (tx1 - tx0) / (wx1 - wx0), (ty1 - ty0) / (wy1 - wy0)
        offset_x, offset_y = tx0 - wx0 * scale_x, ty0 - wy0 * scale_y
        if self.is_mirrored:
            scale_x, offset_x = -scale_x, tx1 + wx0 * scale_x
        # warpAffine counts from pixel centres, everything here from pixel edges.
        centre_x = scale_x * 0.5 + offset_x - 0.5 - origin_xy[0]
        centre_y = scale_y * 0.5 + offset_y - 0.5 - origin_xy[1]
        return np.array([[scale_x, 0, centre_x], [0, scale_y, centre_y]])

    def _inside_target(self, fine: np.ndarray) -> np.ndarray:
        # What the window leaves out must not spill into a neighbouring tile.
        kept = np.zeros_like(fine)
        x0, y0, x1, y1 = (round(len(fine) * edge) for edge in self.target_xyxy)
        kept[y0:y1, x0:x1] = fine[y0:y1, x0:x1]
        return kept
