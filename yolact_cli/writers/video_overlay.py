"""Frames of a video with what was found drawn on them: calm, for the eye to follow.

What could jump from frame to frame does not: an object's colour comes from its identity, the
order of drawing too, and a label stands at its object's top left corner whatever else is there.
The work is done inside the objects' boxes only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from yolact_cli.geometry import rle
from yolact_cli.structures import Instance
from yolact_cli.writers.label_text import LabelFont
from yolact_cli.writers.palette import class_colours, is_light

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_IDENTITIES = 64  # colours before the first one comes again
_CONTOUR_ERROR_PX = 0.75
_LONGEST_LABEL = 16  # in font sizes: some thirty characters

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnObject:
    """An object of a frame as it is to be shown.

    Attributes:
        instance: Its mask and box, at the frame's size.
        track_id: Its identity, from 0, which gives its colour and stands behind the name; None
            gives it its class's colour, and no number.
        name: What it is called.
        score: Shown as percent, [0, 1].
    """

    instance: Instance
    track_id: int | None
    name: str
    score: float


def draw_tracked(
    pixels: UInt8[np.ndarray, "h w 3"],
    objects: Sequence[DrawnObject],
    *,
    mask_opacity: float = 0.4,
) -> UInt8[np.ndarray, "h w 3"]:
    """Draw the objects on the frame, which is given back: a copy would cost as much as a mask.

    Newer identities lie under older ones, objects without one under all, the worst scores lowest.
    Lines and letters grow with the frame. A label that is larger than the frame is left out, and
    so is an object without a pixel.

    Args:
        pixels: RGB, drawn on; a copy of it where it does not lie in one piece.
        objects: In any order; may be none.
        mask_opacity: How much of a mask's colour covers the frame, [0, 1].

    Raises:
        ValueError: A mask is not of the frame's size.
    """
    canvas = np.ascontiguousarray(pixels)
    shown = sorted((item for item in objects if item.instance.area_px), key=_depth)
    colours = _colours(shown)
    line_px = max(1, round(max(canvas.shape[:2]) / 500))
    outlines = [
        _tint(canvas, item.instance, colour, mask_opacity)
        for item, colour in zip(shown, colours, strict=True)
    ]
    for outline, colour in zip(outlines, colours, strict=True):
        dark = tuple(channel // 3 for channel in colour)
        cv2.polylines(canvas, outline, True, dark, line_px + 2)  # noqa: FBT003
        cv2.polylines(canvas, outline, True, colour, line_px, cv2.LINE_AA)  # noqa: FBT003
    _draw_labels(canvas, shown, colours)
    return canvas


def _depth(item: DrawnObject) -> tuple[bool, float]:
    """Sorts what is drawn first, and so lies lowest, to the front."""
    return item.track_id is not None, item.score if item.track_id is None else -item.track_id


def _colours(objects: Sequence[DrawnObject]) -> list[Colour]:
    places = [
        item.instance.class_id if item.track_id is None else item.track_id % _IDENTITIES
        for item in objects
    ]
    table = class_colours(max(places, default=0) + 1).tolist()
    return [(red, green, blue) for red, green, blue in (table[place] for place in places)]


def _tint(
    canvas: UInt8[np.ndarray, "h w 3"], instance: Instance, colour: Colour, opacity: float
) -> list[np.ndarray]:
    """Lay the colour over the mask, and give the mask's outline."""
    x, y, width, height = instance.bbox_xywh_px
    size_hw = (canvas.shape[0], canvas.shape[1])
    mask = rle.decode_crop(instance.rle_counts, size_hw, bbox_xywh=instance.bbox_xywh_px)
    inside = mask.view(np.uint8)
    window = canvas[y : y + height, x : x + width]
    tint = np.empty_like(window)
    cv2.rectangle(tint, (0, 0), (width, height), colour, cv2.FILLED)  # numpy fills slowly here
    cv2.copyTo(cv2.addWeighted(window, 1 - opacity, tint, opacity, 0), inside, window)
    found, _ = cv2.findContours(inside, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=(x, y))
    # Fewer points draw faster, and less like stairs.
    return [cv2.approxPolyDP(contour, _CONTOUR_ERROR_PX, closed=True) for contour in found]


def _draw_labels(
    canvas: UInt8[np.ndarray, "h w 3"], objects: Sequence[DrawnObject], colours: Sequence[Colour]
) -> None:
    height, width = canvas.shape[:2]
    font = LabelFont(round(7 + max(height, width) / 100))
    room_px = min(width, _LONGEST_LABEL * font.size_px)
    for item, colour in zip(objects, colours, strict=True):
        text = font.fitting_text(item.name, _number_and_score(item), room_px=room_px)
        chip_w, chip_h = font.chip_size_wh(text)
        if chip_w > width or chip_h > height:
            continue
        left, top, _, _ = item.instance.bbox_xywh_px
        # Above the box or, as that leaves the frame, ever further inside: it never jumps.
        corner = min(left, width - chip_w), max(top - chip_h, 0)
        ink = _BLACK if is_light(colour) else _WHITE
        font.draw_chip(canvas, text, corner_xy=corner, colour=colour, ink=ink)


def _number_and_score(item: DrawnObject) -> str:
    percent = f"{round(100 * item.score)}%"
    return percent if item.track_id is None else f"{item.track_id} {percent}"
