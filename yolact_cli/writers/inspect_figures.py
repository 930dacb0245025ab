"""An inspection as PNGs: sheets of tiles, a chart of coefficients, and the boxes that went."""

from collections.abc import Mapping, Sequence

import cv2
import numpy as np
from jaxtyping import UInt8

from yolact_cli.traces import Inspection, MaskTerm
from yolact_cli.writers import inspect_tiles, rasters
from yolact_cli.writers.figure_sheet import (
    INK,
    LINE,
    PALE_INK,
    ColourKey,
    Tile,
    blank,
    draw_sheet,
    draw_text,
    text_width,
)
from yolact_cli.writers.inspect_words import signed, title_of

FIGURE_PATHS = (
    "objects.png",
    "prototypes.png",
    "coefficients.png",
    "terms.png",
    "growth.png",
    "soft_mask.png",
    "anchors.png",
)
_TILES_A_ROW = 8
_PICTURE_PX = 960
_ABOVE_RGB, _BELOW_RGB = (178, 24, 43), (33, 102, 172)
_ROW_PX, _BAR_PX, _CHART_PX, _LABEL_PX = 24, 14, 320, 56


def inspection_pngs(inspection: Inspection) -> Mapping[str, bytes]:
    """PNG files by name."""
    figures = (
        inspect_tiles.objects_picture(inspection, _PICTURE_PX),
        _prototypes(inspection),
        _coefficients(inspection),
        _terms(inspection),
        _growth(inspection),
        _soft_mask(inspection),
        _anchors(inspection),
    )
    return {name: rasters.rgb_png(image) for name, image in zip(FIGURE_PATHS, figures, strict=True)}


def _prototypes(inspection: Inspection) -> UInt8[np.ndarray, "h w 3"]:
    tiles = inspect_tiles.prototype_tiles(inspection)
    rows, columns, _ = inspection.prototypes.shape
    return draw_sheet(
        _in_rows(tiles),
        title=f"{len(tiles)} prototypes of {inspection.name}",
        notes=[f"{inspection.model}, {columns} x {rows} cells; each on a scale of its own"],
        key=ColourKey(is_signed=True, labels=("-largest", "0", "+largest")),
    )


def _terms(inspection: Inspection) -> UInt8[np.ndarray, "h w 3"]:
    tiles, limit = inspect_tiles.term_tiles(inspection)
    return draw_sheet(
        _in_rows(tiles),
        title=f"Coefficient times prototype, {title_of(inspection)}",
        notes=["the strongest inside the box first; one scale for all"],
        key=ColourKey(is_signed=True, labels=(f"{-limit:.1f}", "0", f"{limit:+.1f}")),
    )


def _growth(inspection: Inspection) -> UInt8[np.ndarray, "h w 3"]:
    pairs, limit = inspect_tiles.growth_tiles(inspection)
    rows: list[Sequence[Tile]] = []
    a_row = 4
    for start in range(0, len(pairs), a_row):
        part = pairs[start : start + a_row]
        rows += [[mask for _, mask in part], [total for total, _ in part]]
    return draw_sheet(
        rows,
        title=f"The mask of the strongest prototypes alone, {title_of(inspection)}",
        notes=[
            "above the mask that their sum gives, with its IoU with the whole one; below the sum"
        ],
        key=ColourKey(is_signed=True, labels=(f"{-limit:.1f}", "0", f"{limit:+.1f}")),
    )


def _soft_mask(inspection: Inspection) -> UInt8[np.ndarray, "h w 3"]:
    return draw_sheet(
        [inspect_tiles.soft_mask_tiles(inspection)],
        title=f"Soft mask, {title_of(inspection)}",
        key=ColourKey(is_signed=False, labels=("0", "0.5", "1")),
    )


def _anchors(inspection: Inspection) -> UInt8[np.ndarray, "h w 3"]:
    trace = inspection.suppression
    levels = sorted({one.level for one in inspect_tiles.drawn_anchors(trace)})
    picture = inspect_tiles.anchors_picture(inspection, 720)
    threshold = inspection.settings.nms.iou_threshold
    notes = (
        f"{trace.count('overlap')} overlap its box by more than {threshold:g},",
        f"{trace.count('chain')} went by way of those, {trace.count('rank')} were too many,",
        f"{trace.count('faint')} are fainter than asked for",
    )
    sheet = draw_sheet(
        [[Tile(image=picture)]],
        title=f"Anchors that gave way, {title_of(inspection)}",
        notes=[" ".join(notes)],
    )
    legend = blank(40, sheet.shape[1])
    left = 24
    entries = [((255, 255, 255), "the winner")]
    entries += [(inspect_tiles.level_rgb(level), f"P{level}") for level in levels]
    for colour, label in entries:
        cv2.rectangle(legend, (left, 4), (left + 22, 18), colour, cv2.FILLED)
        cv2.rectangle(legend, (left, 4), (left + 22, 18), LINE, 1)
        draw_text(legend, label, (left + 30, 3), size_px=15)
        left += 54 + text_width(label, 15)
    return np.concatenate((sheet[:-18], legend))


def _coefficients(inspection: Inspection) -> UInt8[np.ndarray, "h w 3"]:
    terms = inspection.mask.terms
    width = 2 * 24 + 2 * (_LABEL_PX + _CHART_PX) + 2 * 60 + 30
    canvas = blank(120 + len(terms) * _ROW_PX + 24, width)
    draw_text(
        canvas, f"Mask coefficients, {title_of(inspection)}", (24, 24), size_px=26, weight=700
    )
    note = "the strongest first; strength: mean of coefficient times prototype inside the box"
    draw_text(canvas, note, (24, 58), size_px=16, colour=PALE_INK)
    push_limit = max([abs(term.push) for term in terms] + [1e-9])
    second = 24 + _LABEL_PX + _CHART_PX + 90
    for left, heading in ((24, "coefficient, -1 to 1"), (second, "push inside the box, logits")):
        draw_text(canvas, heading, (left + _LABEL_PX, 92), size_px=15, weight=600)
    for place, term in enumerate(terms):
        top = 120 + place * _ROW_PX
        _draw_bar(canvas, term, (24, top), (term.coefficient, 1.0))
        _draw_bar(canvas, term, (second, top), (term.push, push_limit))
    return canvas


def _draw_bar(
    canvas: UInt8[np.ndarray, "h w 3"],
    term: MaskTerm,
    corner_xy: tuple[int, int],
    value_of: tuple[float, float],
) -> None:
    left, top = corner_xy
    value, limit = value_of
    draw_text(canvas, f"#{term.prototype}", (left, top), size_px=15, colour=INK)
    zero = left + _LABEL_PX + _CHART_PX // 2
    end = zero + round(value / limit * _CHART_PX / 2)
    colour = _ABOVE_RGB if value > 0 else _BELOW_RGB
    cv2.line(canvas, (zero, top - 4), (zero, top + _ROW_PX - 5), LINE, 1)
    if end != zero:
        low, high = sorted((zero, end))
        cv2.rectangle(canvas, (low, top + 1), (high, top + 1 + _BAR_PX), colour, cv2.FILLED)
    text = signed(value)
    draw_text(canvas, text, (left + _LABEL_PX + _CHART_PX + 10, top), size_px=15, colour=PALE_INK)


def _in_rows(tiles: Sequence[Tile]) -> list[Sequence[Tile]]:
    return [tiles[start : start + _TILES_A_ROW] for start in range(0, len(tiles), _TILES_A_ROW)]
