"""How much people had to change of what a model had labelled."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectOutcome:
    """What became of one object.

    Attributes:
        name_before: The model's class; None for an object that a person added.
        name_after: The person's; None for one that he deleted.
        iou: Of the masks before and after; 1 where nobody touched it, NaN where one is missing.
    """

    name_before: str | None
    name_after: str | None
    iou: float = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What people did, in numbers of objects.

    Attributes:
        pictures: That people went through.
        before: What the model had labelled in them.
        after: What people left in them.
        untouched: Of both, of the same class and mask.
        edited: Of another mask.
        relabelled: Of another class; may be edited, too.
        added: Made by people.
        deleted: Taken away.
        mean_edit: 1 - IoU over the edited ones; NaN where there is none.
        mean_edit_of_kept: The same over all that were neither added nor deleted.
    """

    pictures: int
    before: int
    after: int
    untouched: int
    edited: int
    relabelled: int
    added: int
    deleted: int
    mean_edit: float
    mean_edit_of_kept: float

    @property
    def untouched_share(self) -> float:
        """Of what the model had labelled, the share that was right as it was; NaN for nothing."""
        return self.untouched / self.before if self.before else math.nan

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        record = {name: getattr(self, name) for name in self.__slots__}
        record["untouched_share"] = self.untouched_share
        return {
            key: None if isinstance(value, float) and math.isnan(value) else value
            for key, value in record.items()
        }


def effort(pictures: Iterable[Iterable[ObjectOutcome]]) -> Effort:
    """The sum of what became of all objects, picture by picture; memory is a few numbers."""
    counts = dict.fromkeys(("pictures", "untouched", "edited", "relabelled", "added", "deleted"), 0)
    kept, edits = 0, 0.0
    for outcomes in pictures:
        counts["pictures"] += 1
        for one in outcomes:
            if one.name_before is None:
                counts["added"] += 1
                continue
            if one.name_after is None:
                counts["deleted"] += 1
                continue
            kept += 1
            edits += 1 - one.iou
            is_edited, is_renamed = one.iou < 1, one.name_before != one.name_after
            counts["edited"] += is_edited
            counts["relabelled"] += is_renamed
            counts["untouched"] += not (is_edited or is_renamed)
    return Effort(
        **counts,
        before=kept + counts["deleted"],
        after=kept + counts["added"],
        mean_edit=edits / counts["edited"] if counts["edited"] else math.nan,
        mean_edit_of_kept=edits / kept if kept else math.nan,
    )
