"""Small pictures with captions, in rows under a title, as one picture."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from yolact_cli.writers.colour_maps import share_colours, signed_colours

Colour = tuple[int, int, int]
PAPER: Colour = (255, 255, 255)
INK: Colour = (28, 32, 38)
PALE_INK: Colour = (98, 106, 116)
LINE: Colour = (206, 212, 218)
_MARGIN_PX, _GAP_PX = 24, 14
_TITLE_PX, _NOTE_PX, _CAPTION_PX = 26, 16, 15
_KEY_WH = (220, 14)
_BASE_LINE = 0.82  # of a line's height, from its top, in OpenCV's own font


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tile:
    """A small picture.

    Attributes:
        image: RGB.
        captions: Lines below it, the first in full ink.
    """

    image: UInt8[np.ndarray, "h w 3"]
    captions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ColourKey:
    """What the colours of a sheet's tiles mean.

    Attributes:
        is_signed: Symmetric around zero; otherwise from none to all.
        labels: At its left end, in its middle, at its right end.
    """

    is_signed: bool
    labels: tuple[str, str, str]


def draw_sheet(
    rows: Sequence[Sequence[Tile]],
    *,
    title: str,
    notes: Sequence[str] = (),
    key: ColourKey | None = None,
) -> UInt8[np.ndarray, "h w 3"]:
    """The tiles, row by row, each row as high as its highest tile."""
    heights = [_row_height(row) for row in rows]
    head = _TITLE_PX + 8 + len(notes) * (_NOTE_PX + 6) + (44 if key else 0) + 10
    wide = [sum(tile.image.shape[1] + _GAP_PX for tile in row) - _GAP_PX for row in rows]
    texts = [text_width(title, _TITLE_PX, weight=700), *(text_width(n, _NOTE_PX) for n in notes)]
    width = max([*wide, *texts, _KEY_WH[0] + 60]) + 2 * _MARGIN_PX
    height = head + sum(heights) + _GAP_PX * (len(rows) - 1) + 2 * _MARGIN_PX
    canvas = blank(height, width)
    top = _MARGIN_PX
    draw_text(canvas, title, (_MARGIN_PX, top), size_px=_TITLE_PX, weight=700)
    top += _TITLE_PX + 10
    for note in notes:
        draw_text(canvas, note, (_MARGIN_PX, top), size_px=_NOTE_PX, colour=PALE_INK)
        top += _NOTE_PX + 6
    if key:
        _draw_key(canvas, key, (_MARGIN_PX, top + 4))
    top = _MARGIN_PX + head
    for row, row_height in zip(rows, heights, strict=True):
        _draw_row(canvas, row, top)
        top += row_height + _GAP_PX
    return canvas


def blank(height: int, width: int) -> UInt8[np.ndarray, "h w 3"]:
    """A sheet of paper."""
    return np.full((height, width, 3), PAPER, np.uint8)


def draw_text(
    canvas: UInt8[np.ndarray, "h w 3"],
    text: str,
    corner_xy: tuple[int, int],
    *,
    size_px: int,
    colour: Colour = INK,
    weight: int = 400,
) -> None:
    """Write a line, its upper left corner given, in place."""
    base = (corner_xy[0], corner_xy[1] + round(size_px * _BASE_LINE))
    cv2.putText(canvas, text, base, colour, cv2.FontFace("sans"), size_px, weight)


def text_width(text: str, size_px: int, *, weight: int = 400) -> int:
    """How wide a line is, in px."""
    face = cv2.FontFace("sans")
    box: Sequence[int] = cv2.getTextSize((0, 0), text, (0, 0), face, size_px, weight)
    return int(box[2])


def fitting(text: str, size_px: int, room_px: int) -> str:
    """The text, its end cut off where it is wider than the room."""
    kept = len(text)
    while kept > 1 and text_width(text[:kept] + ("…" if kept < len(text) else ""), size_px) > (
        room_px
    ):
        kept -= 1
    return text if kept == len(text) else text[:kept] + "…"


def _row_height(row: Sequence[Tile]) -> int:
    return max(
        int(tile.image.shape[0]) + len(tile.captions) * (_CAPTION_PX + 4) + 6 * bool(tile.captions)
        for tile in row
    )


def _draw_row(canvas: UInt8[np.ndarray, "h w 3"], row: Sequence[Tile], top: int) -> None:
    left = _MARGIN_PX
    for tile in row:
        height, width = tile.image.shape[:2]
        canvas[top : top + height, left : left + width] = tile.image
        cv2.rectangle(canvas, (left, top), (left + width - 1, top + height - 1), LINE, 1)
        line = top + height + 6
        for place, caption in enumerate(tile.captions):
            text = fitting(caption, _CAPTION_PX, width)
            colour = PALE_INK if place else INK
            draw_text(canvas, text, (left, line), size_px=_CAPTION_PX, colour=colour)
            line += _CAPTION_PX + 4
        left += width + _GAP_PX


def _draw_key(
    canvas: UInt8[np.ndarray, "h w 3"], key: ColourKey, corner_xy: tuple[int, int]
) -> None:
    width, height = _KEY_WH
    left, top = corner_xy
    ramp = np.tile(np.linspace(0, 1, width, dtype=np.float32), (height, 1))
    colours = signed_colours(2 * ramp - 1, limit=1.0) if key.is_signed else share_colours(ramp)
    canvas[top : top + height, left : left + width] = colours
    cv2.rectangle(canvas, (left, top), (left + width - 1, top + height - 1), LINE, 1)
    for place, label in enumerate(key.labels):
        shift = place * (width - text_width(label, 13)) // 2
        corner = (left + shift, top + height + 3)
        draw_text(canvas, label, corner, size_px=13, colour=PALE_INK)
