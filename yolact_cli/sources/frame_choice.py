"""Which of a video's frames are labelled.

The law, for the frames whose time is in [start, end), in this order:

* ``keyframes`` leaves only those that can be decoded without another;
* ``every`` leaves the first of them and every n-th from there;
* ``fps`` leaves, for each whole k, the first that is due for k: whose time t since the first of
  them has k - 1/4 <= t x fps < k + 3/4.

So there are never two in such a span of 1 / fps seconds, whatever the frame rate does. A frame may
be a quarter of the span early because many files round times to milliseconds: without it, a tenth
of a millisecond would lose a frame.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from yolact_cli.settings import FrameSettings
from yolact_cli.video import VideoFrame, VideoGap

__all__ = ["ChosenFrame", "choose", "exact_s"]

_EARLY = Fraction(1, 4)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChosenFrame:
    """A frame in the range, and whether it is labelled; the overlay shows it anyway."""

    frame: VideoFrame
    is_labelled: bool


def exact_s(seconds: float) -> Fraction:
    """Seconds as they were written: 0.1 is a tenth, not the nearest binary number."""
    return Fraction(str(seconds))


def choose(
    frames: Iterable[VideoFrame | VideoGap], settings: FrameSettings
) -> Iterator[ChosenFrame | VideoGap]:
    """The frames and gaps in the range of time, each frame with the answer.

    Stops asking for frames at the first at or after the end. Gaps that reach into the range are
    given whole.
    """
    start_s = exact_s(settings.start_s or 0)
    end_s = None if settings.end_s is None else exact_s(settings.end_s)
    chooser = _Chooser(settings)
    for found in frames:
        if isinstance(found, VideoGap):
            if _reaches_into(found, start_s, end_s):
                yield found
        elif end_s is not None and found.time_s >= end_s:
            return
        elif found.time_s >= start_s:
            yield ChosenFrame(frame=found, is_labelled=chooser.takes(found))


class _Chooser:
    """Asked about each frame of the range once, in order."""

    def __init__(self, settings: FrameSettings) -> None:
        self._settings = settings
        self._fps = None if settings.fps is None else exact_s(settings.fps)
        self._counted = 0
        self._first_s: Fraction | None = None
        self._last_due = -1

    def takes(self, frame: VideoFrame) -> bool:
        if self._settings.keyframes and not frame.is_keyframe:
            return False
        is_counted_out = self._counted % self._settings.every != 0
        self._counted += 1
        return not is_counted_out and self._is_due(frame.time_s)

    def _is_due(self, time_s: Fraction) -> bool:
        if self._fps is None:
            return True
        if self._first_s is None:
            self._first_s = time_s
        due = int((time_s - self._first_s) * self._fps + _EARLY)
        is_new = due > self._last_due
        self._last_due = due
        return is_new


def _reaches_into(gap: VideoGap, start_s: Fraction, end_s: Fraction | None) -> bool:
    # A gap of no length is a remark on the frame that follows.
    is_over = gap.end_s is not None and (
        gap.end_s <= start_s if gap.end_s > gap.start_s else gap.end_s < start_s
    )
    return not is_over and (end_s is None or gap.start_s < end_s)
