"""Frames of high dynamic range brought to what a usual screen shows.

The light of a sample is worked out, rolled off above the middle tones by the curve of ITU-R
BT.2390-11 (section 5.1, EETF) from 1000 to 203 cd/m2 (BT.2408's white of a page), brought to
BT.709's colours and coded for sRGB. Applied a channel at a time, which pales very bright colours a
little, as film does.
"""

import functools
from typing import Literal

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8, UInt16

Transfer = Literal["PQ", "HLG"]

_PEAK, _WHITE = 1000.0, 203.0  # cd/m2 that the source is taken to reach, and that we show
_HIGHEST = 0xFFFF  # of a sample, and of light on its way to 8 bits

# ITU-R BT.2087: colours of BT.2020 in those of BT.709, both linear.
_TO_BT709 = np.array(
    [
        [1.6605, -0.5876, -0.0728],
        [-0.1246, 1.1329, -0.0083],
        [-0.0182, -0.1006, 1.1187],
    ],
    np.float32,
)


def to_standard_range(
    samples: UInt16[np.ndarray, "h w 3"], transfer: Transfer, *, has_wide_colours: bool
) -> UInt8[np.ndarray, "h w 3"]:
    """8-bit sRGB of RGB samples in full range.

    Args:
        samples: As coded, 65535 being the brightest there is.
        transfer: How light was coded: PQ is SMPTE ST 2084, HLG is ARIB STD-B67.
        has_wide_colours: The primaries are BT.2020's, not BT.709's.
    """
    light = cv2.LUT(samples, _light_table(transfer))
    if has_wide_colours:
        light = cv2.transform(light, _TO_BT709)
    steps = cv2.addWeighted(light, _HIGHEST, light, 0, 0, dtype=cv2.CV_16U)  # never beyond
    return np.asarray(cv2.LUT(steps, _coded_table()))


@functools.cache
def _light_table(transfer: Transfer) -> Float32[np.ndarray, " n"]:
    """Light shown, 1 for white, of each sample."""
    coded = np.arange(_HIGHEST + 1) / _HIGHEST
    if transfer == "HLG":
        # BT.2100: scene light, then the gamma of a screen of 1000 cd/m2.
        coded = _pq_of(_PEAK * _hlg_scene_light(coded) ** 1.2)
    return (_light_of_pq(_rolled_off(coded)) / _WHITE).astype(np.float32)


@functools.cache
def _coded_table() -> UInt8[np.ndarray, " n"]:
    """Samples by sRGB (IEC 61966-2-1) of light in steps."""
    light = np.arange(_HIGHEST + 1) / _HIGHEST
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(coded * 255).astype(np.uint8)


def _rolled_off(coded: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """BT.2390's curve in PQ: as it is up to a knee, then gently up to white."""
    peak = float(_pq_of(np.array(_PEAK)))
    white = float(_pq_of(np.array(_WHITE))) / peak
    knee = 1.5 * white - 0.5
    level = np.minimum(coded / peak, 1)
    t = np.maximum(level - knee, 0) / (1 - knee)
    spline = (
        (2 * t**3 - 3 * t**2 + 1) * knee
        + (t**3 - 2 * t**2 + t) * (1 - knee)
        + (-2 * t**3 + 3 * t**2) * white
    )
    return np.where(level < knee, level, spline) * peak


# SMPTE ST 2084, as in BT.2100 table 4.
_M1, _M2 = 2610 / 16384, 2523 / 4096 * 128
_C1, _C2, _C3 = 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32


def _light_of_pq(coded: Float64[np.ndarray, " *n"]) -> Float64[np.ndarray, " *n"]:
    power = coded ** (1 / _M2)
    light = np.maximum(power - _C1, 0) / (_C2 - _C3 * power)
    return np.asarray(10_000 * light ** (1 / _M1))


def _pq_of(light: Float64[np.ndarray, " *n"]) -> Float64[np.ndarray, " *n"]:
    power = (light / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * power) / (1 + _C3 * power)) ** _M2)


def _hlg_scene_light(coded: Float64[np.ndarray, " n"]) -> Float64[np.ndarray, " n"]:
    """The inverse of ARIB STD-B67's curve, as in BT.2100 table 5."""
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    return np.where(coded <= 0.5, coded**2 / 3, (np.exp((coded - c) / a) + b) / 12)
