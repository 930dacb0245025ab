"""How much memory pictures on their way may take.

A quarter is for frames made ahead, which nobody has asked for yet. The rest is for pictures while
they are decoded, and for the frames of the batches in hand.
"""

from dataclasses import dataclass
from typing import Protocol

from yolact_cli.errors import SettingsError
from yolact_cli.free_memory import available_bytes
from yolact_cli.sources.gate import BYTES_A_PIXEL, unreadable

LEAST_BYTES, MOST_BYTES = 256 << 20, 4 << 30


class Admit(Protocol):
    """What is asked before a picture's pixels are decoded: it may wait, or raise."""

    def __call__(
        self, size_wh: tuple[int, int], name: str, *, bytes_a_pixel: int = BYTES_A_PIXEL
    ) -> None:
        """Width and height in px, the picture's name, and what its decoding takes a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldFrames:
    """The frames that the receiver keeps at a time.

    Attributes:
        count: How many.
        input_bytes: Of one as the network gets it.
        preview_max_px: Longest side of its preview; 0 for the picture whole, None for no preview.
    """

    count: int = 1
    input_bytes: int = 0
    preview_max_px: int | None = None

    def frame_bytes(self, size_wh: tuple[int, int]) -> int:
        """Of one frame of a picture of this width and height, at most.

        Never less for more pixels, so that what holds for the largest picture holds for all.
        """
        pixels = size_wh[0] * size_wh[1]
        if self.preview_max_px:
            pixels = min(pixels, self.preview_max_px**2)
        return self.input_bytes + (0 if self.preview_max_px is None else 3 * pixels)


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """Memory for pictures on their way from files through the network.

    Attributes:
        total_bytes: All of it.
        is_limit: Whether pictures that would not fit beside frames held of their size are refused;
            they go alone otherwise.
        held: What the receiver keeps.
    """

    total_bytes: int
    is_limit: bool = False
    held: HeldFrames = HeldFrames()

    @property
    def ahead_bytes(self) -> int:
        """For frames that wait to be taken."""
        return self.total_bytes // 4

    @property
    def working_bytes(self) -> int:
        """For all pictures together that are being decoded, and the frames held."""
        return self.total_bytes - self.ahead_bytes

    def bytes_to_decode(self, size_wh: tuple[int, int], bytes_a_pixel: int) -> int:
        """What making a frame of a picture takes at its highest, about."""
        return size_wh[0] * size_wh[1] * bytes_a_pixel + self.held.input_bytes

    def check(
        self, size_wh: tuple[int, int], name: str, *, bytes_a_pixel: int = BYTES_A_PIXEL
    ) -> None:
        """Refuse a picture that would not fit if it were decoded alone.

        Raises:
            UnreadablePictureError: It would not, and there is a limit.
        """
        decoding_bytes = self.bytes_to_decode(size_wh, bytes_a_pixel)
        held_bytes = self.held.count * self.held.frame_bytes(size_wh)
        if not self.is_limit or decoding_bytes + held_bytes <= self.working_bytes:
            return
        ways = ["a smaller --batch-size"]
        if self.held.preview_max_px is not None:
            ways.append("smaller overlays by --overlay-size")
        total_mb = -(-(decoding_bytes + held_bytes) * 4 // 3_000_000)
        raise unreadable(
            name,
            f"decoding {size_wh[0]}x{size_wh[1]} pixels takes about"
            f" {_megabytes(decoding_bytes):,} MB and keeping {self.held.count} frames of such a"
            f" size {_megabytes(held_bytes):,} MB, more than three quarters of --memory",
            f"Scale it down, or give {', '.join(ways)} or at least --memory {total_mb}MB.",
        )


def room_of(memory_bytes: int | None, held: HeldFrames) -> Room:
    """What a person gave, as a limit; else what suits the machine.

    Raises:
        SettingsError: No picture would fit into what was given, however small.
    """
    if memory_bytes is None:
        return suiting_room(held)
    room = Room(total_bytes=memory_bytes, is_limit=True, held=held)
    least_bytes = held.count * held.input_bytes + room.bytes_to_decode((1, 1), BYTES_A_PIXEL)
    if least_bytes > room.working_bytes:
        raise SettingsError(
            f"Holding {held.count} pictures as the network gets them takes "
            f"{_megabytes(least_bytes):,} MB, more than three quarters of --memory.",
            remedy=f"Give a smaller --batch-size, or more than --memory"
            f" {_megabytes(least_bytes * 4 // 3)}MB.",
        )
    return room


def suiting_room(held: HeldFrames = HeldFrames()) -> Room:
    """A quarter of the memory that is free here, within reason."""
    total_bytes = min(max(available_bytes() // 4, LEAST_BYTES), MOST_BYTES)
    return Room(total_bytes=total_bytes, held=held)


def _megabytes(size_bytes: int) -> int:
    return -(-size_bytes // 1_000_000)
