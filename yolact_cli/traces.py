"""How one mask came about, as records that are computed in one place and drawn in another.

Symbols: ``k`` prototypes, ``h`` and ``w`` their grid. Boxes are corners relative to the picture.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float32, UInt8

from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Instance

BoxNorm = tuple[float, float, float, float]
"""Left, top, right and bottom, relative to the picture, unclipped."""
Fate = Literal["won", "overlap", "chain", "rank", "faint"]
"""What became of an anchor.

won: it is the object. overlap: its box overlaps the winner's by more than the threshold.
chain: it overlaps no survivor, only a better anchor that went itself (Fast NMS alone does that).
rank: it overlaps the winner, but did not even enter: too many of its class score better.
faint: it overlaps the winner, but its score is not above the threshold asked for.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedAnchor:
    """One anchor that stood for an object, or might have.

    Attributes:
        anchor_index: Among all of the network's.
        level: Of the pyramid: 3 for P3, the finest, to 7.
        row: Of the level's cells, from 0.
        column: Likewise.
        shape: Which of its cell's anchors, from 0.
        class_id: 0-based, dense.
        score: Confidence in that class, [0, 1].
        box: Where the network moved it.
        iou: Of its box with the winner's, [0, 1].
        fate: What became of it.
        beaten_by: The anchor that overlaps it most among the better ones; None for those that were
            never compared.
        beaten_by_iou: By how much that one does, [0, 1].
    """

    anchor_index: int
    level: int
    row: int
    column: int
    shape: int
    class_id: int
    score: float
    box: BoxNorm
    iou: float
    fate: Fate
    beaten_by: int | None = None
    beaten_by_iou: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionTrace:
    """Which anchors gave way to an object's.

    Attributes:
        winner: The object's own.
        beaten: The others, the best score first.
        entered: How many anchors were compared with one another.
    """

    winner: TracedAnchor
    beaten: tuple[TracedAnchor, ...]
    entered: int

    def count(self, fate: Fate) -> int:
        """How many went that way."""
        return sum(one.fate == fate for one in self.beaten)


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskTerm:
    """One prototype's part in a mask.

    Attributes:
        prototype: Its number, from 0.
        coefficient: What it is multiplied with, signed, [-1, 1].
        push: The mean of coefficient times prototype inside the box, in logits: below zero it
            takes pixels away.
        strength: The mean of the same without signs; terms are sorted by it.
    """

    prototype: int
    coefficient: float
    push: float
    strength: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GrowthStep:
    """The mask that the strongest terms alone would give.

    Attributes:
        terms: How many, the strongest first.
        iou: With the whole mask, [0, 1].
        area_px: Of this mask.
        rle_counts: This mask at the picture's size, or None where it has no pixel.
        mask_logits: The sum of the terms, not cropped.
    """

    terms: int
    iou: float
    area_px: int
    rle_counts: str | None
    mask_logits: Float32[np.ndarray, "h w"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MaskTrace:
    """How prototypes became a mask.

    Attributes:
        terms: All k, the strongest first.
        growth: For 1, 2, 4, 8, … and all of them.
    """

    terms: tuple[MaskTerm, ...]
    growth: tuple[GrowthStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inspection:
    """All that is shown of one object of a picture.

    Attributes:
        name: Of the picture.
        size_hw: The picture's own, in px.
        preview: The picture as it is shown, RGB.
        model: The model's name.
        class_names: By class id.
        settings: What the labels were made by.
        instances: All of the picture's, the best score first.
        number: Which of them is shown, from 1.
        prototypes: Of the whole picture.
        mask: How the object's mask came about.
        soft_mask: Before it is cut at one half and cropped, at the preview's size.
        soft_mask_cropped: After the crop.
        suppression: What gave way to the object.
    """

    name: str
    size_hw: tuple[int, int]
    preview: UInt8[np.ndarray, "ph pw 3"]
    model: str
    class_names: tuple[str, ...]
    settings: LabelSettings
    instances: tuple[Instance, ...]
    number: int
    prototypes: Float32[np.ndarray, "h w k"]
    mask: MaskTrace
    soft_mask: Float32[np.ndarray, "ph pw"]
    soft_mask_cropped: Float32[np.ndarray, "ph pw"]
    suppression: SuppressionTrace

    @property
    def instance(self) -> Instance:
        """The object that is shown."""
        return self.instances[self.number - 1]

    def class_name(self, class_id: int) -> str:
        """What the model calls a class."""
        return self.class_names[class_id]
