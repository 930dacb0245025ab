"""What every format's writer is asked for and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What a writer wrote.

    Attributes:
        pictures: How many.
        objects: How many.
        losses: What the format could not hold, as a sentence without a number ("holes were
            filled"), with the number of objects concerned. Empty where nothing was lost.
    """

    pictures: int
    objects: int
    losses: Mapping[str, int] = field(default_factory=dict)
