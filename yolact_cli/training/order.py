"""Which picture comes when: a function of the seed, so that a resumed training goes on alike."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int64

from yolact_cli.structures import TruthPicture


def repeat_factors(
    pictures: Sequence[TruthPicture], *, threshold: float
) -> Float64[np.ndarray, " pictures"]:
    """How often each picture comes in an epoch: at least once, more for rare classes.

    Source: LVIS (arXiv 1908.03195) appendix, repeat-factor sampling: the largest
    sqrt(threshold / share of pictures that have the class) over the picture's classes.
    """
    present = [{thing.class_id for thing in p.objects if not thing.is_crowd} for p in pictures]
    counts = Counter(class_id for classes in present for class_id in classes)
    factors = np.ones(len(pictures))
    for index, classes in enumerate(present):
        shares = [counts[class_id] / len(pictures) for class_id in classes]
        if shares:
            factors[index] = max(1.0, (threshold / min(shares)) ** 0.5)
    return factors


class TrainingOrder:
    """An endless, shuffled order; every place in it can be asked for at any time."""

    def __init__(self, factors: Float64[np.ndarray, " pictures"], *, seed: int) -> None:
        self._factors = factors
        self.seed = seed
        self._epochs: list[Int64[np.ndarray, " places"]] = []
        self._starts = [0]

    def place(self, index: int) -> tuple[int, int]:
        """The epoch that place ``index`` falls into, and the number of the picture there."""
        while index >= self._starts[-1]:
            self._append_epoch()
        epoch = int(np.searchsorted(self._starts, index, side="right")) - 1
        return epoch, int(self._epochs[epoch][index - self._starts[epoch]])

    def _append_epoch(self) -> None:
        rng = np.random.default_rng((self.seed, len(self._epochs)))
        whole = self._factors.astype(np.int64)
        repeats = whole + (rng.random(len(whole)) < self._factors - whole)
        epoch = rng.permutation(np.repeat(np.arange(len(whole)), repeats))
        self._epochs.append(epoch)
        self._starts.append(self._starts[-1] + len(epoch))
