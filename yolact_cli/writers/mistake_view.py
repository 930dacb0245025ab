"""Which part of a picture shows a mistake, and the outlines of what is there."""

from collections.abc import Iterable

import cv2
import numpy as np
from jaxtyping import Bool, Int

BoxXywh = tuple[float, float, float, float]
Window = tuple[int, int, int, int]

TILE_WH = (480, 360)
"""The largest a part is shown, in px."""

_AROUND = 2.2  # times what the mistake is about: as much again on both sides, to see where it is
_LEAST_SHARE = 0.3  # of the picture: closer, nobody knows what they look at
_ERROR = 0.8  # px of a tile by which an outline may be off


def window_around(boxes_xywh: Iterable[BoxXywh], size_hw: tuple[int, int]) -> Window:
    """The part with all the boxes in its middle, in a tile's proportions where the picture allows.

    Args:
        boxes_xywh: At least one, in px; may reach out of the picture.
        size_hw: Of the picture.
    """
    height, width = size_hw
    boxes = np.array([*boxes_xywh], np.float64)
    ends = boxes[:, :2] + boxes[:, 2:]
    near = np.clip(boxes[:, :2].min(axis=0), 0, (width - 1, height - 1))
    far = np.clip(ends.max(axis=0), near + 1, (width, height))
    wanted_w, wanted_h = np.maximum(
        (far - near) * _AROUND, np.array([width, height]) * _LEAST_SHARE
    )
    across = max(wanted_w, wanted_h * TILE_WH[0] / TILE_WH[1])
    down = across * TILE_WH[1] / TILE_WH[0]
    middle = (near + far) / 2
    left, taken_w = _placed(middle[0], across, width)
    top, taken_h = _placed(middle[1], down, height)
    return left, top, taken_w, taken_h


def _placed(middle: float, wanted: float, room: int) -> tuple[int, int]:
    length = min(max(round(wanted), 1), room)
    return min(max(round(middle - length / 2), 0), room - length), length


def box_ring(box_xywh: BoxXywh) -> Int[np.ndarray, "4 2"]:
    """The corners of a box."""
    left, top, width, height = box_xywh
    right, bottom = left + width, top + height
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return np.asarray(np.rint(np.array(corners)), np.int64)


def mask_rings(
    crop: Bool[np.ndarray, "h w"], corner_xy: tuple[int, int], *, window: Window
) -> tuple[Int[np.ndarray, "_ 2"], ...]:
    """The outlines of a mask, those of holes too, as fine as the window is shown.

    Args:
        crop: The mask in its box.
        corner_xy: The upper left corner of the box in the picture.
        window: What is shown.
    """
    found, _ = cv2.findContours(
        crop.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=corner_xy
    )
    px_of_tile = max(window[2] / TILE_WH[0], window[3] / TILE_WH[1], 1e-6)
    error = max(_ERROR * px_of_tile, 0.5)
    simpler = (cv2.approxPolyDP(contour, error, closed=True)[:, 0] for contour in found)
    return tuple(ring.astype(np.int64) for ring in simpler)
