"""What writer and reader of Pascal VOC's form share: its folders, its palette, its label map."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

CLASSES, OBJECTS, IMAGES = "SegmentationClass", "SegmentationObject", "JPEGImages"
SUBSET = "ImageSets/Segmentation/train.txt"
LABELMAP = "labelmap.txt"
BACKGROUND = "background"
MOST = 254
"""Objects a picture, and classes: 0 is background and 255 is void."""
VOID = 255


def voc_colours() -> UInt8[np.ndarray, "256 3"]:
    """The RGB colours of VOC's palette. Source: VOCcode/VOClabelcolormap.m of its devkit."""
    index = np.arange(256)
    colours = np.zeros((256, 3), np.uint8)
    for bit in range(8):
        for channel in range(3):
            colours[:, channel] |= (((index >> (3 * bit + channel)) & 1) << (7 - bit)).astype(
                np.uint8
            )
    return colours


def labelmap_text(names: Sequence[str]) -> bytes:
    """The label map of these classes, with VOC's colours; background comes first."""
    lines = ["# label:color_rgb:parts:actions"]
    for name, colour in zip((BACKGROUND, *names), voc_colours().tolist(), strict=False):
        lines.append(f"{name}:{','.join(map(str, colour))}::")
    return ("\n".join(lines) + "\n").encode("utf-8", "surrogateescape")


def labelmap_names(names: Sequence[str]) -> list[str]:
    """Names without what separates the fields of a label map, still each different."""
    written: list[str] = []
    for name in names:
        new = "".join("_" if one in ":\r\n" else one for one in name).strip().lstrip("#") or "_"
        while new in written or new == BACKGROUND:
            new += "_"
        written.append(new)
    return written
