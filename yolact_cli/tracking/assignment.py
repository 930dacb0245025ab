"""Which track takes which object, decided for all of a frame at once."""

import numpy as np
from jaxtyping import Float64

_LEAST_GAIN = 1e-9  # a pair exactly at the limit is still a pair


def gains(distances: Float64[np.ndarray, "n m"], *, furthest: float) -> Float64[np.ndarray, "n m"]:
    """What each pair is worth: more the nearer it is, and 0 for a pair beyond the furthest."""
    return np.where(distances <= furthest, furthest - distances + _LEAST_GAIN, 0.0)


def best_pairs(gain: Float64[np.ndarray, "n m"]) -> list[tuple[int, int]]:
    """Pairs of row and column of the highest total gain, each row and column at most once.

    Pairs without a gain are left apart: leaving two apart costs nothing, so that one excellent
    pair is never broken up for two poor ones of a lower sum. Source of the method: the Hungarian
    algorithm, as in SORT (arXiv 1602.00763).
    """
    if gain.size == 0 or not gain.any():
        return []
    from scipy.optimize import linear_sum_assignment  # slow to load, and pictures have no tracks

    rows, columns = linear_sum_assignment(gain, maximize=True)
    return [
        (int(row), int(column))
        for row, column in zip(rows, columns, strict=True)
        if gain[row, column] > 0
    ]
