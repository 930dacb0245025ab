"""The newest frames of a camera or stream: what cannot be kept up with is left out, and counted."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from yolact_cli.video import VideoFrame, VideoGap

_LOOK_UP_S = 0.2  # how long a request to stop may go unnoticed while no frame comes


class NewestFrames:
    """Frames as they come, read by a thread; a context manager, to be iterated over once.

    At most ``max_frames`` wait; when one more comes, the oldest is dropped. So what is looked at is
    never older than it takes to work on that many frames. Gaps are not dropped.

    Args:
        frames: Used by the thread alone until the block is left.
        max_frames: That wait.
        should_stop: Asked while waiting; once true, the iteration ends.

    Attributes:
        dropped: Frames left out so far.
    """

    def __init__(
        self,
        frames: Iterable[VideoFrame | VideoGap],
        *,
        max_frames: int,
        should_stop: Callable[[], bool],
    ) -> None:
        self.dropped = 0
        self._frames = frames
        self._max_frames = max_frames
        self._should_stop = should_stop
        self._waiting: deque[VideoFrame | VideoGap] = deque()
        self._changed = threading.Condition()
        self._is_over = False
        self._is_left = False
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._read, name="yolact-live", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_left = True
        self._thread.join()

    def __iter__(self) -> Iterator[VideoFrame | VideoGap]:
        """The newest frames in order, until the stream ends or a stop is asked for.

        What the frames' iterator raises is raised here, after the frames before it.
        """
        while not self._should_stop():
            with self._changed:
                self._changed.wait_for(self._has_news, timeout=_LOOK_UP_S)
                item = self._waiting.popleft() if self._waiting else None
                is_over = self._is_over and item is None
            if item is not None:
                yield item
            elif is_over:
                break
        if self._error is not None:
            raise self._error

    def _has_news(self) -> bool:
        return bool(self._waiting) or self._is_over

    def _read(self) -> None:
        try:
            for item in self._frames:
                if self._is_left:
                    break
                self._put(item)
        except Exception as error:  # noqa: BLE001 - raised again where the frames are used
            self._error = error
        finally:
            with self._changed:
                self._is_over = True
                self._changed.notify_all()

    def _put(self, item: VideoFrame | VideoGap) -> None:
        with self._changed:
            frames = [one for one in self._waiting if isinstance(one, VideoFrame)]
            if len(frames) >= self._max_frames:
                self._waiting.remove(frames[0])  # frames are equal only to themselves
                self.dropped += 1
            self._waiting.append(item)
            self._changed.notify_all()
