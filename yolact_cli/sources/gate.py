"""The gate before the decoders: what a file is, how large, which way up, from its header alone."""

import contextlib
import os
import threading
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image, ImageFile

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.sources.layouts import is_deep, is_garbled, is_misread_by_cv2, is_negative
from yolact_cli.sources.signature import describe_head, is_picture

_NAMES = (
    "JPEG PNG WEBP TIFF BMP GIF AVIF JPEG2000 PPM DIB DDS ICNS ICO IM MSP PCX PSD QOI SGI SUN"
    " TGA XBM XPM"
)
_FORMATS = tuple(_NAMES.split())
# EPS runs another program, and the rest of what Pillow reads are no photographs.

_ORIENTATION_TAG = 0x0112
_TIFF_STARTS = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_TAIL_BYTES = 1 << 20

BYTES_A_PIXEL = 10
"""Of decoding, at its highest: the file, and the samples as a decoder has and as it gives them.

What formats take is printed by ``pytest -m slow -s tests/sources/test_decode_memory.py``.
"""
WIDE_BYTES_A_PIXEL = 24
"""The same of samples of more than 8 bits, and of decoders that keep more beside them."""
_WIDE_FORMATS = ("TIFF", "JPEG2000", "AVIF", "WEBP")

# Pillow keeps its limits in module variables; whoever changes them for a moment holds this.
_pillow_limits = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """What is known of a picture before it is decoded.

    Attributes:
        size_wh: In px, as stored.
        orientation: EXIF's, 1 to 8, to be applied after decoding.
        is_for_pillow: OpenCV would get its colours wrong.
        is_negative: Its samples are decoded with black and white swapped.
        bytes_a_pixel: What decoding takes at its highest, about.
    """

    size_wh: tuple[int, int]
    orientation: int
    is_for_pillow: bool = False
    is_negative: bool = False
    bytes_a_pixel: int = BYTES_A_PIXEL


def unreadable(name: str, problem: str, remedy: str) -> UnreadablePictureError:
    """The error for a picture that cannot be used: its name, what is wrong, what to do."""
    return UnreadablePictureError(f"{name}: {problem}.", remedy=remedy)


def check_pixels(size_wh: tuple[int, int], *, name: str, max_pixels: int) -> None:
    """Refuse a picture that would not fit, before its pixels are decoded.

    Raises:
        UnreadablePictureError: It has more than ``max_pixels``.
    """
    width, height = size_wh
    if width * height > max_pixels:
        raise unreadable(
            name,
            f"{width}x{height} pixels are more than the limit of {max_pixels:,}",
            "Scale it down, or raise --max-pixels if you trust the file.",
        )


@contextlib.contextmanager
def pillow_without_limits(*, allow_truncated: bool = False) -> Iterator[None]:
    """Pillow without its own limit of pixels (ours is checked) and with its warnings kept in."""
    with _pillow_limits, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, allow_truncated
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = before


def open_image(file: BinaryIO) -> Image.Image:
    """A picture of the formats let in, its header read and its pixels not yet."""
    Image.init()  # all readers; Pillow stumbles over a name whose reader is not loaded or built in
    file.seek(0)
    return Image.open(file, formats=[name for name in _FORMATS if name in Image.OPEN])


def read_header(file: BinaryIO, name: str, head: bytes) -> Header:
    """What a picture's header says.

    Raises:
        UnreadablePictureError: It is no picture that we read.
    """
    try:
        with pillow_without_limits():
            image = open_image(file)
            is_readable = not is_garbled(image)
            is_wide = image.format in _WIDE_FORMATS or is_deep(image, head)
            header = Header(
                size_wh=image.size,
                orientation=_orientation(image, file),
                is_for_pillow=is_misread_by_cv2(image, head),
                is_negative=is_negative(image),
                bytes_a_pixel=WIDE_BYTES_A_PIXEL if is_wide else BYTES_A_PIXEL,
            )
    except MemoryError:
        raise
    # Pillow's readers raise whatever a malformed file leads them to.
    except Exception as error:
        if head.startswith(_TIFF_STARTS):
            problem = "is damaged, cut off, or of a kind of TIFF that is not read"
            remedy = "If other programs show it, save it anew with 8 or 16 bits a sample."
            raise unreadable(name, problem, remedy) from error
        if is_picture(head):
            raise unreadable(
                name, f"is damaged or cut off ({describe_head(head)})", "Copy it again."
            ) from error
        raise unreadable(
            name, f"not a picture ({describe_head(head)})", "Rename it, or leave it out."
        ) from error
    if not is_readable:
        problem = "its 16-bit samples are stored plane by plane, which is not read"
        raise unreadable(name, problem, "Save it anew with its samples pixel by pixel.")
    return header


def _orientation(image: Image.Image, file: BinaryIO) -> int:
    """EXIF orientation, 1 to 8, where the decoders leave it to us; they turn TIFF themselves."""
    if image.format == "TIFF":
        return 1
    exif = Image.Exif()
    try:
        exif.load(image.info.get("exif") or _late_exif(image, file))
        orientation = exif.get(_ORIENTATION_TAG)
    except Exception:  # noqa: BLE001 -- whatever broken EXIF leads to, the picture may be whole
        return 1
    return orientation if isinstance(orientation, int) and 1 <= orientation <= 8 else 1


def _late_exif(image: Image.Image, file: BinaryIO) -> bytes:
    """A PNG's EXIF behind its pixels, where reading the header does not come to it."""
    if image.format != "PNG":
        return b""
    file.seek(0, os.SEEK_END)
    file.seek(max(0, file.tell() - _TAIL_BYTES))
    data = file.read()
    at = data.rfind(b"eXIf")
    size = int.from_bytes(data[at - 4 : at], "big")
    return data[at + 4 : at + 4 + size] if at > 0 else b""
