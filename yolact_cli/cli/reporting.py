"""What the program says: messages, tables and progress, stdout kept for results.

rich and tqdm are imported when something is to be said with them, so that ``--help`` does not
wait for them. rich itself honours ``NO_COLOR``.
"""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Self

import click

if TYPE_CHECKING:
    from rich.console import Console

SECONDS_BETWEEN_LINES = 10.0
UNWRAPPED_COLUMNS = 200  # of a table that is piped: rich would cut it to 80
_WORD = re.compile(r"[^\W\d_]{3}")  # "0.41 to 0.52 px" is a figure
_NO_LIMIT = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """How much the user wants to hear; travels in click's context.

    Attributes:
        is_quiet: Nothing but errors on stderr.
    """

    is_quiet: bool = False


def is_quiet() -> bool:
    """Whether ``--quiet`` was given to the command that is running."""
    context = click.get_current_context(silent=True)
    speech = context.find_object(Speech) if context else None
    return speech is not None and speech.is_quiet


def message(text: str) -> None:
    """Say something in passing, on stderr; not when quiet."""
    if not is_quiet():
        _console(sys.stderr).print(text)


def warn(text: str) -> None:
    """Say on stderr what the user should know although the work goes on; not when quiet."""
    if not is_quiet():
        _labelled("Warning: ", "bold yellow", text)


def error(sentence: str, *, remedy: str = "") -> None:
    """Say on stderr what went wrong and what can be done about it."""
    # A remedy for a list of problems starts on a line of its own.
    gap = "" if remedy.startswith("\n") else " "
    _labelled("Error: ", "bold red", f"{sentence}{gap}{remedy}".strip())


def print_json(document: Any) -> None:
    """Write a result to stdout as JSON; NaN, which JSON lacks, must have been dealt with."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    title: str = "",
    is_result: bool = True,
    ends_in_words: bool = False,
) -> None:
    """Write a table; the first column to the left, the others to the right.

    On a narrow terminal cells are wrapped, and where words would not fit each row is a block, a
    cell a line: nothing is cut off.

    Args:
        columns: Headings.
        rows: As many cells each as there are columns.
        title: Above the table.
        ends_in_words: The last column to the left too.
        is_result: To stdout; otherwise to stderr, and not when quiet.
    """
    if not is_result and is_quiet():
        return
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    cells = [tuple(row) for row in rows]
    last = len(columns) - 1
    for place, column in enumerate(columns):
        of_column = [row[place] for row in cells]
        # The first names the row, and is never broken; neither is a figure.
        is_whole = place == 0 or not any(map(_WORD.search, of_column))
        is_left = place == 0 or (place == last and ends_in_words)
        table.add_column(
            column,
            justify="left" if is_left else "right",
            no_wrap=is_whole,
            min_width=max(map(len, [column, *of_column])) if is_whole else None,
            overflow="fold",
        )
    for row in cells:
        table.add_row(*row)
    console = _console(sys.stdout if is_result else sys.stderr)
    least = console.measure(table, options=console.options.update(width=_NO_LIMIT)).minimum
    if least > console.width:
        _print_blocks(console, [title, *(_block(columns, row) for row in cells)])
    else:
        console.print(table)


def _block(columns: Sequence[str], cells: Sequence[str]) -> str:
    pairs = zip(columns[1:], cells[1:], strict=True)
    return "\n".join([cells[0], *(f"  {column}: {cell}".rstrip() for column, cell in pairs)])


def _print_blocks(console: "Console", blocks: Iterable[str]) -> None:
    for block in filter(None, blocks):
        console.print(f"{block}\n")


def listen_to_log(level: int) -> None:
    """Let the package's log speak on stderr from ``level`` on; a second call replaces the first."""
    logger = logging.getLogger("yolact_cli")
    for handler in [handler for handler in logger.handlers if isinstance(handler, _LogHandler)]:
        logger.removeHandler(handler)
    logger.addHandler(_LogHandler())
    logger.setLevel(level)


class Progress:
    """How far the work is, on stderr: a bar on a terminal, a line now and then elsewhere.

    Nothing when quiet. Use as a context manager.
    """

    def __init__(
        self,
        total: int | None,
        *,
        unit: str = "pictures",
        initial: int = 0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start counting.

        Args:
            total: How many there are, or None where nobody knows.
            unit: What is counted, in the plural.
            initial: How many were done before, as when resuming; not counted in the rate.
            clock: Seconds, for tests.
        """
        self._total = total
        self._unit = unit
        self._initial = self._done = self._spoken = initial
        self._failures = 0
        self._clock = clock
        self._started_s = self._spoke_s = clock()
        self._bar: Any = None
        self._is_silent = is_quiet()

    def __enter__(self) -> Self:
        if not self._is_silent and sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                total=self._total, initial=self._initial, unit=f" {self._unit}",
                file=sys.stderr, dynamic_ncols=True,
            )  # fmt: skip
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _: BaseException | None, __: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif not self._is_silent and self._done != self._spoken:
            self._speak()

    def update(self, done: int, failures: int = 0) -> None:
        """Set the count.

        Args:
            done: All that are finished, failures and ``initial`` included.
            failures: How many of them could not be done.
        """
        step, self._done, self._failures = done - self._done, done, failures
        if self._bar is not None:
            if failures:
                self._bar.set_postfix_str(f"{failures} failed", refresh=False)
            self._bar.update(step)
        elif not self._is_silent and self._clock() - self._spoke_s >= SECONDS_BETWEEN_LINES:
            self._speak()

    def message(self, text: str) -> None:
        """Say something in passing without tearing the bar."""
        self._beside_the_bar(message, text)

    def warn(self, text: str) -> None:
        """As the function of this name, without tearing the bar."""
        self._beside_the_bar(warn, text)

    def _beside_the_bar(self, say: Callable[[str], None], text: str) -> None:
        if self._bar is not None:
            self._bar.clear()
        say(text)
        if self._bar is not None:
            self._bar.refresh()

    def _speak(self) -> None:
        self._spoke_s, self._spoken = self._clock(), self._done
        elapsed_s = max(self._spoke_s - self._started_s, 1e-9)
        rate_hz = (self._done - self._initial) / elapsed_s
        parts = [f"{self._done} {self._unit}"]
        if self._total is not None:
            parts = [f"{self._done} of {self._total} {self._unit}"]
        if self._failures:
            parts.append(f"{self._failures} failed")
        parts.append(f"{rate_hz:.1f}/s")
        if self._total is not None and rate_hz > 0 and self._done < self._total:
            parts.append(f"{duration((self._total - self._done) / rate_hz)} left")
        message(", ".join(parts))


def counted(number: int, noun: str) -> str:
    """A number with its noun: ``1 picture``, ``1,204 pictures``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def duration(seconds: float) -> str:
    """A length of time as people say it: ``8 s``, ``3 min 20 s``, ``2 h 5 min``."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


class _LogHandler(logging.Handler):
    """Log records in the form of messages; stderr is looked up late, as tests replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        text = self.format(record)
        if record.levelno >= logging.WARNING:
            _labelled("Warning: ", "bold yellow", text)
        else:
            _console(sys.stderr).print(text)


def _labelled(label: str, style: str, text: str) -> None:
    from rich.text import Text

    _console(sys.stderr).print(Text.assemble((label, style), text))


def _console(stream: IO[str]) -> "Console":
    from rich.console import Console

    width = None if stream.isatty() else UNWRAPPED_COLUMNS
    return Console(
        file=stream, width=width, soft_wrap=True, markup=False, highlight=False, emoji=False
    )
