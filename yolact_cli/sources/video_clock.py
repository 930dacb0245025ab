"""Times of frames that always go forward, whatever a stream's own clock does."""


def set_back_limit(step: int, second: int) -> int:
    """Ticks by which a time may be behind the last before the clock counts as set back."""
    return max(4 * step, second // 4)


class ForwardClock:
    """Turns a stream's times into strictly increasing ones, changing as few as it can.

    A time that is missing follows the last by a step; one that is not later than the last follows
    it by a tick; when the stream's clock was set back (see :func:`set_back_limit`), as where
    recordings were put one behind another, all that follows is moved to go on from there.

    Args:
        step: Ticks from a frame to the next, on average; 0 where it is not known.
        second: Ticks a second.

    Attributes:
        offset: Added to the stream's own times at present.
    """

    def __init__(self, step: int, second: int) -> None:
        self._step = max(step, 1)
        self._limit = set_back_limit(step, second)
        self._last: int | None = None
        self.offset = 0

    def tick(self, pts: int | None) -> int:
        """The time of the next frame in order, in ticks."""
        if self._last is None:
            self._last = pts or 0
            return self._last
        time = self._last + self._step if pts is None else pts + self.offset
        if self._last - time > self._limit:
            self.offset += self._last + self._step - time
            time = self._last + self._step
        self._last = max(time, self._last + 1)
        return self._last
