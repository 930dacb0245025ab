"""What decoding takes of memory is what pictures are let in for."""

import ctypes
import io
import sys
import tracemalloc
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from yolact_cli.sources import decode
from yolact_cli.sources.decode import DecodeSettings, decode_picture

SIZE_HW = (1200, 2000)
EIGHT_BITS = (
    *("JPEG RGB", "JPEG turned", "PNG RGB", "BMP RGB", "WEBP RGB", "TGA RGB", "GIF P"),
    *("TIFF RGB", "TIFF RGBA", "TIFF CMYK", "JPEG2000 RGB", "AVIF RGB"),
)
DEEP = (
    "PNG 16-bit",
    "PNG 16-bit-noise",
    "TIFF 16-bit",
    "JP2 16-bit",
    "TIFF 32-bit",
    "TIFF negative",
)
PIXELS = SIZE_HW[0] * SIZE_HW[1]


@pytest.fixture(scope="module")
def deep() -> np.ndarray:
    """Samples of 16 bits, smooth as photographs are."""
    small = np.random.default_rng(0).integers(0, 65_535, (30, 40, 3), np.uint16)
    return cv2.resize(small, SIZE_HW[::-1])


@pytest.fixture(scope="module")
def make_file(deep, encode):
    """``make_file("TIFF CMYK")``: a file of that format, and mode or kind of samples."""
    noise = np.random.default_rng(0).integers(0, 65_535, deep.shape, np.uint16)
    eight = (deep >> 8).astype(np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6

    def build(kind: str) -> bytes:
        file_format, mode = kind.split()
        match mode:
            case "16-bit" | "16-bit-noise":
                samples = deep if mode == "16-bit" else noise
                data = cv2.imencode(f".{file_format.lower()}", samples)[1].tobytes()
            case "32-bit":
                data = encode(deep[:, :, 0].astype(np.int32), file_format)
            case "negative":
                data = encode(deep[:, :, 0], file_format, tiffinfo={262: 0})
            case "turned":
                data = encode(eight, file_format, exif=turned)
            case _:
                data = encode(Image.fromarray(eight).convert(mode), file_format)
        return data

    return build


class _Peak:
    """The highest resident memory of this process, beyond that before."""

    def __init__(self):
        ctypes.CDLL(None).malloc_trim(0)  # what is free already would not count
        Path("/proc/self/clear_refs").write_text("5")
        self._before = self._status("VmRSS")

    def bytes(self) -> int:
        return self._status("VmHWM") - self._before

    def _status(self, name):
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) << 10 for line in lines if line.startswith(name))


def traced_peak(data: bytes) -> int:
    """What Python and NumPy hold at their highest while the file is decoded."""
    decode_picture(io.BytesIO(data), DecodeSettings(), name="x")  # loads its decoder
    tracemalloc.start()
    try:
        decode_picture(io.BytesIO(data), DecodeSettings(), name="x")
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow  # and alone: what else the process does counts
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
@pytest.mark.parametrize("kind", [*EIGHT_BITS, *DEEP])
def test_decoding_takes_no_more_than_pictures_are_let_in_for(make_file, kind):
    data, asked = make_file(kind), []

    def admit(size_wh, name, *, bytes_a_pixel):
        asked.append(bytes_a_pixel)

    before = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        for _ in range(2):  # the first one loads its decoder
            peak = _Peak()
            decode_picture(io.BytesIO(data), DecodeSettings(), name="x", admit=admit)
        taken = peak.bytes() / PIXELS
    finally:
        cv2.setNumThreads(before)
    print(f"\n{kind}: {taken:.1f} bytes a pixel, let in for {asked[0]}")
    assert taken < 1.2 * asked[0]  # allocators keep some


@pytest.mark.parametrize(
    "kind", ["PNG 16-bit", "TIFF 16-bit", "TIFF 32-bit", "TIFF negative", "TIFF RGBA", "TGA RGB"]
)
def test_conversion_to_8_bits_needs_no_second_picture_of_its_own(make_file, kind):
    """NumPy's part, of which the samples as decoded are 6 bytes a pixel and the result is 3."""
    assert traced_peak(make_file(kind)) / PIXELS < 10.5


def test_small_file_takes_little_memory(encode):
    assert traced_peak(encode(np.zeros((100, 100, 3), np.uint8), "PNG")) < 4_000_000


class _Growing(io.BytesIO):
    """Says that it is shorter than what can be read of it."""

    def seek(self, offset, whence=0):
        end = super().seek(offset, whence)
        return end if whence != io.SEEK_END else 100


def test_file_longer_than_it_said_is_read_to_its_end(monkeypatch, encode):
    monkeypatch.setattr(decode, "_by_pillow", None)  # which reads for itself
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    picture = decode_picture(_Growing(encode(noise, "BMP")), DecodeSettings(), name="x").pixels
    np.testing.assert_array_equal(picture, noise)


def test_file_too_large_for_memory_is_decoded_piece_by_piece(monkeypatch, quarters, encode):
    monkeypatch.setattr(decode, "_IN_MEMORY_BYTES", 100)
    monkeypatch.setattr(cv2, "imdecode", None)  # must not come so far
    picture = decode_picture(io.BytesIO(encode(quarters, "PNG")), DecodeSettings(), name="x")
    np.testing.assert_array_equal(picture.pixels, quarters)


@pytest.mark.parametrize(
    "kind", ["PNG 16-bit", "TIFF 16-bit", "TIFF 32-bit", "TIFF negative", "GIF P", "TIFF CMYK"]
)
def test_strips_give_the_pixels_of_the_whole(make_file, monkeypatch, kind):
    data = make_file(kind)

    def decoded(strip_pixels):
        monkeypatch.setattr(decode, "_STRIP_PIXELS", strip_pixels)
        return decode_picture(io.BytesIO(data), DecodeSettings(bit_depth=14), name="x")

    strips, whole = decoded(7001), decoded(PIXELS)
    assert strips.used_bits == whole.used_bits
    np.testing.assert_array_equal(strips.pixels, whole.pixels)


@pytest.mark.parametrize("is_negative", [False, True])
@pytest.mark.parametrize("bit_depth", [8, 12, 16])
def test_every_16_bit_sample_is_scaled_as_its_bits_say(is_negative, bit_depth):
    samples = np.arange(1 << 16, dtype=np.uint16).reshape(256, 256)
    white = (1 << bit_depth) - 1
    clipped = np.minimum(samples.astype(int), white)
    expected = (white - clipped if is_negative else clipped) >> (bit_depth - 8)
    eight = decode._to_eight_bits(samples, bit_depth, is_negative=is_negative)
    np.testing.assert_array_equal(eight, expected)
