"""A decoded frame as plain pixels: RGB, 8 bits, upright, square, of the size promised.

Colours follow the file's own matrix and range. Where it says nothing, FFmpeg's rule holds (BT.601,
limited range), so that frames are those that ``ffmpeg`` writes as pictures.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

import av
import numpy as np
from av.video.reformatter import (
    ColorPrimaries,
    ColorTrc,
    Interpolation,
    VideoReformatter,
)
from av.video.stream import VideoStream
from jaxtyping import UInt8

from yolact_cli.sources.video_tone import Transfer, to_standard_range
from yolact_cli.sources.video_turn import Turn

_RESAMPLING = int(Interpolation.BICUBIC | Interpolation.ACCURATE_RND)
_TRANSFERS: dict[int, Transfer] = {ColorTrc.SMPTE2084: "PQ", ColorTrc.ARIB_STD_B67: "HLG"}
_KNOWN_MATRICES = {0, 1, 2, 4, 5, 6, 7, 9}  # AVColorSpace; the scaler refuses others
_UNKNOWN_MATRIX = 2
_PLANAR = {(0, 0): "yuv444p", (1, 0): "yuv422p", (1, 1): "yuv420p"}  # by how chroma is halved
_WIDEST_PIXEL = 16  # a pixel's aspect beyond this is a mistake in the file


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How frames are stored, and shown.

    Attributes:
        stored_hw: Of a decoded frame.
        pixel_aspect: Width of a stored pixel over its height.
        turn: What makes it upright.
    """

    stored_hw: tuple[int, int]
    pixel_aspect: Fraction
    turn: Turn

    @classmethod
    def of(cls, frame: av.VideoFrame, stream: VideoStream) -> Self:
        """The shape of a stream's frame."""
        aspect = stream.sample_aspect_ratio or Fraction(1)
        is_sane = Fraction(1, _WIDEST_PIXEL) <= aspect <= _WIDEST_PIXEL
        return cls(
            stored_hw=(frame.height, frame.width),
            pixel_aspect=Fraction(aspect) if is_sane else Fraction(1),
            turn=Turn.of_frame(frame),
        )

    @property
    def square_hw(self) -> tuple[int, int]:
        """With square pixels, its width changed and its height kept; not yet turned."""
        height, width = self.stored_hw
        return height, max(1, round(width * self.pixel_aspect))

    @property
    def shown_hw(self) -> tuple[int, int]:
        """With square pixels and upright."""
        return self.turn.of_size(self.square_hw)


class PlainPixels:
    """Turns a stream's decoded frames into pixels, all of one size.

    A frame of another shape than the first is scaled to fit within that size, with black beside or
    above it, as players show it: labels are true to the picture that is seen.
    """

    def __init__(self, size_hw: tuple[int, int]) -> None:
        self._size_hw = size_hw
        # Each keeps what it worked out for its own conversion.
        self._to_plain, self._to_rgb = VideoReformatter(), VideoReformatter()

    def of_frame(self, frame: av.VideoFrame, shape: Shape) -> UInt8[np.ndarray, "h w 3"]:
        """The frame's pixels, of the size promised; nothing else holds on to them."""
        fitted_hw = _within(shape.shown_hw, self._size_hw)
        target_hw = shape.turn.of_size(fitted_hw)  # a quarter turn undoes itself in sizes
        pixels = shape.turn.upright(self._rgb(frame, target_hw))
        if fitted_hw == self._size_hw:
            return np.ascontiguousarray(pixels)
        canvas = np.zeros((*self._size_hw, 3), np.uint8)
        top, left = (
            (whole - part) // 2 for whole, part in zip(self._size_hw, fitted_hw, strict=True)
        )
        canvas[top : top + fitted_hw[0], left : left + fitted_hw[1]] = pixels
        return canvas

    def _rgb(self, frame: av.VideoFrame, size_hw: tuple[int, int]) -> UInt8[np.ndarray, "h w 3"]:
        if frame.colorspace not in _KNOWN_MATRICES:
            frame.colorspace = _UNKNOWN_MATRIX
        transfer = _TRANSFERS.get(frame.color_trc)
        if transfer:
            return self._from_high_range(frame, size_hw, transfer)
        plain_kind = _plain_kind(frame)
        if plain_kind != frame.format.name or size_hw != (frame.height, frame.width):
            frame = self._to_plain.reformat(
                frame,
                width=size_hw[1],
                height=size_hw[0],
                format=plain_kind,
                interpolation=_RESAMPLING,
                threads=1,
            )
        rgb = self._to_rgb.reformat(frame, format="rgb24", threads=1)
        pixels = rgb.to_ndarray()
        # What the decoder made RGB already may serve it once more.
        return pixels.copy() if rgb is frame else np.asarray(pixels)

    def _from_high_range(
        self, frame: av.VideoFrame, size_hw: tuple[int, int], transfer: Transfer
    ) -> UInt8[np.ndarray, "h w 3"]:
        samples = self._to_plain.reformat(
            frame,
            width=size_hw[1],
            height=size_hw[0],
            format="rgb48le",
            interpolation=_RESAMPLING,
            threads=1,
        ).to_ndarray()
        is_wide = frame.color_primaries == ColorPrimaries.BT2020
        return to_standard_range(samples, transfer, has_wide_colours=is_wide)


def notes_on(frame: av.VideoFrame, shape: Shape) -> tuple[str, ...]:
    """What is done to frames like this one to make them plain, a sentence each."""
    notes = []
    if turned := shape.turn.sentence():
        notes.append(turned)
    if shape.square_hw != shape.stored_hw:
        height, width = shape.stored_hw
        notes.append(
            f"Frames are widened from {width}x{height} to {shape.square_hw[1]}x{height} pixels:"
            f" the file's are not square ({shape.pixel_aspect})."
        )
    if frame.interlaced_frame:
        notes.append("Frames are deinterlaced, one frame for two fields.")
    if transfer := _TRANSFERS.get(frame.color_trc):
        notes.append(f"High dynamic range ({transfer}) is brought to standard range.")
    if (bits := _bits(frame)) > 8:
        notes.append(f"Samples of {bits} bits are brought to 8.")
    return tuple(notes)


def _bits(frame: av.VideoFrame) -> int:
    return max(component.bits for component in frame.format.components)


def _plain_kind(frame: av.VideoFrame) -> str:
    """The 8-bit format that comes before RGB: YUV is left by the fast and exact way from there."""
    kind = frame.format
    if kind.is_rgb or len(kind.components) < 3 or kind.has_palette:
        return str(kind.name) if _bits(frame) <= 8 else "rgb24"
    if _bits(frame) <= 8 and kind.is_planar:
        return str(kind.name)
    width, height = kind.chroma_width(64), kind.chroma_height(64)
    return _PLANAR.get((int(width < 64), int(height < 64)), "yuv444p")


def _within(size_hw: tuple[int, int], limit_hw: tuple[int, int]) -> tuple[int, int]:
    """The largest size of this aspect within another; exactly that where they nearly agree."""
    if size_hw == limit_hw:
        return limit_hw
    scale = min(Fraction(limit, side) for limit, side in zip(limit_hw, size_hw, strict=True))
    height, width = (max(1, round(side * scale)) for side in size_hw)
    is_nearly = abs(height - limit_hw[0]) <= 1 and abs(width - limit_hw[1]) <= 1
    return limit_hw if is_nearly else (height, width)
