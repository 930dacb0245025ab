"""Memory that decoding processes share, so that large pictures wait for one another.

Pictures wait, but never one for another behind it: that of which the receiver waits for the frame
goes in any case. So nothing here changes a label, or stands still.
"""

import time
from collections import deque
from typing import Any

from yolact_cli.sources.room import Room, bytes_to_decode

_ASKED_EVERY_S = 0.005


class Budget:
    """What is decoded and what waits, counted across processes; travels to workers as they start.

    A worker that is killed may leave the lock taken. Workers alone take it, and their loader starts
    all of them anew, with another budget; the receiver writes numbers that nobody else writes.

    Args:
        room: How much there is.
        context: Of the processes.
        held: Frames that the receiver keeps at a time.
    """

    def __init__(self, room: Room, context: Any, *, held: int) -> None:
        self._room = room
        self._lock = context.Lock()
        self._decoding_bytes, self._made_bytes, self._taken_bytes, self._awaited_id = (
            context.Value("q", 0, lock=False) for _ in range(4)
        )
        self._held_bytes: deque[int] = deque([0] * held)

    def enter(self, size_wh: tuple[int, int], name: str, *, picture_id: int) -> int:
        """Wait in a worker until a picture of this size may be decoded.

        Returns:
            Bytes that are taken up by it, to be given back by :meth:`leave`.

        Raises:
            UnreadablePictureError: It never may.
        """
        self._room.check(size_wh, name)
        needed_bytes = bytes_to_decode(size_wh)
        while not self._may_enter(needed_bytes, picture_id):
            time.sleep(_ASKED_EVERY_S)
        return needed_bytes

    def leave(self, decoding_bytes: int, *, frame_bytes: int) -> None:
        """The worker is done with a picture, and its frame waits; 0 where there is none."""
        with self._lock:
            self._decoding_bytes.value -= decoding_bytes
            self._made_bytes.value += frame_bytes

    def await_picture(self, picture_id: int) -> None:
        """The receiver can do nothing before this picture's frame is there."""
        self._awaited_id.value = picture_id

    def take(self, frame_bytes: int) -> None:
        """The receiver has a frame, and has let go of the oldest that it held."""
        self._held_bytes.append(frame_bytes)
        self._taken_bytes.value += self._held_bytes.popleft()

    def _may_enter(self, needed_bytes: int, picture_id: int) -> bool:
        with self._lock:
            waiting_bytes = self._made_bytes.value - self._taken_bytes.value
            fits = (
                self._decoding_bytes.value + needed_bytes <= self._room.decoding_bytes
                and waiting_bytes <= self._room.frame_bytes
            )
            if fits or self._awaited_id.value == picture_id:
                self._decoding_bytes.value += needed_bytes
                return True
        return False
