"""Where a track is going: constant velocity, learnt from the edges of what is seen of it.

Positions are offsets from where the track began, in px. Times are float seconds here, exact to
a nanosecond for any video; reckoned with in a fixed order, so that a replay gives the same bits.
"""

import math
from dataclasses import dataclass

Box = tuple[float, float, float, float]
Vector = tuple[float, float]

# Sightings older than this hardly matter to the velocity. Long enough that a pixel of jitter does
# not send a track astray over a gap of a second, short enough to follow a person who turns.
_MEMORY_S = 0.25


@dataclass(slots=True)
class Motion:
    """Offset and velocity of one track.

    Attributes:
        seen_s: When the track was last seen.
        offset_xy_px: Where it was then, against where it began.
        velocity_xy_px_s: Smoothed; zero until the second sighting.
        sightings: How often it was seen.
    """

    seen_s: float
    offset_xy_px: Vector = (0.0, 0.0)
    velocity_xy_px_s: Vector = (0.0, 0.0)
    sightings: int = 1

    def forecast(self, time_s: float) -> Vector:
        """The offset at a later time."""
        elapsed_s = time_s - self.seen_s
        (x, y), (speed_x, speed_y) = self.offset_xy_px, self.velocity_xy_px_s
        return x + speed_x * elapsed_s, y + speed_y * elapsed_s

    def correct(self, time_s: float, surprise_xy_px: Vector) -> None:
        """Learn from a sighting that was so far from the forecast.

        The first sightings count alike; later ones by how long the memory is.
        """
        elapsed_s = time_s - self.seen_s
        gain = max(1 / self.sightings, 1 - math.exp(-elapsed_s / _MEMORY_S))
        (x, y), (speed_x, speed_y) = self.forecast(time_s), self.velocity_xy_px_s
        surprise_x, surprise_y = surprise_xy_px
        self.offset_xy_px = x + surprise_x, y + surprise_y
        self.velocity_xy_px_s = (
            speed_x + gain * surprise_x / elapsed_s,
            speed_y + gain * surprise_y / elapsed_s,
        )
        self.seen_s = time_s
        self.sightings += 1


def surprise(expected_xyxy: Box, seen_xyxy: Box, *, size_hw: tuple[int, int]) -> Vector:
    """How far an object is from where it was expected, in px, by its edges.

    Of an object that slides behind another, one edge goes on as before and the other stops; it is
    the calm one that tells the motion. Edges on the picture's border tell nothing.
    """
    height, width = size_hw
    return (
        _axis_surprise(expected_xyxy[0::2], seen_xyxy[0::2], width),
        _axis_surprise(expected_xyxy[1::2], seen_xyxy[1::2], height),
    )


def _axis_surprise(expected: tuple[float, ...], seen: tuple[float, ...], size_px: int) -> float:
    low, high = seen[0] - expected[0], seen[1] - expected[1]
    is_low_cut, is_high_cut = seen[0] <= 0, seen[1] >= size_px
    if is_low_cut or is_high_cut:
        return 0.0 if is_low_cut and is_high_cut else (high if is_low_cut else low)
    # Each edge weighted by the square of the other's surprise: equal ones are believed, opposite
    # ones (the object grows) cancel, and of unequal ones the calm one speaks.
    weight = low * low + high * high
    return low * high * (low + high) / weight if weight else 0.0
