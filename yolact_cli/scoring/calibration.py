"""Whether scores mean what they say: of detections with score 0.8, four in five should be hits.

Symbols: ``b`` bins.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float64, Int

from yolact_cli.scoring.figures import json_number
from yolact_cli.scoring.operating import Ranked

BINS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """A reliability diagram, and its summary.

    Attributes:
        edges: Of the bins, from 0 to 1; a score on an edge belongs to the bin below it.
        count: Detections in each bin.
        mean_score: Of each bin; NaN for an empty one.
        precision: Part of them that are hits; NaN for an empty one.
        expected_error: Mean distance of both, weighted by count, [0, 1]; NaN without detections
            or where scores lie outside [0, 1]. Above it scores promise too much or too little.
    """

    edges: Float64[np.ndarray, " b+1"]
    count: Int[np.ndarray, " b"]
    mean_score: Float64[np.ndarray, " b"]
    precision: Float64[np.ndarray, " b"]
    expected_error: float

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types, null for NaN."""
        return {
            "edges": self.edges.tolist(),
            "count": self.count.tolist(),
            "mean_score": [json_number(value) for value in self.mean_score],
            "precision": [json_number(value) for value in self.precision],
            "expected_error": json_number(self.expected_error),
        }


def calibration(ranked: Ranked, *, bins: int = BINS) -> Calibration:
    """Scores against precision at IoU 0.50, in bins of equal width.

    Source: Guo et al., "On Calibration of Modern Neural Networks" (arXiv 1706.04599), section 2;
    for detections: Küppers et al., "Multivariate Confidence Calibration for Object Detection"
    (arXiv 2004.13546).
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    is_probability = not len(ranked.scores) or (
        ranked.scores[0] <= 1.0 and ranked.scores[-1] >= 0.0
    )
    places = np.clip(np.searchsorted(edges, ranked.scores, side="left") - 1, 0, bins - 1)
    count = np.bincount(places, minlength=bins)
    mean_score = _means(places, ranked.scores, count)
    precision = _means(places, ranked.is_hit.astype(np.float64), count)
    gaps = np.abs(mean_score - precision)[count > 0]
    weights = count[count > 0]
    is_defined = is_probability and len(weights)
    error = float(np.average(gaps, weights=weights)) if is_defined else float("nan")
    return Calibration(
        edges=edges,
        count=count,
        mean_score=mean_score,
        precision=precision,
        expected_error=error,
    )


def _means(places: np.ndarray, values: np.ndarray, count: np.ndarray) -> np.ndarray:
    means = np.full(len(count), np.nan)
    sums = np.bincount(places, weights=values, minlength=len(count))
    np.divide(sums, count, out=means, where=count > 0)
    return means
