"""The charts of a score, drawn by matplotlib."""

import html
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from yolact_cli.writers.chart_svg import (
    FIRST,
    INK,
    LINE,
    ON_FILL,
    PALE,
    SECOND,
    THIRD,
    chart_looks,
    inline_svg,
    short_name,
)
from yolact_cli.writers.score_records import (
    ChangesChart,
    Chart,
    Line,
    LineChart,
    MatrixChart,
    ReliabilityChart,
)

_SIZE = (3.9, 3.1)  # inches; as wide as a phone, so that letters keep their size there
_CELL = 0.29
_DARK_SHARE = 0.55
_LEAST_FILL = 0.06
# Told apart without colour too.
_DRAWN: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "main": {"color": FIRST},
        "second": {"color": SECOND, "linestyle": (0, (5, 1.6))},
        "third": {"color": THIRD, "linestyle": (0, (1.2, 1.2))},
        "pale": {"color": LINE, "linewidth": 0.9, "zorder": 1},
    }
)


def chart_svg(chart: Chart, key: str) -> str:
    """A chart as an ``<svg>`` element; ids in it begin with ``key``.

    Raises:
        ImportError: matplotlib is not installed.
    """
    drawings: dict[type, Callable[[Any], Any]] = {
        LineChart: _line_figure,
        ReliabilityChart: _reliability_figure,
        MatrixChart: _matrix_figure,
        ChangesChart: _changes_figure,
    }
    with chart_looks():
        figure = drawings[type(chart)](chart)
        return inline_svg(figure, key, html.escape(f"{chart.title}. {chart.words}"))


def _figure(width: float, height: float) -> Any:
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _unit_axes(figure: Any, axes_names: tuple[str, str]) -> Any:
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1.02), xlabel=axes_names[0], ylabel=axes_names[1])
    ticks = np.linspace(0, 1, 6)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.grid(visible=True)
    axes.set_axisbelow(True)
    return axes


def _line_figure(chart: LineChart) -> Any:
    figure = _figure(*_SIZE)
    axes = _unit_axes(figure, chart.axes)
    named = [_draw_line(axes, line) for line in chart.lines]
    if chart.mark is not None:
        at, words = chart.mark
        axes.axvline(at, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        is_left = at > 0.6  # of the width: to its right the words find no room
        axes.annotate(
            words, (at, 1.0), xytext=(-4 if is_left else 4, 0), textcoords="offset points",
            ha="right" if is_left else "left", va="top", fontsize=8, color=INK,
        )  # fmt: skip
    handles = [one for one in named if one is not None]
    if handles:
        figure.legend(
            handles=handles, loc="outside upper left", ncols=min(len(handles), 3), fontsize=8,
            handlelength=2.4, columnspacing=1.2,
        )  # fmt: skip
    return figure


def _draw_line(axes: Any, line: Line) -> Any:
    drawn = axes.plot(line.x, line.y, **_DRAWN[line.kind])[0]
    # Set afterwards: a label that begins with an underscore would be none.
    drawn.set_label(f"\u200b{short_name(line.name)}")
    return None if line.kind == "pale" else drawn


def _reliability_figure(chart: ReliabilityChart) -> Any:
    figure = _figure(*_SIZE)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    middles = (chart.edges[:-1] + chart.edges[1:]) / 2
    widths = np.diff(chart.edges) * 0.92
    filled = chart.count > 0
    above.plot([0, 1], [0, 1], color=PALE, linewidth=1, linestyle=(0, (4, 3)))
    above.bar(middles[filled], chart.precision[filled], widths[filled], color=FIRST, alpha=0.55)
    above.plot(
        chart.mean_score[filled], chart.precision[filled], color=SECOND, marker="o", markersize=4,
        linewidth=1.2,
    )  # fmt: skip
    above.set(xlim=(0, 1), ylim=(0, 1.02), ylabel="precision")
    below.bar(middles, chart.count, widths, color=PALE, alpha=0.7)
    below.set(xlabel="score", ylabel="predictions")
    below.set_xticks(np.linspace(0, 1, 6))
    for axes in (above, below):
        axes.grid(visible=True, axis="y")
        axes.set_axisbelow(True)
    return figure


def _matrix_figure(chart: MatrixChart) -> Any:
    from matplotlib.collections import PatchCollection
    from matplotlib.patches import Rectangle

    names = [short_name(name) for name in chart.names]
    count = len(names)
    longest = max(map(len, names), default=0) * 0.075
    figure = _figure(1.0 + longest + count * _CELL, 0.9 + longest + count * _CELL)
    axes = figure.subplots()
    shares = chart.counts / np.maximum(chart.counts.sum(axis=1, keepdims=True), 1)
    for row, column in zip(*np.nonzero(chart.counts), strict=True):
        share = float(shares[row, column])
        is_right = row == column
        cell = Rectangle((column - 0.5, row - 0.5), 1, 1)
        axes.add_collection(
            PatchCollection(
                [cell], facecolor=FIRST if is_right else SECOND, edgecolor="none",
                alpha=max(share, _LEAST_FILL),
            )
        )  # fmt: skip
        axes.text(
            column, row, _brief(int(chart.counts[row, column])), ha="center", va="center",
            fontsize=7, color=ON_FILL if share > _DARK_SHARE else INK,
        )  # fmt: skip
    axes.set(xlim=(-0.5, count - 0.5), ylim=(count - 0.5, -0.5), ylabel="it is", aspect="equal")
    axes.set_xlabel("it was taken for")
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    axes.set_xticks(range(count), names, rotation=90)
    axes.set_yticks(range(count), names)
    axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
    axes.grid(visible=True, which="minor")
    axes.tick_params(which="both", length=0)
    axes.spines[:].set_visible(False)
    return figure


def _brief(count: int) -> str:
    if count < 10_000:  # as many digits as a cell takes
        return str(count)
    return f"{count / 1000:.0f}k" if count < 1_000_000 else f"{count / 1e6:.0f}M"


def _changes_figure(chart: ChangesChart) -> Any:
    count = len(chart.changes)
    figure = _figure(_SIZE[0] + 0.6, 0.8 + 0.21 * max(count, 2))
    axes = figure.subplots()
    axes.axvline(0, color=PALE, linewidth=1)
    for place, one in enumerate(chart.changes):
        colour = PALE if not one.is_certain else FIRST if one.change > 0 else SECOND
        axes.plot([one.low, one.high], [place, place], color=colour, linewidth=2)
        # Filled only where it is certain.
        axes.plot(
            [one.change], [place], marker="o", markersize=5, color=colour,
            markerfacecolor=colour if one.is_certain else "none",
        )  # fmt: skip
    axes.set_yticks(range(count), [short_name(one.name) for one in chart.changes])
    axes.set(ylim=(max(count, 1) - 0.5, -0.5), xlabel=chart.axis)
    axes.grid(visible=True, axis="x")
    axes.set_axisbelow(True)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    return figure
