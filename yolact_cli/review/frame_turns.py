"""Who decodes the next frame of a video: a reel is wound forwards, and rewound as seldom as may be.

Windows ask for many frames at once and in no order. Like a lift, the reel serves those ahead of
it in the order they come, and goes back to the first only when none is ahead.
"""

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator

from yolact_cli.structures import FramePlace

Stop = tuple[int, int]
"""A video's id and a frame's index."""


class FrameTurns:
    """Lets one frame be decoded at a time, in an order that suits the reel."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._waiting: Counter[Stop] = Counter()
        self._at: Stop = (0, 0)
        self._is_winding = False

    @contextlib.contextmanager
    def turn(self, place: FramePlace) -> Iterator[None]:
        """Wait until it is this frame's turn, and hold the reel while the block runs."""
        stop = place.video_id, place.frame_index
        with self._changed:
            self._waiting[stop] += 1
            self._changed.wait_for(lambda: not self._is_winding and stop == self._next())
            self._waiting[stop] -= 1
            self._waiting = +self._waiting
            self._is_winding = True
            self._at = stop
        try:
            yield
        finally:
            with self._changed:
                self._is_winding = False
                self._changed.notify_all()

    def _next(self) -> Stop:
        ahead = [stop for stop in self._waiting if stop >= self._at]
        return min(ahead or self._waiting)
