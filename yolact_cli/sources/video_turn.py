"""Which way up a frame is shown: a multiple of a quarter turn, mirrored or not.

Source: ISO/IEC 14496-12, 8.2.2 (the matrix of a track's header), as FFmpeg hands it on.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self, cast

import av
import cv2
import numpy as np
from av.buffer import Buffer
from av.sidedata.sidedata import Type
from jaxtyping import UInt8

_BYTES = 36


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Done in this order: rows become columns, then left and right, then top and bottom swap."""

    is_transposed: bool = False
    flips_x: bool = False
    flips_y: bool = False

    @classmethod
    def of_frame(cls, frame: av.VideoFrame) -> Self:
        """What the frame asks for; a turn by another angle counts as the nearest of these."""
        found = cast("Mapping[Type, Buffer]", frame.side_data).get(Type.DISPLAYMATRIX)
        data = b"" if found is None else bytes(found)
        if len(data) < _BYTES:
            return cls()
        # A stored (x, y) is shown at (a x + c y, b x + d y), y pointing down.
        a, b, _, c, d, *_ = struct.unpack("=9i", data[:_BYTES])
        if abs(a) >= abs(b):
            return cls(flips_x=a < 0, flips_y=d < 0)
        return cls(is_transposed=True, flips_x=c < 0, flips_y=b < 0)

    def of_size(self, size_hw: tuple[int, int]) -> tuple[int, int]:
        """The size that a frame of this stored size has when it is upright."""
        height, width = size_hw
        return (width, height) if self.is_transposed else (height, width)

    def upright(self, pixels: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h2 w2 3"]:
        """The picture as it is to be looked at; itself where nothing is to be done."""
        if self.is_transposed:
            pixels = np.asarray(cv2.transpose(pixels))
        if self.flips_x or self.flips_y:
            code = -1 if self.flips_x and self.flips_y else int(self.flips_x)
            pixels = np.asarray(cv2.flip(pixels, code))
        return pixels

    def sentence(self) -> str | None:
        """What is done, for a reader; None where it is nothing."""
        flips = self.flips_x, self.flips_y
        if not self.is_transposed:
            names = {
                (True, True): "turned by 180 degrees",
                (True, False): "mirrored, left for right",
                (False, True): "mirrored, top for bottom",
            }
        else:
            names = {
                (True, False): "turned by 90 degrees clockwise",
                (False, True): "turned by 90 degrees anticlockwise",
                (False, False): "turned by 90 degrees anticlockwise and mirrored, top for bottom",
                (True, True): "turned by 90 degrees clockwise and mirrored, top for bottom",
            }
        return f"Frames are {names[flips]}, as the file asks." if flips in names else None
