"""Folders of earlier runs: what yolact itself drew and cut out is no source of labels."""

from collections.abc import Iterator
from pathlib import Path

_MARKS = ("run.json", "journal")  # as the room of runs names them; rooms are blind to each other


def is_run(folder: Path) -> bool:
    """Whether a run was written there, finished or not."""
    record, journal = (folder / mark for mark in _MARKS)
    try:
        return record.is_file() and journal.is_dir()
    except (OSError, ValueError):  # it is told of when it is looked into
        return False


def run_around(path: Path, *, below: Path) -> Path | None:
    """The outermost run that ``path`` lies in, ``below`` itself included; None outside of any."""
    return next(filter(is_run, _folders_down_to(path, below)), None)


def _folders_down_to(path: Path, below: Path) -> Iterator[Path]:
    if path.is_relative_to(below):
        yield from (parent for parent in reversed(path.parents) if parent.is_relative_to(below))
