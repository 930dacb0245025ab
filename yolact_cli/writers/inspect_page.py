"""An inspection as one HTML page: no script, no network, light and dark, for phones and paper."""

import html
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import UInt8

from yolact_cli.traces import Inspection, MaskTerm, TracedAnchor
from yolact_cli.writers import inspect_tiles, rasters
from yolact_cli.writers.figure_sheet import Tile
from yolact_cli.writers.inspect_page_style import STYLE
from yolact_cli.writers.inspect_words import (
    ANCHORS,
    COEFFICIENTS,
    GROWTH,
    PROTOTYPES,
    SOFT_MASK,
    TERMS,
    facts_of,
    signed,
    title_of,
    why_it_went,
)
from yolact_cli.writers.page_parts import data_uri, document

_PICTURE_PX = 960
_JPEG_QUALITY = 84


def inspection_page(inspection: Inspection) -> bytes:
    """The page, in UTF-8; the same bytes for the same inspection."""
    return document(
        f"{title_of(inspection)} in {inspection.name}",
        style=STYLE,
        parts=[
            _head(inspection),
            _prototypes(inspection),
            _coefficients(inspection),
            _terms(inspection),
            _growth(inspection),
            _soft_mask(inspection),
            _anchors(inspection),
        ],
    )


def _head(inspection: Inspection) -> str:
    picture = inspect_tiles.objects_picture(inspection, _PICTURE_PX)
    rows = []
    for number, one in enumerate(inspection.instances, start=1):
        named = inspection.class_name(one.class_id)
        cells = (str(number), named, f"{one.score:.3f}", f"{one.area_px:,} px")
        rows.append(_row(cells, is_chosen=number == inspection.number))
    facts = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd></div>"
        for name, value in facts_of(inspection)
    )
    return (
        f"<header><p class=eyebrow>{html.escape(inspection.name)}</p>"
        f"<h1>{html.escape(title_of(inspection))}</h1><dl>{facts}</dl></header>\n"
        f"<div class=wide>{_photo(picture, 'the picture with its objects')}</div>\n"
        f"{_table(('', 'class', 'score', 'mask'), rows)}"
    )


def _prototypes(inspection: Inspection) -> str:
    tiles = inspect_tiles.prototype_tiles(inspection)
    key = _key("-largest", "+largest")
    return _section(
        f"{len(tiles)} prototypes", PROTOTYPES, key + _grid(map(_map_figure, tiles), "small")
    )


def _coefficients(inspection: Inspection) -> str:
    terms = inspection.mask.terms
    limit = max([abs(term.push) for term in terms] + [1e-9])
    head = (
        "<div class='bars heads'><b>#</b><b>coefficient, -1 to 1</b>"
        "<b>push in the box, logits</b></div>"
    )
    rows = "\n".join(_bars(term, limit) for term in terms)
    return _section(
        "Coefficients", COEFFICIENTS, f'<div class="chart" role="table">{head}\n{rows}</div>'
    )


def _terms(inspection: Inspection) -> str:
    tiles, limit = inspect_tiles.term_tiles(inspection)
    key = _key(f"{-limit:.1f}", f"+{limit:.1f}")
    return _section(
        "Coefficient times prototype", TERMS, key + _grid(map(_map_figure, tiles), "small")
    )


def _growth(inspection: Inspection) -> str:
    pairs, limit = inspect_tiles.growth_tiles(inspection)
    figures = [
        _figure(
            _photo(mask.image, f"mask of {total.captions[0]}")
            + _map(total.image, f"sum of {total.captions[0]}"),
            total.captions,
        )
        for total, mask in pairs
    ]
    key = _key(f"{-limit:.1f}", f"+{limit:.1f}")
    return _section("The running sum", GROWTH, key + _grid(figures, "middle"))


def _soft_mask(inspection: Inspection) -> str:
    before, after, cut = inspect_tiles.soft_mask_tiles(inspection)
    figures = [_map_figure(before), _map_figure(after)]
    figures.append(_figure(_photo(cut.image, cut.captions[0]), cut.captions))
    return _section("Before and after the crop", SOFT_MASK, _grid(figures, "middle"))


def _anchors(inspection: Inspection) -> str:
    trace = inspection.suppression
    shown = inspect_tiles.drawn_anchors(trace)
    numbers = {one.anchor_index: number for number, one in enumerate(shown, start=1)}
    rows = [
        _row(
            (
                str(number),
                f"P{one.level} {one.row},{one.column}",
                inspection.class_name(one.class_id),
                f"{one.score:.3f}",
                f"{one.iou:.2f}",
                why_it_went(one, inspection, numbers),
            ),
            swatch=inspect_tiles.level_rgb(one.level),
        )
        for number, one in enumerate(shown, start=1)
    ]
    heads = ("", "level, cell", "class", "score", "IoU", "why it went")
    left_out = len(trace.beaten) - len(shown)
    more = f"<p>{left_out:,} more are in inspect.json.</p>" if left_out else ""
    body = _boxes(inspection, shown) + (_table(heads, rows) if rows else "<p>None.</p>") + more
    return _section("The anchors that gave way", ANCHORS, body)


def _boxes(inspection: Inspection, shown: Sequence[TracedAnchor]) -> str:
    """The picture with the boxes as lines that stay thin at any size."""
    height, width = inspection.preview.shape[:2]
    data = data_uri("jpeg", rasters.rgb_jpeg(inspection.preview, quality=_JPEG_QUALITY))
    lines = [
        _rectangle(one, (width, height), f'class=beaten stroke="{_hex(one.level)}"')
        for one in reversed(shown)
    ]
    winner = inspection.suppression.winner
    lines.append(_rectangle(winner, (width, height), "class=under"))
    lines.append(_rectangle(winner, (width, height), "class=winner"))
    levels = sorted({one.level for one in shown})
    legend = "".join(f'<span><i style="background:{_hex(x)}"></i>P{x}</span>' for x in levels)
    drawn = "\n".join(lines)
    return (
        f'<div class=wide><svg viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="boxes of the winner and of the anchors that gave way">'
        f'<image href="{data}" width="{width}" height="{height}"/>'
        f'<rect width="{width}" height="{height}" class=shade />\n{drawn}</svg></div>\n'
        f"<p class=legend><span><i class=white></i>winner, P{winner.level}</span>{legend}</p>"
    )


def _rectangle(one: TracedAnchor, size_wh: tuple[int, int], looks: str) -> str:
    clipped = [min(max(edge, 0.0), 1.0) for edge in one.box]
    left, top, right, bottom = (
        edge * side for edge, side in zip(clipped, (*size_wh, *size_wh), strict=True)
    )
    return (
        f'<rect {looks} x="{left:.1f}" y="{top:.1f}" width="{max(right - left, 0):.1f}" '
        f'height="{max(bottom - top, 0):.1f}"><title>P{one.level}, score {one.score:.3f}, '
        f"IoU {one.iou:.2f}</title></rect>"
    )


def _bars(term: MaskTerm, limit: float) -> str:
    return (
        f'<div class=bars role="row"><b>#{term.prototype}</b>'
        f"{_bar(term.coefficient, 1.0)}{_bar(term.push, limit)}</div>"
    )


def _bar(value: float, limit: float) -> str:
    share = min(abs(value) / limit, 1) * 50
    side = "above" if value > 0 else "below"
    return (
        f'<span class=bar><i class={side} style="width:{share:.2f}%"></i></span>'
        f"<span class=value>{signed(value)}</span>"
    )


def _section(title: str, words: str, body: str) -> str:
    return (
        f"<section>\n<h2>{html.escape(title)}</h2>\n<p>{html.escape(words)}</p>\n{body}\n</section>"
    )


def _grid(figures: Iterable[str], size: str) -> str:
    return f'<div class="grid {size}">\n' + "\n".join(figures) + "\n</div>"


def _map_figure(tile: Tile) -> str:
    return _figure(_map(tile.image, " ".join(tile.captions)), tile.captions)


def _figure(image: str, captions: Sequence[str]) -> str:
    first, *others = map(html.escape, captions)
    small = "".join(f"<small>{one}</small>" for one in others)
    return f"<figure>{image}<figcaption>{first}{small}</figcaption></figure>"


def _map(image: UInt8[np.ndarray, "h w 3"], words: str) -> str:
    return _image(image, data_uri("png", rasters.rgb_png(image)), words)


def _photo(image: UInt8[np.ndarray, "h w 3"], words: str) -> str:
    return _image(image, data_uri("jpeg", rasters.rgb_jpeg(image, quality=_JPEG_QUALITY)), words)


def _image(image: UInt8[np.ndarray, "h w 3"], data: str, words: str) -> str:
    height, width = image.shape[:2]
    return f'<img src="{data}" width="{width}" height="{height}" alt="{html.escape(words)}">'


def _key(low: str, high: str) -> str:
    return f"<p class=key><span>{low}</span><i></i><span>{high}</span></p>\n"


def _table(heads: Sequence[str], rows: Sequence[str]) -> str:
    head = "".join(f"<th>{html.escape(one)}</th>" for one in heads)
    body = "\n".join(rows)
    return (
        f"<div class=scroll><table><thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )


def _row(
    cells: Sequence[str], *, is_chosen: bool = False, swatch: tuple[int, int, int] | None = None
) -> str:
    texts = [html.escape(one) for one in cells]
    if swatch is not None:
        red, green, blue = swatch
        texts[1] = f'<i style="background:#{red:02x}{green:02x}{blue:02x}"></i>{texts[1]}'
    inside = "".join(f"<td>{one}</td>" for one in texts)
    return f"<tr{' class=chosen' if is_chosen else ''}>{inside}</tr>"


def _hex(level: int) -> str:
    red, green, blue = inspect_tiles.level_rgb(level)
    return f"#{red:02x}{green:02x}{blue:02x}"
