"""Which times of a video no good frame was had for, worked out from what went in and came out.

Everything is in ticks of the stream. A packet is sent to the decoder with the time its frame is to
be shown at; frames come out in the order of their times. So a packet that was passed over is known
as soon as a later frame comes.
"""

from dataclasses import dataclass

_LOST = "No frame could be decoded here: the file is damaged."
_NO_START = "No frame could be decoded up to here: those before need one that is not in the file."
_SILENCE = "No frame came for this time: some were lost on the way."
_DAMAGED = "Frames here are damaged; they are used as they are."
_CUT_OFF = "The file promises more frames than it holds: it was cut off."


@dataclass(frozen=True, slots=True, kw_only=True)
class TickGap:
    """A gap in ticks; ``end`` is None where nothing tells where it ends."""

    start: int
    end: int | None
    reason: str


class GapBook:
    """Books packets and frames of one stream.

    Args:
        step: Ticks from a frame to the next, on average; 0 where it is not known.
        is_lossy: Frames may be lost before they come to be packets, so that a long hole between
            two is a gap too; else it is taken for a picture that was held.
    """

    def __init__(self, step: int, *, is_lossy: bool = False) -> None:
        self._step = step
        self._is_lossy = is_lossy
        self._awaited: set[int] = set()
        self._failed: set[int] = set()
        self._last: int | None = None
        self._last_end: int | None = None
        self._open: tuple[int, str] | None = None

    def send(self, pts: int | None) -> None:
        """A packet goes to the decoder, its frame to be shown at ``pts``."""
        if pts is not None:
            self._awaited.add(pts)

    def fail(self, pts: int | None) -> None:
        """The decoder refused a packet."""
        if pts is None:  # it stands for what would have come next
            pts = self._last_end if self._last_end is not None else 0
        self._failed.add(pts)

    def come(self, pts: int, *, is_damaged: bool, duration: int = 0) -> TickGap | None:
        """A frame came out; gives the gap that it ends, if there is one.

        A damaged frame opens a gap, or goes on with it.
        """
        lost = self._lost_before(pts)
        if lost is not None and self._open is None:
            self._open = lost, _LOST if self._last is not None else _NO_START
        if self._open is None and self._last is not None and self._has_long_hole(pts):
            self._open = self._last + self._step, _SILENCE
        if is_damaged or pts in self._failed:
            self._open = self._open or (pts, _DAMAGED)
        self._failed = {other for other in self._failed if other > pts}
        self._awaited = {other for other in self._awaited if other > pts}
        self._last, self._last_end = pts, pts + (duration or self._step)
        return None if is_damaged else self._close(pts)

    def restart(self) -> TickGap | None:
        """The stream's clock was set back: nothing is awaited any more, and an open gap ends."""
        gap = self._close(self._last_end or 0)
        self._open = None
        self._awaited.clear()
        self._failed.clear()
        self._last = self._last_end = None
        return gap

    def end(self, promised_end: int | None, *, broke_off: str | None = None) -> TickGap | None:
        """The gap at the end of the video, if there is one.

        Args:
            promised_end: Where the last frame should have ended, if the file says.
            broke_off: Why reading ended too early, if it did.
        """
        if self._open is None and self._last_end is not None:
            short = (promised_end or self._last_end) - self._last_end
            if broke_off or short > self._step > 0:
                self._open = self._last_end, broke_off or _CUT_OFF
        missing = [pts for pts in self._awaited | self._failed if self._is_later(pts)]
        if self._open is None and missing:
            self._open = min(missing), _LOST
        if self._open is None:
            return None
        start, reason = self._open
        self._open = None
        is_known = promised_end is not None and promised_end > start
        return TickGap(start=start, end=promised_end if is_known else None, reason=reason)

    def _close(self, pts: int) -> TickGap | None:
        if self._open is None or pts <= self._open[0]:
            return None
        start, reason = self._open
        self._open = None
        return TickGap(start=start, end=pts, reason=reason)

    def _lost_before(self, pts: int) -> int | None:
        """The first time before ``pts`` whose frame will not come any more."""
        failed = [other for other in self._failed if other < pts and self._is_later(other)]
        # Not every packet is a frame (fields, hidden frames); only a hole in time shows a loss.
        has_hole = self._last is None or 2 * (pts - self._last) > 3 * self._step
        silent = [
            other for other in self._awaited if has_hole and other < pts and self._is_later(other)
        ]
        return min(failed + silent, default=None)

    def _has_long_hole(self, pts: int) -> bool:
        """Whether at least two frames' time passed without one, where that tells something."""
        return self._is_lossy and self._step > 0 and 2 * (pts - (self._last or 0)) > 5 * self._step

    def _is_later(self, pts: int) -> bool:
        return self._last is None or pts > self._last
