"""Label Studio's brush masks: thi.ng's rle-pack over four bytes (RGBA) a pixel, row by row.

A stream of bits, high ones first: 32 for the number of bytes, 5 for the bits of a value less one,
four times 4 for the bits less one of run lengths of four kinds; then pieces: 1 bit that says
whether a value is repeated, 2 for the kind of its length, the length less one, and the value once,
or that many values.

Source of the format: thi-ng/umbrella, packages/rle-pack, Apache-2.0; written anew for arrays.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64, UInt8

from yolact_cli.geometry import rle
from yolact_cli.geometry.row_runs import BoxXywh, picture_row_runs

_CHANNELS = 4
_LENGTH_BITS = np.array((3, 4, 8, 16))
_VALUE_BITS = 8
_LONGEST = 1 << 16
_OBJECT = 255


def encode_brush(
    rle_counts: str, size_hw: tuple[int, int], *, bbox_xywh: BoxXywh
) -> UInt8[np.ndarray, " bytes"]:
    """The bytes of a mask, the object opaque white; ``bbox_xywh`` holds the object.

    Raises:
        ValueError: ``rle_counts`` are not run lengths of a picture of this size.
    """
    runs = picture_row_runs(rle_counts, size_hw, bbox_xywh=bbox_xywh) * _CHANNELS
    values = np.where(np.arange(len(runs)) % 2 == 1, _OBJECT, 0)
    runs, values = runs[runs > 0], values[runs > 0]
    pieces = -(-runs // _LONGEST)
    lengths = np.full(pieces.sum(), _LONGEST)
    lengths[np.cumsum(pieces) - 1] = runs - (pieces - 1) * _LONGEST
    values = np.repeat(values, pieces)
    kinds = np.searchsorted(1 << _LENGTH_BITS, lengths)  # the smallest that holds length - 1
    bits = _LENGTH_BITS[kinds]
    codes = ((4 | kinds) << bits | (lengths - 1)) << _VALUE_BITS | values
    total = size_hw[0] * size_hw[1] * _CHANNELS
    all_codes = np.concatenate(([total, _VALUE_BITS - 1], _LENGTH_BITS - 1, codes))
    all_bits = np.concatenate(([32, 5], [4] * len(_LENGTH_BITS), bits + 3 + _VALUE_BITS))
    return np.packbits(_as_bits(all_codes, all_bits))


def decode_brush(packed: Sequence[int], size_hw: tuple[int, int]) -> str:
    """COCO counts of a brush mask: every pixel that is not fully transparent.

    Raises:
        ValueError: The bytes are no such mask, or of a picture of another size.
    """
    try:
        data = bytes(packed)
    except (TypeError, ValueError):
        raise ValueError("its brush is not a list of bytes") from None
    height, width = size_hw
    reader = _Bits(data)
    length = reader.read(32)
    if length != height * width * _CHANNELS:
        raise ValueError(f"its brush is of {length // _CHANNELS} px, not of {width}x{height}")
    if reader.read(5) + 1 != _VALUE_BITS:
        raise ValueError("its brush has values of other than 8 bits")
    length_bits = [reader.read(4) + 1 for _ in _LENGTH_BITS]
    out = np.zeros(length, np.uint8)
    place = 0
    while place < length:
        is_repeated = reader.read(1)
        end = place + 1 + reader.read(length_bits[reader.read(2)])
        if end > length:
            raise ValueError("its brush is longer than its picture")
        out[place:end] = reader.read(8) if is_repeated else reader.read_bytes(end - place)
        place = end
    alpha = out[_CHANNELS - 1 :: _CHANNELS].reshape(size_hw)
    return rle.encode_mask(alpha > 0)


class _Bits:
    """Numbers from a stream of bits, high ones first.

    Reading beyond the end is a ``ValueError``.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0
        self._end = 8 * len(data)

    def read(self, bits: int) -> int:
        """The next number of so many bits, 32 at most."""
        byte, shift = divmod(self._skip(bits), 8)
        window = int.from_bytes(self._data[byte : byte + 5].ljust(5, b"\0"))
        return (window >> (40 - shift - bits)) & ((1 << bits) - 1)

    def read_bytes(self, count: int) -> UInt8[np.ndarray, " bytes"]:
        """So many numbers of eight bits."""
        byte, shift = divmod(self._skip(8 * count), 8)
        found = np.frombuffer(self._data, np.uint8, count + (shift > 0), byte)
        if shift == 0:
            return found
        return np.asarray((found[:-1] << shift) | (found[1:] >> (8 - shift)))

    def _skip(self, bits: int) -> int:
        begin = self._place
        self._place += bits
        if self._place > self._end:
            raise ValueError("its brush ends in the middle")
        return begin


def _as_bits(
    codes: Int64[np.ndarray, " n"], lengths: Int64[np.ndarray, " n"]
) -> UInt8[np.ndarray, " bits"]:
    """Numbers one after another, each in so many bits."""
    ends = np.cumsum(lengths)
    after = np.repeat(ends, lengths) - np.arange(ends[-1]) - 1  # bits of its number behind each
    return np.asarray((np.repeat(codes, lengths) >> after) & 1, np.uint8)
