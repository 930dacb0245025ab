"""``failures.csv``: the pictures that could not be done, and why."""

import csv
import io
import itertools
from collections.abc import Iterable

from yolact_cli.store import Store
from yolact_cli.structures import Failure

FAILURES_PATH = "failures.csv"
_STARTS_OF_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_COLUMNS = ("id", "name", "stage", "error", "message")


def write_failures(store: Store, failures: Iterable[Failure]) -> int:
    """Write one line a failure and return how many there are.

    Without failures there is no file, and one that an earlier attempt left is removed. Bytes of a
    file name that are no UTF-8 are escaped. A cell that a spreadsheet would take for a formula has
    an apostrophe before it: file names come from anywhere.

    Raises:
        OutputError: The store cannot take the file.
    """
    remaining = iter(failures)
    first = next(remaining, None)
    if first is None:
        store.delete(FAILURES_PATH)
        return 0
    count = 0
    with store.put_stream(FAILURES_PATH) as stream:
        stream.write(_csv_line(_COLUMNS))
        for failure in itertools.chain([first], remaining):
            cells = (failure.picture_id, failure.name, failure.stage, failure.error)
            stream.write(_csv_line((*cells, failure.message)))
            count += 1
    return count


def _csv_line(cells: Iterable[object]) -> bytes:
    text = io.StringIO()
    # Python before 3.13 quotes only what is in its own end of line, and a reader stops at either.
    csv.writer(text, lineterminator="\r\n").writerow(map(_as_text, cells))
    line = text.getvalue().removesuffix("\r\n") + "\n"
    return line.encode("utf-8", "backslashreplace")


def _as_text(cell: object) -> object:
    is_formula = isinstance(cell, str) and cell.startswith(_STARTS_OF_FORMULAS)
    return f"'{cell}" if is_formula else cell
