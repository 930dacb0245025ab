"""Memory that decoding processes share, so that large pictures wait for one another.

Pictures wait, but never one for another behind it, except while that is being decoded: the one of
which the receiver waits for the frame goes as soon as no other is. So nothing here changes a label,
or stands still.
"""

import time
from collections import deque
from dataclasses import dataclass
from typing import Any

from yolact_cli.sources.room import Room

_ASKED_EVERY_S = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What a picture takes up while it is decoded.

    Attributes:
        decoding_bytes: For decoding it.
        frame_bytes: Kept free for its frame.
    """

    decoding_bytes: int
    frame_bytes: int


class Budget:
    """What is decoded, waits and is held, counted across processes; travels to starting workers.

    A worker that is killed may leave the lock taken. Workers alone take it, and their loader starts
    all of them anew, with another budget; the receiver writes numbers that nobody else writes.

    Args:
        room: How much there is, and what of it the receiver holds.
        context: Of the processes.
        before: What counted until workers died: the receiver still holds the frames.
    """

    def __init__(self, room: Room, context: Any, *, before: "Budget | None" = None) -> None:
        self._room = room
        self._lock = context.Lock()
        numbers = (context.Value("q", 0, lock=False) for _ in range(5))
        self._decoding_bytes, self._made_bytes, self._taken_bytes, self._held_bytes, *rest = numbers
        (self._awaited_id,) = rest
        self._held = deque([0] * room.held.count) if before is None else before.held
        self._held_bytes.value = sum(self._held)

    @property
    def held(self) -> deque[int]:
        """Bytes of each of the newest frames that the receiver took, as many as it keeps."""
        return deque(self._held)

    def enter(
        self, size_wh: tuple[int, int], name: str, *, bytes_a_pixel: int, picture_id: int
    ) -> Admitted:
        """Wait in a worker until a picture of this size may be decoded.

        Returns:
            What is taken up by it, to be given back by :meth:`leave`.

        Raises:
            UnreadablePictureError: It never may.
        """
        self._room.check(size_wh, name, bytes_a_pixel=bytes_a_pixel)
        needed = Admitted(
            decoding_bytes=self._room.bytes_to_decode(size_wh, bytes_a_pixel),
            frame_bytes=self._room.held.frame_bytes(size_wh),
        )
        while not self._may_enter(needed, picture_id):
            time.sleep(_ASKED_EVERY_S)
        return needed

    def leave(self, admitted: Admitted, *, frame_bytes: int) -> None:
        """The worker is done with a picture, and its frame waits; 0 where there is none."""
        with self._lock:
            self._decoding_bytes.value -= admitted.decoding_bytes
            self._made_bytes.value += frame_bytes - admitted.frame_bytes

    def await_picture(self, picture_id: int) -> None:
        """The receiver can do nothing before this picture's frame is there."""
        self._awaited_id.value = picture_id

    def take(self, frame_bytes: int) -> None:
        """The receiver has a frame, and has let go of the oldest that it held."""
        self._held.append(frame_bytes)
        self._held.popleft()
        self._held_bytes.value = sum(self._held)
        self._taken_bytes.value += frame_bytes

    def _may_enter(self, needed: Admitted, picture_id: int) -> bool:
        with self._lock:
            decoding_bytes = self._decoding_bytes.value
            working_bytes = decoding_bytes + needed.decoding_bytes + self._held_bytes.value
            ahead_bytes = self._made_bytes.value - self._taken_bytes.value + needed.frame_bytes
            fits = (
                working_bytes <= self._room.working_bytes and ahead_bytes <= self._room.ahead_bytes
            )
            is_awaited = self._awaited_id.value == picture_id
            if fits or (is_awaited and decoding_bytes == 0):
                self._decoding_bytes.value += needed.decoding_bytes
                self._made_bytes.value += needed.frame_bytes
                return True
        return False
