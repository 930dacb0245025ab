"""A picture's file to its pixels, behind the gate.

OpenCV decodes, and keeps 16-bit samples; Pillow helps with the formats that OpenCV lacks. From
memory, unlike from a path, OpenCV gives nothing for a file that is cut off: no other check is
needed.
"""

import contextlib
import logging
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from jaxtyping import Shaped, UInt8
from PIL import Image

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.sources import heic
from yolact_cli.sources.gate import (
    Header,
    check_pixels,
    open_image,
    pillow_without_limits,
    read_header,
    unreadable,
)
from yolact_cli.sources.room import Admit
from yolact_cli.sources.signature import is_heic

_log = logging.getLogger(__name__)

HEAD_BYTES = 256
_IN_MEMORY_BYTES = 1 << 30  # a larger file is decoded piece by piece, though slower
_STRIP_PIXELS = 1 << 17  # converted at a time, so that no step needs a second picture
# IMREAD_COLOR_RGB swaps nothing in 16-bit TIFF (OpenCV 4.12 and 5.0), so we swap ourselves.
_CV2_FLAGS = cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH | cv2.IMREAD_IGNORE_ORIENTATION

Picture = UInt8[np.ndarray, "h w 3"]
Samples = Shaped[np.ndarray, "h w *c"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodeSettings:
    """What is let in and how samples of more than 8 bits are scaled."""

    max_pixels: int = 178_956_970
    """Pictures of more pixels are refused from their header."""
    bit_depth: int | None = None
    """Significant bits of 16-bit samples, 8 to 16; None for all 16."""
    allow_truncated: bool = False
    """Take the readable part of a file that is cut off."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecodedPicture:
    """A picture's pixels, and what of its samples they were made of.

    Attributes:
        pixels: Upright, RGB, 8 bits.
        used_bits: Of 16-bit samples, as many as their highest value has; None for other samples.
    """

    pixels: Picture
    used_bits: int | None = None


def read_picture(location: str, settings: DecodeSettings, *, name: str | None = None) -> Picture:
    """As :func:`read_decoded`, the pixels alone."""
    return read_decoded(location, settings, name=name).pixels


def read_decoded(
    location: str, settings: DecodeSettings, *, name: str | None = None, admit: Admit | None = None
) -> DecodedPicture:
    """A picture file's pixels, upright, RGB; the first frame where there are several.

    Alpha is dropped; grey, palette and CMYK become RGB.

    Args:
        location: Its path.
        settings: Limits and scaling.
        name: What error messages call it; its path when left out.
        admit: Called once the picture's size is known; may wait for memory, or raise.

    Raises:
        UnreadablePictureError: It is not there, no picture, damaged, cut off, or too large.
    """
    name = name or location
    try:
        path = Path(location)
        # Asked before opening, which would wait for ever on a pipe.
        _check_regular(path.stat().st_mode, name)
        with path.open("rb") as file:
            return decode_picture(file, settings, name=name, admit=admit)
    except FileNotFoundError as error:
        raise unreadable(name, "the file is gone", "Was it moved after the start?") from error
    except PermissionError as error:
        raise unreadable(name, "may not be read", "Change its permissions.") from error
    except MemoryError as error:
        raise unreadable(name, "memory does not suffice", "Lower --max-pixels.") from error
    except (OSError, ValueError) as error:
        raise unreadable(name, f"cannot be opened ({error})", "Check the disk.") from error
    except UnreadablePictureError:
        raise
    # No list is long enough for what decoders raise on files that nobody has seen yet, and one
    # bad file must not end a run.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        _log.debug("%s:", name, exc_info=True)
        remedy = "Leave it out, and please report it."
        raise unreadable(name, f"cannot be decoded ({reason})", remedy) from error


def decode_picture(
    file: BinaryIO, settings: DecodeSettings, *, name: str, admit: Admit | None = None
) -> DecodedPicture:
    """Like :func:`read_decoded`, from an open file."""
    head = file.read(HEAD_BYTES)
    if not head:
        raise unreadable(name, "the file is empty", "Copy it again, or leave it out.")
    if is_heic(head):
        deep = heic.decode(file, name=name, max_pixels=settings.max_pixels, admit=admit)
        return _decoded(deep, Header(size_wh=(0, 0), orientation=1), settings, name)
    header = read_header(file, name, head)
    check_pixels(header.size_wh, name=name, max_pixels=settings.max_pixels)
    if admit is not None:
        admit(header.size_wh, name, bytes_a_pixel=header.bytes_a_pixel)
    samples = None if header.is_for_pillow else _by_cv2(file, header)
    if samples is None:
        samples = _by_pillow(file, name, allow_truncated=settings.allow_truncated)
    return _decoded(samples, header, settings, name)


def _decoded(
    samples: Samples, header: Header, settings: DecodeSettings, name: str
) -> DecodedPicture:
    if samples.dtype == np.int32 and samples.min() >= 0 and samples.max() <= 0xFFFF:
        samples = samples.astype(np.uint16)  # Pillow's way with some 16-bit files
    used_bits = None
    if samples.dtype == np.uint16:
        used_bits = int(samples.max()).bit_length()
        # What Pillow alone reads right it has brought to the full range.
        bit_depth = 16 if header.is_for_pillow else settings.bit_depth or 16
        samples = _to_eight_bits(samples, bit_depth, is_negative=header.is_negative)
    if samples.dtype != np.uint8:
        remedy = "Convert it to 8 or 16 bits a sample first."
        raise unreadable(name, f"has {samples.dtype} samples", remedy)
    if samples.ndim == 2:
        samples = np.repeat(samples[:, :, None], 3, axis=2)
    pixels = _upright(np.asarray(samples, np.uint8), header.orientation)
    return DecodedPicture(pixels=pixels, used_bits=used_bits)


def _check_regular(mode: int, name: str) -> None:
    if stat.S_ISDIR(mode):
        raise unreadable(name, "is a folder", "Rename it, or give it as a source of its own.")
    if not stat.S_ISREG(mode):
        raise unreadable(name, "is no ordinary file", "Leave it out.")


def _by_cv2(file: BinaryIO, header: Header) -> Samples | None:
    """What OpenCV makes of the file, or None where it makes nothing of it."""
    data = _whole(file)
    if data is None:
        return None
    with _silent_cv2():
        try:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), _CV2_FLAGS)
        except cv2.error:  # beyond OpenCV's own limits
            picture = None
    if picture is None or picture.dtype not in (np.uint8, np.uint16):
        return None
    if sorted(picture.shape[:2]) != sorted(header.size_wh):
        return None
    del data
    cv2.cvtColor(picture, cv2.COLOR_BGR2RGB, dst=picture)
    return np.asarray(picture)


def _whole(file: BinaryIO) -> bytes | None:
    """All of the file, asking for no more memory than it takes; None where that is too much."""
    size_bytes = file.seek(0, os.SEEK_END)
    file.seek(0)
    if size_bytes >= _IN_MEMORY_BYTES:
        return None
    data = file.read(size_bytes + 1)
    if len(data) > size_bytes:  # it grew, or its file system does not tell sizes
        data += file.read()
    return data


def _strips(size_hw: tuple[int, ...]) -> Iterator[slice]:
    height, width = size_hw
    step = max(1, _STRIP_PIXELS // max(1, width))
    return (slice(top, min(top + step, height)) for top in range(0, height, step))


@contextlib.contextmanager
def _silent_cv2() -> Iterator[None]:
    """Keep OpenCV's own words about broken files off the terminal."""
    level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        yield
    finally:
        cv2.utils.logging.setLogLevel(level)


def _by_pillow(file: BinaryIO, name: str, *, allow_truncated: bool) -> Samples:
    try:
        with pillow_without_limits(allow_truncated=allow_truncated):
            image = open_image(file)
            image.load()
            return _samples(image)
    except MemoryError:
        raise
    # As above: there is no list of what a malformed file can raise.
    except Exception as error:
        raise unreadable(
            name,
            f"is damaged or cut off ({error})",
            "Copy it again, or take what is readable of it with --allow-truncated.",
        ) from error


def _samples(image: Image.Image) -> Samples:
    """Samples of more than 8 bits as they are, others as RGB."""
    is_deep = image.mode.startswith(("I", "F"))
    samples: Samples | None = None
    for rows in _strips((image.height, image.width)):
        strip = image.crop((0, rows.start, image.width, rows.stop))
        array = np.asarray(strip if is_deep else strip.convert("RGB"))
        if samples is None:
            samples = np.empty((image.height, *array.shape[1:]), array.dtype)
        samples[rows] = array
    assert samples is not None  # noqa: S101 - no picture is without rows
    return samples


def _to_eight_bits(samples: Samples, bit_depth: int, *, is_negative: bool) -> Samples:
    eight = np.empty(samples.shape, np.uint8)
    highest = (1 << bit_depth) - 1
    for rows in _strips(samples.shape[:2]):
        strip = np.minimum(samples[rows], highest)
        if is_negative:
            np.subtract(highest, strip, out=strip)
        eight[rows] = strip >> (bit_depth - 8)
    return eight


def _upright(picture: Picture, orientation: int) -> Picture:
    """The picture as its EXIF orientation says it is to be looked at.

    Source: Exif 2.32, tag 274.
    """
    if orientation in {5, 6, 7, 8}:
        picture = picture.transpose(1, 0, 2)
    if orientation in {3, 4, 7, 8}:
        picture = picture[::-1]
    if orientation in {2, 3, 6, 7}:
        picture = picture[:, ::-1]
    return np.ascontiguousarray(picture)
