"""What a worker does with a picture: decode it, and make what the network and overlays need."""

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np
from jaxtyping import Shaped, UInt8

from yolact_cli.sources.decode import DecodedPicture, DecodeSettings, read_decoded
from yolact_cli.sources.room import Admit, HeldFrames
from yolact_cli.structures import Frame, ListedPicture

ResizeCall = Callable[[UInt8[np.ndarray, "h w 3"]], Shaped[np.ndarray, "s s 3"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramePreparer:
    """Listed pictures to frames; a value, so that it travels to other processes."""

    resize: ResizeCall
    """A picture to the network's input size; picklable."""
    decode: DecodeSettings = field(default_factory=DecodeSettings)
    """Limits and scaling."""
    preview_max_px: int | None = None
    """Longest side of the preview to draw on; 0 for the picture whole, None for no preview."""

    def __call__(self, picture: ListedPicture, admit: Admit | None = None) -> Frame:
        """The frame of a picture; ``admit`` as in :func:`read_decoded`.

        Raises:
            UnreadablePictureError: It cannot be decoded, or must not be.
        """
        return self.frame(picture, self.decoded(picture, admit))

    def decoded(self, picture: ListedPicture, admit: Admit | None = None) -> DecodedPicture:
        """The first half of the work: the picture's own pixels.

        Raises:
            UnreadablePictureError: It cannot be decoded, or must not be.
        """
        return read_decoded(picture.location, self.decode, name=picture.name, admit=admit)

    def frame(self, picture: ListedPicture, decoded: DecodedPicture) -> Frame:
        """The second half: a frame of those pixels."""
        pixels = decoded.pixels
        height, width = pixels.shape[:2]
        return Frame(
            picture_id=picture.picture_id,
            name=picture.name,
            size_hw=(height, width),
            pixels=self.resize(pixels),
            preview=None if self.preview_max_px is None else shrink(pixels, self.preview_max_px),
            used_bits=decoded.used_bits,
        )

    def held(self, count: int) -> HeldFrames:
        """So many frames in the receiver's hands."""
        return HeldFrames(
            count=count,
            input_bytes=self.resize(np.zeros((1, 1, 3), np.uint8)).nbytes,
            preview_max_px=self.preview_max_px,
        )


def shrink(picture: UInt8[np.ndarray, "h w 3"], max_px: int) -> UInt8[np.ndarray, "ph pw 3"]:
    """The picture with no side longer than ``max_px``; itself where it fits, or where that is 0."""
    height, width = picture.shape[:2]
    longest = max(height, width)
    if max_px == 0 or longest <= max_px:
        return picture
    size_wh = tuple(max(1, round(side * max_px / longest)) for side in (width, height))
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_AREA))
