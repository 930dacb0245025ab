"""What a score is taken of: how many detections, and which sizes are told apart."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

SMALL_PX, LARGE_PX = 32.0**2, 96.0**2
LARGEST_PX = 1e10  # COCO's "as large as you like"

AreaRange = tuple[float, float]

COCO_AREAS: Mapping[str, AreaRange] = MappingProxyType(
    {
        "small": (0.0, SMALL_PX),
        "medium": (SMALL_PX, LARGE_PX),
        "large": (LARGE_PX, LARGEST_PX),
    }
)
"""Both ends belong to the range, as in pycocotools. Source: https://cocodataset.org/#detection-eval"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringRules:
    """COCO's rules unless others are chosen."""

    max_detections: int = 100
    """Detections of a class in a picture that count, the best by score; at least 1."""
    areas: Mapping[str, AreaRange] = field(default_factory=lambda: COCO_AREAS)
    """Ranges of area in px, by name, in the order in which they are shown."""

    @property
    def detection_limits(self) -> tuple[int, ...]:
        """Limits at which recall is given, rising; the last is ``max_detections``."""
        below = [limit for limit in (1, 10) if limit < self.max_detections]
        return (*below, self.max_detections)
