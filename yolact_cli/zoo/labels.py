"""Class lists: one class a line, optionally with a category id and a supercategory.

A line is ``name``, or ``id<TAB>name``, or ``id<TAB>name<TAB>supercategory``; all lines of a file
have the same form. Empty lines and lines that begin with ``#`` are skipped.
"""

from dataclasses import dataclass
from pathlib import Path

from yolact_cli.errors import CardError
from yolact_cli.structures import Category


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a network's outputs mean, in their order."""

    names: tuple[str, ...]
    """Class 0 first; background is not listed."""
    category_ids: tuple[int, ...] = ()
    """As written to COCO files; empty stands for 1, 2, 3, …"""
    supercategories: tuple[str, ...] = ()
    """COCO's parents of the classes; may be empty."""

    def __post_init__(self) -> None:
        if not self.names:
            raise ValueError("there must be at least one class name")
        for what, values in (("name", self.names), ("category id", self.category_ids)):
            if len(set(values)) != len(values):
                twice = next(value for value in values if values.count(value) > 1)
                raise ValueError(f"the {what} {twice!r} is there twice")
        for name in self.names:
            if not name.strip() or not name.isprintable():
                raise ValueError(f"{name!r} is no class name")
        for what, values in (
            ("category_ids", self.category_ids),
            ("supercategories", self.supercategories),
        ):
            if values and len(values) != len(self.names):
                raise ValueError(f"{len(values)} {what} for {len(self.names)} names")
        if self.category_ids and min(self.category_ids) < 0:
            raise ValueError("category ids cannot be negative")

    @property
    def categories(self) -> tuple[Category, ...]:
        """The classes in the network's order."""
        count = len(self.names)
        ids = self.category_ids or tuple(range(1, count + 1))
        parents = self.supercategories or ("",) * count
        return tuple(
            Category(category_id=category_id, name=name, supercategory=parent)
            for category_id, name, parent in zip(ids, self.names, parents, strict=True)
        )


def read_labels(path: Path) -> Labels:
    """The classes that the file lists.

    Raises:
        CardError: If it cannot be read or its lines are not of one form.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path}: the class list cannot be read ({error}).") from error
    rows = [line.split("\t") for line in lines if line.strip() and not line.startswith("#")]
    widths = {len(row) for row in rows}
    if len(widths) != 1 or max(widths) > 3:
        raise CardError(f"{path}: every line must be a name, or id, name and parent with tabs.")
    columns = [tuple(cell.strip() for cell in column) for column in zip(*rows, strict=True)]
    try:
        if len(columns) == 1:
            return Labels(names=columns[0])
        ids, names, *parents = columns
        category_ids = tuple(int(category_id) for category_id in ids)
        return Labels(names=names, category_ids=category_ids, supercategories=(*parents, ())[0])
    except ValueError as error:
        raise CardError(f"{path}: {error}.") from error
