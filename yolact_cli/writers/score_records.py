"""What the page of a score shows, as records: made where figures are known, drawn in this room.

Symbols: ``n`` points of a line, ``b`` bins, ``c`` classes, ``p`` points of an outline.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float, Int, UInt8

LineKind = Literal["main", "second", "third", "pale"]
"""How a line looks: the first three differ in colour and in dashes, pale ones stay behind them."""

OutlineRole = Literal["chosen", "other", "absent"]
"""chosen: what a mistake is about; other: what else is there; absent: where nothing is, and the
other side has something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A cell with a bar behind its text.

    Attributes:
        text: What is written.
        share: How long the bar is, [0, 1]; NaN for none.
    """

    text: str
    share: float


Cell = str | Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table.

    Attributes:
        caption: What it is, for those who come by the table alone.
        heads: Of its columns; the first one's cells are the heads of rows.
        rows: As many cells each as there are heads.
        words: The last columns that are words, and not figures to be aligned.
    """

    caption: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    words: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Line:
    """One line of a chart; NaN leaves a gap."""

    name: str
    x: Float[np.ndarray, " n"]
    y: Float[np.ndarray, " n"]
    kind: LineKind


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LineChart:
    """Lines over [0, 1], both ways.

    Attributes:
        title: What it is.
        words: What is to be seen, for those who cannot see it.
        axes: What goes across, what goes up.
        lines: Pale ones have no name in the key.
        mark: Where a line stands upright, with its name; None for none.
    """

    title: str
    words: str
    axes: tuple[str, str]
    lines: tuple[Line, ...]
    mark: tuple[float, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityChart:
    """Scores against what became of them, in bins; empty bins are NaN."""

    title: str
    words: str
    edges: Float[np.ndarray, " b+1"]
    count: Int[np.ndarray, " b"]
    mean_score: Float[np.ndarray, " b"]
    precision: Float[np.ndarray, " b"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatrixChart:
    """What (rows) was taken for what (columns).

    Attributes:
        title: What it is.
        words: What is to be seen, for those who cannot see it.
        names: Of rows and columns.
        counts: Their cells.
    """

    title: str
    words: str
    names: tuple[str, ...]
    counts: Int[np.ndarray, "c c"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """By how much a figure changed, and between which ends of its interval."""

    name: str
    change: float
    low: float
    high: float
    is_certain: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangesChart:
    """Changes with their intervals, one below the other."""

    title: str
    words: str
    axis: str
    changes: tuple[Change, ...]


Chart = LineChart | ReliabilityChart | MatrixChart | ChangesChart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """A shape over a picture.

    Attributes:
        role: What it is there for.
        rings: Closed lines in px of the whole picture; a box is one of four points.
        words: What it is, to be read where it is pointed at; empty for nothing.
    """

    role: OutlineRole
    rings: tuple[Int[np.ndarray, "p 2"], ...]
    words: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mistake:
    """A part of a picture, once with truth and once with predictions.

    Attributes:
        picture: Its name in truth.
        window: Left, top, width and height of the part, in px of the picture.
        is_whole: Whether the part is all of it.
        pixels: The part in RGB, of any size; None where the picture is not at hand.
        truth: What people labelled.
        predicted: What was predicted.
        truth_words: What is chosen on the left, in a few words.
        predicted_words: What is chosen on the right.
        note: What else is to be said.
    """

    picture: str
    window: tuple[int, int, int, int]
    is_whole: bool
    pixels: UInt8[np.ndarray, "h w 3"] | None
    truth: tuple[Outline, ...]
    predicted: tuple[Outline, ...]
    truth_words: str
    predicted_words: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Gallery:
    """Mistakes of one kind.

    Attributes:
        title: The kind.
        words: What it means, and how many there are.
        mistakes: The worst; may be empty.
    """

    title: str
    words: str
    mistakes: tuple[Mistake, ...]


Block = Table | Chart | Gallery


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Section:
    """A part of the page.

    Attributes:
        key: Of letters, digits and hyphens; unique on the page.
        title: Its head.
        words: What it shows and how it is read.
        blocks: In order; charts that follow each other stand side by side where there is room.
    """

    key: str
    title: str
    words: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScorePage:
    """All of it.

    Attributes:
        title: Its head.
        eyebrow: A line above the head.
        facts: Large figures, by name.
        findings: What is to be known first, a sentence each.
        sections: In order.
        footer: How the page was made.
    """

    title: str
    eyebrow: str
    facts: Mapping[str, str]
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    footer: str
