"""Bars as a picture of its own: an SVG without any library, legible by day and by night."""

import math
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

_WIDTH, _MARGIN, _ROW, _NAMES, _VALUES = 760, 24, 34, 148, 132
_LINE, _LETTERS_A_LINE = 20, 104
_STYLE = """
svg { --paper: #fff; --ink: #1c2026; --pale: #5c6570; --line: #d9dee4; --wall: #2166ac;
  --cores: #e08214; background: var(--paper);
  font: 13px system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif; }
@media (prefers-color-scheme: dark) { svg { --paper: #14171b; --ink: #e8ebef; --pale: #9aa4b0;
  --line: #343b44; --wall: #6cb0e4; --cores: #f0a850; } }
.paper { fill: var(--paper); } text { fill: var(--ink); } .pale { fill: var(--pale); }
.title { font-size: 18px; font-weight: 600; } .small { font-size: 11px; }
.wall { fill: var(--wall); } .cores { fill: var(--cores); }
.grid { stroke: var(--line); } .spread { stroke: var(--ink); stroke-width: 1.2; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A row of the picture.

    Attributes:
        name: Of the step.
        wall_ms: By the clock.
        spread_ms: Where a tenth of the measurements lies below, and a tenth above.
        core_ms: On all cores together.
        words: What is written at its end.
    """

    name: str
    wall_ms: float
    spread_ms: tuple[float, float]
    core_ms: float
    words: str


def bars_svg(bars: Sequence[Bar], *, title: str, notes: Sequence[str]) -> str:
    """The picture as a file's text.

    Args:
        bars: From top to bottom; at least one.
        title: Above them.
        notes: Below the title, each from a new line.
    """
    lines = [line for note in notes for line in textwrap.wrap(note, _LETTERS_A_LINE)]
    top = _MARGIN + 24 + _LINE * (len(lines) + 1) + 16
    bottom = top + _ROW * len(bars)
    highest = max(max(bar.wall_ms, bar.core_ms, bar.spread_ms[1]) for bar in bars)
    step = _tick(highest)
    axis_end = step * max(math.ceil(highest / step - 1e-9), 1)
    across = (_WIDTH - 2 * _MARGIN - _NAMES - _VALUES) / axis_end
    parts = [
        *_head(title, lines),
        *_grid(step, axis_end, across, (top, bottom)),
        *(part for row, bar in enumerate(bars) for part in _row(bar, top + row * _ROW, across)),
    ]
    height = bottom + 2 * _LINE + 8
    label = _escaped(f"{title}. " + "; ".join(f"{bar.name} {bar.words}" for bar in bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" '
        f'viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{label}">\n'
        f'<style>{_STYLE}</style>\n<rect class="paper" width="{_WIDTH}" height="{height}"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _head(title: str, lines: Sequence[str]) -> list[str]:
    y = _MARGIN + 14
    parts = [_text(title, (_MARGIN, y), "title")]
    for number, line in enumerate(lines, start=1):
        parts.append(_text(line, (_MARGIN, y + 4 + _LINE * number), "pale"))
    y += 8 + _LINE * (len(lines) + 1)
    legend = (("wall", "by the clock"), ("cores", "on all cores together"))
    for place, (kind, words) in enumerate(legend):
        x = _MARGIN + place * 130
        parts.append(f'<rect class="{kind}" x="{x}" y="{y - 9}" width="10" height="10"/>')
        parts.append(_text(words, (x + 16, y), "pale"))
    x = _MARGIN + 310
    parts.append(f'<path class="spread" d="M{x} {y - 4}h14m0 -4v8m-14 -8v8"/>')
    parts.append(_text("from a tenth to nine tenths of the measurements", (x + 22, y), "pale"))
    return parts


def _grid(
    step: float, axis_end: float, across: float, top_bottom: tuple[float, float]
) -> list[str]:
    top, bottom = top_bottom
    parts = []
    for number in range(round(axis_end / step) + 1):
        x = _MARGIN + _NAMES + number * step * across
        parts.append(f'<path class="grid" d="M{x:.1f} {top}V{bottom}"/>')
        parts.append(_text(f"{number * step:g}", (x, bottom + 16), "pale small", anchor="middle"))
    middle = _MARGIN + _NAMES + axis_end * across / 2
    parts.append(_text("ms a picture", (middle, bottom + 32), "pale small", anchor="middle"))
    return parts


def _row(bar: Bar, top: float, across: float) -> list[str]:
    x, middle = _MARGIN + _NAMES, top + 13
    low, high = (x + value * across for value in bar.spread_ms)
    wall, cores = (max(value * across, 1.0) for value in (bar.wall_ms, bar.core_ms))
    end = max(x + wall, x + cores, high) + 10
    return [
        _text(bar.name, (x - 10, top + 19), "", anchor="end"),
        f'<rect class="wall" x="{x}" y="{top + 5}" width="{wall:.1f}" height="15"/>',
        f'<rect class="cores" x="{x}" y="{top + 21}" width="{cores:.1f}" height="6"/>',
        (
            f'<path class="spread" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 4}v8'
            f'M{high:.1f} {middle - 4}v8"/>'
        ),
        _text(bar.words, (end, top + 18), "pale"),
    ]


def _text(words: str, xy: tuple[float, float], kind: str, *, anchor: str = "start") -> str:
    x, y = xy
    return (
        f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">'
        f"{_escaped(words)}</text>"
    )


def _escaped(words: str) -> str:
    """For elements and attributes; letters that no XML may hold give way to a mark."""
    printable = "".join(letter if letter.isprintable() else "\ufffd" for letter in words)
    return escape(printable, {'"': "&quot;"})


def _tick(highest: float) -> float:
    """A round number that goes into the axis about five times."""
    rough = max(highest, 1e-3) / 5
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
