"""Regions of a picture while files are read: crops with their place, joined and encoded."""

import io
import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from yolact_cli.formats.untrusted import MOST_PIXELS
from yolact_cli.geometry import rle


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Region:
    """Some pixels of a picture.

    Attributes:
        crop: The pixels.
        offset_yx: Where the crop's first pixel lies in the picture.
    """

    crop: Bool[np.ndarray, "ch cw"]
    offset_yx: tuple[int, int]


def encoded(region: Region, size_hw: tuple[int, int]) -> str | None:
    """Run lengths of a region, or None where it has no pixel in the picture."""
    inside = _clipped(region, size_hw)
    if not inside.crop.any():
        return None
    return rle.encode_crop(inside.crop, offset_yx=inside.offset_yx, size_hw=size_hw)


def joined(counts: Sequence[str], size_hw: tuple[int, int]) -> str:
    """Run lengths of several masks of one picture together."""
    if len(counts) == 1:
        return counts[0]
    merged = coco_mask.merge([{"size": list(size_hw), "counts": one} for one in counts])
    # Written anew, as the library may write the same runs in another way.
    return rle.encode_runs(rle.decode_runs(merged["counts"].decode("ascii")))


def painted(points_xy: Sequence[tuple[float, float]], size_hw: tuple[int, int]) -> Region:
    """A polygon in pixel-centre coordinates as Pillow paints it: with its line.

    Only the part inside the picture is painted, so points far away cost nothing.
    """
    height, width = size_hw
    xs, ys = [x for x, _ in points_xy], [y for _, y in points_xy]
    left, top = max(math.floor(min(xs)) - 1, 0), max(math.floor(min(ys)) - 1, 0)
    right, bottom = min(math.ceil(max(xs)) + 2, width), min(math.ceil(max(ys)) + 2, height)
    if right <= left or bottom <= top:
        return Region(crop=np.zeros((0, 0), bool), offset_yx=(0, 0))
    canvas = Image.new("L", (right - left, bottom - top))
    shifted = [(x - left, y - top) for x, y in points_xy]
    ImageDraw.Draw(canvas).polygon(shifted, outline=1, fill=1)
    return Region(crop=np.asarray(canvas, bool), offset_yx=(top, left))


def png_raster(data: bytes, *, size_hw: tuple[int, int] | None = None) -> np.ndarray:
    """A PNG's samples: indices of a palette as they are, grey or RGB otherwise.

    Args:
        data: The file; its pixels are made only after its header was looked at.
        size_hw: What it has to be, or None for any size of a picture that we would open.

    Raises:
        ValueError: It is no PNG, damaged, or of another size.
    """
    with warnings.catch_warnings():
        # We have a limit of our own.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
                found = image.height, image.width
                if found[0] * found[1] > MOST_PIXELS or (size_hw and found != size_hw):
                    raise ValueError(f"it is a PNG of {found[1]}x{found[0]} px")
                is_plain = image.mode in ("1", "L", "P", "I;16", "RGB")
                return np.array(image if is_plain else image.convert("RGB"))
        except (OSError, SyntaxError, Image.DecompressionBombError) as error:
            raise ValueError(f"it is no PNG that can be read ({error})") from error


def _clipped(region: Region, size_hw: tuple[int, int]) -> Region:
    height, width = size_hw
    top, left = region.offset_yx
    y, x = max(top, 0), max(left, 0)
    crop = region.crop[y - top : max(height - top, 0), x - left : max(width - left, 0)]
    return Region(crop=crop, offset_yx=(y, x))
