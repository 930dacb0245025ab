"""A score as one HTML page: no script, no network, light and dark, for phones and paper."""

import math
from collections.abc import Sequence
from itertools import groupby

from yolact_cli.writers.mistake_pictures import mistake_figure
from yolact_cli.writers.page_parts import document, escaped
from yolact_cli.writers.score_charts import chart_svg
from yolact_cli.writers.score_page_style import STYLE
from yolact_cli.writers.score_records import (
    Block,
    Cell,
    Chart,
    Gallery,
    MatrixChart,
    ScorePage,
    Section,
    Share,
    Table,
)


def score_page(page: ScorePage) -> bytes:
    """The page, in UTF-8; the same bytes for the same records.

    Raises:
        ImportError: matplotlib is not installed.
    """
    parts = [_head(page), *map(_section, page.sections), f"<footer>{escaped(page.footer)}</footer>"]
    return document(page.title, style=STYLE, parts=parts)


def _head(page: ScorePage) -> str:
    facts = "".join(
        f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>"
        for name, value in page.facts.items()
    )
    findings = "\n".join(f"<li>{escaped(one)}</li>" for one in page.findings)
    links = "\n".join(f'<a href="#{one.key}">{escaped(one.title)}</a>' for one in page.sections)
    return (
        f"<header><p class=eyebrow>{escaped(page.eyebrow)}</p>\n<h1>{escaped(page.title)}</h1>\n"
        f"<dl>{facts}</dl>\n<ul class=findings>\n{findings}\n</ul>\n"
        f'<nav aria-label="On this page">\n{links}\n</nav></header>'
    )


def _section(section: Section) -> str:
    # Charts that follow each other are one group, whatever else is one by itself.
    places = enumerate(section.blocks)
    groups = groupby(places, key=lambda item: -1 if isinstance(item[1], Chart) else item[0])
    body = "\n".join(_blocks(list(group), section.key) for _, group in groups)
    words = f"<p>{escaped(section.words)}</p>\n" if section.words else ""
    return (
        f'<section id="{section.key}" aria-labelledby="{section.key}-title">\n'
        f'<h2 id="{section.key}-title">{escaped(section.title)}</h2>\n{words}{body}\n</section>'
    )


def _blocks(blocks: Sequence[tuple[int, Block]], key: str) -> str:
    place, first = blocks[0]
    if isinstance(first, Table):
        return _table(first)
    if isinstance(first, Gallery):
        return _gallery(first, f"{key}-{place}")
    charts = [_chart(one, f"{key}-{at}") for at, one in blocks if isinstance(one, Chart)]
    return "<div class=charts>\n" + "\n".join(charts) + "\n</div>"


def _chart(chart: Chart, key: str) -> str:
    is_broad = isinstance(chart, MatrixChart)
    drawn = chart_svg(chart, key)
    return (
        f"<figure class='chart{' broad' if is_broad else ''}'><figcaption>{escaped(chart.title)}"
        f"<small>{escaped(chart.words)}</small></figcaption>\n"
        f"{_scroll(drawn, chart.title) if is_broad else drawn}</figure>"
    )


def _gallery(gallery: Gallery, key: str) -> str:
    figures = "\n".join(
        mistake_figure(one, f"{key}-{number}") for number, one in enumerate(gallery.mistakes)
    )
    return (
        f"<div class=gallery><h3>{escaped(gallery.title)}</h3><p>{escaped(gallery.words)}</p>\n"
        f"<div class=mistakes>\n{figures}\n</div></div>"
    )


def _table(table: Table) -> str:
    names = _column_classes(table)
    heads = "".join(
        f'<th scope="col"{_classes(name)}>{escaped(head)}</th>'
        for head, name in zip(table.heads, names, strict=True)
    )
    rows = "\n".join(_row(row, names) for row in table.rows)
    return _scroll(
        f"<table><caption>{escaped(table.caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n"
        f"<tbody>\n{rows}\n</tbody></table>",
        table.caption,
    )


def _scroll(inside: str, label: str) -> str:
    # To be reached, and scrolled, by keys alone too.
    return (
        f'<div class=scroll tabindex="0" role="region" aria-label="{escaped(label)}">{inside}</div>'
    )


def _column_classes(table: Table) -> list[str]:
    figures = len(table.heads) - 1 - table.words
    return ["", *["n"] * figures, *["words"] * table.words]


def _row(row: Sequence[Cell], names: Sequence[str]) -> str:
    first, *others = row
    head = f'<th scope="row">{escaped(_text(first))}</th>'
    cells = "".join(_cell(cell, name) for cell, name in zip(others, names[1:], strict=True))
    return f"<tr>{head}{cells}</tr>"


def _cell(cell: Cell, name: str) -> str:
    if isinstance(cell, Share) and not math.isnan(cell.share):
        share = min(max(cell.share, 0.0), 1.0)
        return (
            f'<td class="{name} share" style="--share:{100 * share:.1f}%">{escaped(cell.text)}</td>'
        )
    return f"<td{_classes(name)}>{escaped(_text(cell))}</td>"


def _text(cell: Cell) -> str:
    return cell.text if isinstance(cell, Share) else cell


def _classes(name: str) -> str:
    return f' class="{name}"' if name else ""
