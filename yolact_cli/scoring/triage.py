"""What an order of inspection is worth: how soon it comes to the objects that are wrong.

Symbols: ``n`` objects of all pictures, ``i`` pictures.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float64, Int

from yolact_cli.scoring.figures import Interval


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inspection:
    """Objects to be inspected, with the truth about them.

    Attributes:
        picture: Whose object it is, as a place in the list of pictures.
        value: What is looked at first; higher is sooner.
        is_wrong: Whether it matches no true object.
        missed: True objects that were not found, by picture.
    """

    picture: Int[np.ndarray, " n"]
    value: Float64[np.ndarray, " n"]
    is_wrong: Bool[np.ndarray, " n"]
    missed: Int[np.ndarray, " i"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TriageFigures:
    """How much sooner wrong objects are found than in random order.

    Attributes:
        objects: How many there are.
        wrong: How many of them are wrong.
        missed: True objects that were not found; no order of objects comes to them.
        share: Of the objects that are inspected, (0, 1].
        found: Of the wrong ones, the share that is among them.
        lift: ``found`` over ``share``: 1 for a random order.
        highest_lift: Of an order that knew the truth.
        interval: Of the lift, from a bootstrap over pictures.
    """

    objects: int
    wrong: int
    missed: int
    share: float
    found: float
    lift: float
    highest_lift: float
    interval: Interval

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types."""
        record = {name: getattr(self, name) for name in self.__slots__ if name != "interval"}
        return {**record, "interval": self.interval.to_json()}


def triage_figures(
    inspection: Inspection,
    *,
    share: float = 0.3,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> TriageFigures:
    """What the order is worth when only a share of the objects is inspected.

    Args:
        inspection: With at least one wrong object.
        share: Of the objects that are inspected.
        resamples: Of the pictures, each of as many as there are, drawn with return.
        level: Share of resamples within the interval.
        seed: The same one gives the same interval.

    Raises:
        ValueError: Nothing is wrong, so there is nothing to be found.
    """
    if not inspection.is_wrong.any():
        raise ValueError("no object is wrong")
    ones = np.ones(len(inspection.missed), np.int64)
    rng = np.random.default_rng(seed)
    pictures = len(ones)
    drawn = [
        _lift(
            inspection, np.bincount(rng.integers(0, pictures, pictures), minlength=pictures), share
        )
        for _ in range(resamples)
    ]
    tail = 50 * (1 - level)
    low, high = np.nanpercentile(drawn, [tail, 100 - tail])
    lift = _lift(inspection, ones, share)
    wrong_share = float(inspection.is_wrong.mean())
    return TriageFigures(
        objects=len(inspection.value),
        wrong=int(inspection.is_wrong.sum()),
        missed=int(inspection.missed.sum()),
        share=share,
        found=lift * share,
        lift=lift,
        highest_lift=min(1 / wrong_share, 1 / share),
        interval=Interval(low=float(low), high=float(high)),
    )


def found_curve(
    inspection: Inspection,
) -> tuple[Float64[np.ndarray, " p"], Float64[np.ndarray, " p"]]:
    """Share of objects inspected and share of wrong ones found, from (0, 0) to (1, 1)."""
    order = np.argsort(-inspection.value, kind="stable")
    found = np.concatenate(([0], np.cumsum(inspection.is_wrong[order])))
    return np.linspace(0, 1, len(found)), found / max(found[-1], 1)


def _lift(inspection: Inspection, weights: Int[np.ndarray, " i"], share: float) -> float:
    """Wrong ones among the first, over as many as a random order would find; NaN where none is.

    The object that the share ends in counts in part, so that a resample's size does not matter.
    """
    order = np.argsort(-inspection.value, kind="stable")
    weight = weights[inspection.picture][order].astype(np.float64)
    wrong = weight * inspection.is_wrong[order]
    if not wrong.sum():
        return float("nan")
    inspected = np.concatenate(([0.0], np.cumsum(weight)))
    found = np.concatenate(([0.0], np.cumsum(wrong)))
    return float(np.interp(share * inspected[-1], inspected, found) / wrong.sum() / share)
