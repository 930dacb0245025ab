"""Whether B is really better than A: differences with intervals from the same resamples.

Both sides are scored on the same resampled pictures, so that what makes pictures easy or hard
falls out of the difference. Where the interval has zero in it, nothing can be said.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from yolact_cli.scoring.figures import Interval, json_number
from yolact_cli.scoring.matching import Matches
from yolact_cli.scoring.precision import IOU_50
from yolact_cli.scoring.resampling import (
    LEVEL,
    drawn_weights,
    mean_of_classes,
    percentiles,
    resampled_precisions,
)

RESAMPLES = 1000
FEWEST_PICTURES = 10
"""With objects in fewer, resampled pictures say nothing about others."""

Verdict = Literal["better", "worse", "same", "undecided", "too few pictures"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One figure on both sides.

    Attributes:
        a: The figure of A; NaN where truth has nothing to be found.
        b: The figure of B.
        interval: Of B's minus A's.
        pictures: With something to be found.
        verdict: What can be said of B: ``better`` or ``worse`` where the interval excludes zero,
            ``same`` where no resample differs, ``undecided`` otherwise, and ``too few pictures``
            below :data:`FEWEST_PICTURES`.
    """

    a: float
    b: float
    interval: Interval
    pictures: int
    verdict: Verdict

    @property
    def change(self) -> float:
        """B's figure minus A's."""
        return self.b - self.a

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "a": json_number(self.a),
            "b": json_number(self.b),
            "difference": json_number(self.change),
            **self.interval.to_json(),
            "pictures": self.pictures,
            "verdict": self.verdict,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All differences of B from A.

    Attributes:
        resamples: How many were drawn.
        level: How many of them lie within an interval, (0, 1).
        ap: AP over IoU 0.50 to 0.95.
        ap50: AP at IoU 0.50.
        ap_by_class: AP of the classes that truth has objects of, by name.
        ap50_by_class: Likewise at IoU 0.50.
    """

    resamples: int
    level: float
    ap: Difference
    ap50: Difference
    ap_by_class: Mapping[str, Difference]
    ap50_by_class: Mapping[str, Difference]

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "resamples": self.resamples,
            "level": self.level,
            "ap": self.ap.to_json(),
            "ap50": self.ap50.to_json(),
            "classes": {
                name: {"ap": one.to_json(), "ap50": self.ap50_by_class[name].to_json()}
                for name, one in self.ap_by_class.items()
            },
        }


def compare(
    a: Matches, b: Matches, *, resamples: int = RESAMPLES, level: float = LEVEL, seed: int = 0
) -> Comparison:
    """The differences, with intervals from as many resamples of the pictures.

    Args:
        a: Against some truth.
        b: Against the same truth, compared in the same way.
        resamples: At least 1.
        level: Share of resamples within an interval.
        seed: The same one gives the same intervals.
    """
    ours, theirs = _figures(a), _figures(b)
    drawn: list[np.ndarray] = []
    for weights in drawn_weights(len(a.image_ids), resamples, seed=seed):
        sides = [resampled_precisions(side, weights) for side in (a, b)]
        drawn.append(np.stack([_ap_and_ap50(side) for side in sides]))
    # side, figure, resample, class
    resampled = np.concatenate(drawn, axis=2)
    means = np.stack([[mean_of_classes(one) for one in side] for side in resampled])
    pictures = _pictures_by_class(a)
    overall = int(np.unique(a.object_picture[~a.is_ignored]).size)
    whole = [
        _difference(
            _mean(ours[kind]), _mean(theirs[kind]), means[1, kind] - means[0, kind],
            level=level, pictures=overall,
        )
        for kind in (0, 1)
    ]  # fmt: skip
    by_class = [
        {
            a.class_names[place]: _difference(
                ours[kind][place], theirs[kind][place],
                resampled[1, kind, :, place] - resampled[0, kind, :, place],
                level=level, pictures=int(pictures[place]),
            )
            for place in np.flatnonzero(a.objects_by_class).tolist()
        }
        for kind in (0, 1)
    ]  # fmt: skip
    return Comparison(
        resamples=resamples,
        level=level,
        ap=whole[0],
        ap50=whole[1],
        ap_by_class=by_class[0],
        ap50_by_class=by_class[1],
    )


def _ap_and_ap50(precisions: np.ndarray) -> np.ndarray:
    return np.stack([precisions.mean(axis=-1), precisions[..., IOU_50]])


def _figures(matches: Matches) -> np.ndarray:
    everything = np.ones((1, len(matches.image_ids)), np.int32)
    return _ap_and_ap50(resampled_precisions(matches, everything)[0])


def _mean(figures: np.ndarray) -> float:
    return float(mean_of_classes(figures[None])[0])


def _pictures_by_class(matches: Matches) -> np.ndarray:
    wanted = ~matches.is_ignored
    pairs = np.stack([matches.object_class[wanted], matches.object_picture[wanted]])
    classes = np.unique(pairs, axis=1)[0]
    return np.bincount(classes, minlength=len(matches.category_ids))


def _difference(
    a: float, b: float, drawn: np.ndarray, *, level: float, pictures: int
) -> Difference:
    interval = percentiles(drawn, level)
    return Difference(
        a=float(a),
        b=float(b),
        interval=interval,
        pictures=pictures,
        verdict=_verdict(interval, drawn[~np.isnan(drawn)], pictures),
    )


def _verdict(interval: Interval, drawn: np.ndarray, pictures: int) -> Verdict:
    if pictures < FEWEST_PICTURES:
        return "too few pictures"
    if not drawn.any():
        return "same"
    if interval.low > 0:
        return "better"
    return "worse" if interval.high < 0 else "undecided"
