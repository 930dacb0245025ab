"""HEIC pictures, by an optional package: its codecs carry licences of their own."""

from typing import BinaryIO

import numpy as np
from jaxtyping import Shaped

from yolact_cli.sources.gate import WIDE_BYTES_A_PIXEL, check_pixels, unreadable
from yolact_cli.sources.room import Admit


def decode(
    file: BinaryIO, *, name: str, max_pixels: int, admit: Admit | None = None
) -> Shaped[np.ndarray, "h w 3"]:
    """A HEIC file's main picture, upright, RGB without alpha; grey ones may have 16 bits.

    Raises:
        UnreadablePictureError: The package is not installed, or the file is damaged or too large.
    """
    try:
        import pillow_heif
    except ImportError as error:
        remedy = "Install it with: pip install pillow-heif"
        raise unreadable(name, "a HEIC picture, which needs one more package", remedy) from error
    try:
        file.seek(0)
        image = pillow_heif.open_heif(file, convert_hdr_to_8bit=True)
        size_wh = image.size
        check_pixels(size_wh, name=name, max_pixels=max_pixels)
        if admit is not None:
            admit(size_wh, name, bytes_a_pixel=WIDE_BYTES_A_PIXEL)
        samples = np.array(image)
    except (ValueError, EOFError, SyntaxError, RuntimeError, OSError) as error:
        raise unreadable(name, f"is damaged or cut off ({error})", "Copy it again.") from error
    if samples.ndim == 2:
        samples = samples[:, :, None]
    colours = samples[:, :, :3] if samples.shape[2] >= 3 else samples[:, :, :1]
    return np.broadcast_to(colours, (*samples.shape[:2], 3))
