"""What is asked of the choice of detections; no torch, so that it can be explained without it."""

from dataclasses import dataclass, field

from yolact_cli.settings import NmsSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """How detections are chosen, and which of them anybody asked for.

    Nothing below ``score_threshold`` can suppress anything above it, so what is not wanted need
    not be looked at: the result is that of choosing first and filtering afterwards, but for the
    cap on detections, which counts wanted ones only.
    """

    nms: NmsSettings = field(default_factory=NmsSettings)
    score_threshold: float = 0.0
    """Class confidence must lie above this, [0, 1)."""
    class_ids: tuple[int, ...] | None = None
    """Only these classes (0-based), or None for all."""

    @property
    def least_score(self) -> float:
        """Anchors whose classes all lie below it need not be looked at."""
        return max(self.nms.candidate_score, self.score_threshold)
