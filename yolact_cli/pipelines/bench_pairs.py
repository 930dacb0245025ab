"""Two runtimes in turn on the same pictures: which is quicker, and whether they find the same."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as coco_mask

from yolact_cli.inference.postprocess import PictureKey, detections_from_candidates
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.pipelines.bench_timing import Spread
from yolact_cli.pipelines.labelling import batch_pixels
from yolact_cli.settings import LabelSettings
from yolact_cli.structures import Detections, Frame, Instance

SAME_IOU = 0.9
MOST_PICTURES = 16
"""In a round of each: enough for all cores, and few enough for many rounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedTimes:
    """The network with its choice of detections, by two runtimes in turn.

    Attributes:
        first_ms: Of the first, a picture, by the clock; a value a round.
        second_ms: Of the second.
        ratio: Of the second to the first, round by round: below one, the second is quicker.
        rounds: How many there were.
        pictures: In each round of each.
    """

    first_ms: Spread
    second_ms: Spread
    ratio: Spread
    rounds: int
    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SameObjects:
    """How far two runtimes find the same.

    Attributes:
        first: Objects of the first.
        second: Objects of the second.
        matched: Pairs of one class whose masks overlap by an IoU of at least 0.9, each object in
            one pair at most.
        largest_score_change: In such pairs; 0 where there are none.
    """

    first: int
    second: int
    matched: int
    largest_score_change: float


def pair_times(
    first: Runtime,
    second: Runtime,
    batches: Sequence[Sequence[Frame]],
    *,
    rounds: int,
    on_round: Callable[[int], None],
) -> PairedTimes:
    """Run both in turn, the order changed from round to round; each once before, to warm up.

    Args:
        first: A runtime.
        second: Another.
        batches: Of frames, at least one.
        rounds: At least one.
        on_round: Told how many rounds are done, after each.
    """
    both = (first, second)
    for runtime in both:
        _seconds(runtime, batches[:1])
    times_s: list[tuple[float, float]] = []
    for number in range(rounds):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        taken = {which: _seconds(both[which], batches) for which in order}
        times_s.append((taken[0], taken[1]))
        on_round(number + 1)
    pictures = sum(map(len, batches))
    a, b = 1e3 * np.array(times_s).T / pictures
    return PairedTimes(
        first_ms=Spread.of(a),
        second_ms=Spread.of(b),
        ratio=Spread.of(b / a),
        rounds=rounds,
        pictures=pictures,
    )


def compare_objects(
    first: Runtime,
    second: Runtime,
    batches: Sequence[Sequence[Frame]],
    settings: LabelSettings,
) -> SameObjects:
    """Count what both find in the frames."""
    sides = [_found(runtime, batches, settings) for runtime in (first, second)]
    changes = [
        change for one, other in zip(*sides, strict=True) for change in _score_changes(one, other)
    ]
    counts = [sum(len(one.instances) for one in side) for side in sides]
    return SameObjects(
        first=counts[0],
        second=counts[1],
        matched=len(changes),
        largest_score_change=round(max(changes, default=0.0), 4),
    )


def _seconds(runtime: Runtime, batches: Sequence[Sequence[Frame]]) -> float:
    begun_s = time.perf_counter()
    for batch in batches:
        runtime.run(batch_pixels(batch))
    return time.perf_counter() - begun_s


def _found(
    runtime: Runtime, batches: Sequence[Sequence[Frame]], settings: LabelSettings
) -> list[Detections]:
    found = []
    for batch in batches:
        for frame, candidates in zip(batch, runtime.run(batch_pixels(batch)), strict=True):
            key = PictureKey(picture_id=frame.picture_id, name=frame.name, size_hw=frame.size_hw)
            found.append(
                detections_from_candidates(candidates, key, settings=settings, uid_seed="")
            )
    return found


def _score_changes(first: Detections, second: Detections) -> list[float]:
    """Of each pair; the first's objects choose in order of their scores."""
    rivals = list(second.instances)
    changes = []
    for one in first.instances:
        same_class = [other for other in rivals if other.class_id == one.class_id]
        ious = _ious(one, same_class, first.size_hw)
        if len(ious) and ious.max() >= SAME_IOU:
            match = same_class[int(ious.argmax())]
            rivals.remove(match)
            changes.append(abs(one.score - match.score))
    return changes


def _ious(one: Instance, others: Sequence[Instance], size_hw: tuple[int, int]) -> np.ndarray:
    if not others:
        return np.zeros(0)
    sides = [
        [{"size": list(size_hw), "counts": each.rle_counts} for each in side]
        for side in ([one], others)
    ]
    ious: np.ndarray = coco_mask.iou(sides[0], sides[1], [0] * len(others))[0]
    return ious
