"""Numbers as colours: signed ones with zero in the middle, and shares from none to all."""

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

# Below zero blue, zero nearly white, above zero red; told apart with any common kind of colour
# blindness. Source: ColorBrewer 2.0, RdBu with 11 classes, reversed (Apache-2.0).
_SIGNED = (
    0x053061, 0x2166AC, 0x4393C3, 0x92C5DE, 0xD1E5F0, 0xF7F7F7,
    0xFDDBC7, 0xF4A582, 0xD6604D, 0xB2182B, 0x67001F,
)  # fmt: skip


def signed_colours(
    values: Float32[np.ndarray, "h w"], *, limit: float
) -> UInt8[np.ndarray, "h w 3"]:
    """RGB of signed numbers on a symmetric scale from ``-limit`` to ``limit``.

    Beyond it the scale's ends are repeated; what is no number is shown as zero, and so is
    everything where the limit is zero.
    """
    share = np.nan_to_num(values / limit, nan=0.0) if limit > 0 else np.zeros_like(values)
    level = np.rint(255 * (np.clip(share, -1, 1) + 1) / 2).astype(np.uint8)
    return np.ascontiguousarray(_signed_table()[level])


def share_colours(shares: Float32[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w 3"]:
    """RGB of numbers in [0, 1], from dark blue to yellow (viridis)."""
    level = np.rint(255 * np.clip(np.nan_to_num(shares), 0, 1)).astype(np.uint8)
    bgr = cv2.applyColorMap(level, cv2.COLORMAP_VIRIDIS)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))


def _signed_table() -> UInt8[np.ndarray, "256 3"]:
    stops = np.array([[code >> 16, code >> 8 & 255, code & 255] for code in _SIGNED], np.float64)
    place = np.linspace(0, len(stops) - 1, 256)
    channels = [np.interp(place, np.arange(len(stops)), stops[:, one]) for one in range(3)]
    table: UInt8[np.ndarray, "256 3"] = np.rint(np.stack(channels, axis=1)).astype(np.uint8)
    return table
