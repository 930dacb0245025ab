"""Pictures of every kind come out upright, RGB, 8 bits; what is no picture says so."""

import builtins
import contextlib
import io
import os
import struct
import warnings
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image, ImageFile

from yolact_cli.errors import UnreadablePictureError
from yolact_cli.sources.decode import DecodeSettings, decode_picture, read_picture

LOSSLESS = ["PNG", "TIFF", "BMP", "PPM", "TGA", "PCX", "SGI", "QOI", "DIB"]


def decoded(data: bytes, **settings) -> np.ndarray:
    return decode_picture(io.BytesIO(data), DecodeSettings(**settings), name="x.jpg").pixels


def refusal(data: bytes, **settings) -> UnreadablePictureError:
    with pytest.raises(UnreadablePictureError) as caught:
        decoded(data, **settings)
    return caught.value


def close(picture: np.ndarray, expected: np.ndarray, tolerance: float = 6) -> bool:
    """Equal but for what lossy compression does along edges."""
    if picture.shape != expected.shape:
        return False
    return float(np.abs(picture.astype(int) - expected).mean()) < tolerance


def turned(picture: np.ndarray, orientation: int) -> np.ndarray:
    """What a picture stored with this orientation looks like."""
    turns = {
        1: lambda a: a,
        2: np.fliplr,
        3: lambda a: np.rot90(a, 2),
        4: np.flipud,
        5: lambda a: np.rot90(np.fliplr(a)),
        6: lambda a: np.rot90(a, -1),
        7: lambda a: np.rot90(np.fliplr(a), -1),
        8: np.rot90,
    }
    return turns[orientation](picture)


def exif(orientation: int) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def encode16(samples: np.ndarray, extension: str) -> bytes:
    return cv2.imencode(extension, samples[..., ::-1] if samples.ndim == 3 else samples)[
        1
    ].tobytes()


@pytest.mark.parametrize("kind", LOSSLESS)
def test_lossless_formats_come_out_exactly(kind, quarters, encode):
    np.testing.assert_array_equal(decoded(encode(quarters, kind)), quarters)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "AVIF", "JPEG2000", "MPO"])
def test_lossy_formats_come_out_close(kind, quarters, encode):
    assert close(decoded(encode(quarters, kind)), quarters)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "MPO"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied_once(kind, orientation, quarters, encode):
    data = encode(quarters, kind, exif=exif(orientation))
    assert close(decoded(data), turned(quarters, orientation))


@pytest.mark.parametrize("orientation", [1, 3, 6])
def test_deep_tiff_is_turned_once_too(orientation, quarters, encode):
    grey = quarters[:, :, 0].astype(np.uint16) * 257
    data = encode(grey, "TIFF", exif=exif(orientation))
    assert close(decoded(data)[:, :, 0], turned(quarters[:, :, 0], orientation))


def test_exif_behind_the_pixels_of_a_png_counts(quarters, encode):
    data = encode(quarters, "PNG")
    chunk = b"eXIf" + exif(6).tobytes().removeprefix(b"Exif\0\0")
    late = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    end = len(data) - 12
    assert close(decoded(data[:end] + late + data[end:]), turned(quarters, 6))


@pytest.mark.parametrize("broken", [b"Exif\0\0garbage", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"\0"])
def test_broken_exif_does_not_lose_the_picture(broken, quarters, encode):
    assert close(decoded(encode(quarters, "JPEG", exif=broken)), quarters)


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_is_none(orientation, quarters, encode):
    assert close(decoded(encode(quarters, "JPEG", exif=exif(orientation))), quarters)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [
        *(("PNG", mode) for mode in ("L", "LA", "RGBA", "P", "1")),
        *(("TIFF", mode) for mode in ("L", "RGBA", "P", "1", "CMYK")),
        *(("GIF", "P"), ("JPEG", "L"), ("JPEG", "CMYK"), ("WEBP", "RGBA"), ("TGA", "RGBA")),
    ],
)
def test_every_mode_becomes_rgb(kind, mode, quarters, encode):
    stored = Image.fromarray(quarters).convert(mode)
    assert close(decoded(encode(stored, kind)), np.asarray(stored.convert("RGB")))


def test_alpha_is_dropped_and_not_blended(quarters, encode):
    alpha = np.zeros((40, 60, 1), np.uint8)
    data = encode(np.concatenate([quarters, alpha], axis=2), "PNG")
    np.testing.assert_array_equal(decoded(data), quarters)


@pytest.mark.parametrize("extension", [".png", ".tif", ".jp2"])
def test_16_bit_samples_keep_their_high_byte(extension, quarters):
    deep = quarters.astype(np.uint16) << 8 | 0x7F
    np.testing.assert_array_equal(decoded(encode16(deep, extension)), quarters)


@pytest.mark.parametrize("extension", [".png", ".tif", ".pgm"])
def test_16_bit_grey_becomes_8_bit_rgb(extension, quarters):
    deep = quarters[:, :, 0].astype(np.uint16) << 8
    picture = decoded(encode16(deep, extension))
    np.testing.assert_array_equal(picture, np.repeat(quarters[:, :, :1], 3, axis=2))


def test_12_bit_data_in_16_bit_samples_is_scaled_on_request(quarters):
    deep = quarters.astype(np.uint16) << 4
    np.testing.assert_array_equal(decoded(encode16(deep, ".png"), bit_depth=12), quarters)


@pytest.mark.parametrize("bits", [8, 12, 14, 16])
def test_the_bits_that_16_bit_samples_use_are_told(bits):
    deep = np.zeros((4, 4), np.uint16)
    deep[2, 1] = (1 << bits) - 1
    file = io.BytesIO(encode16(deep, ".png"))
    assert decode_picture(file, DecodeSettings(), name="x.png").used_bits == bits


def test_8_bit_samples_tell_no_bits(quarters, encode):
    file = io.BytesIO(encode(quarters, "PNG"))
    assert decode_picture(file, DecodeSettings(), name="x.png").used_bits is None


def test_the_alpha_of_a_tiff_does_not_darken_it(quarters, encode):
    alpha = np.full((40, 60, 1), 100, np.uint8)
    data = encode(np.concatenate([quarters, alpha], axis=2), "TIFF")
    np.testing.assert_array_equal(decoded(data), quarters)


@pytest.mark.parametrize("settings", [{}, {"bit_depth": 12}])
def test_a_netpbm_files_own_white_is_white(settings):
    samples = np.array([[0, 2048, 4095]], ">u2")
    data = b"P5 # a comment\n3 1\n4095\n" + samples.tobytes()
    assert decoded(data, **settings)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize("bits", [12, 16])
def test_16_bit_samples_of_which_0_is_white_are_turned_round(bits):
    white = (1 << bits) - 1
    samples = np.array([[white, white >> 1, 0]], np.uint16)
    file = io.BytesIO()
    Image.fromarray(samples).save(file, "TIFF", tiffinfo={262: 0})
    assert decoded(file.getvalue(), bit_depth=bits)[0, :, 0].tolist() == [0, 128, 255]


def test_16_bit_samples_stored_plane_by_plane_are_refused_rather_than_garbled(quarters):
    deep = quarters.astype(np.uint16) << 8
    data = bytearray(encode16(deep, ".tif"))
    entry = struct.pack("<HHI", 284, 3, 1)  # PlanarConfiguration
    at = data.index(entry) + len(entry)
    data[at : at + 2] = struct.pack("<H", 2)
    assert "plane by plane" in refusal(bytes(data)).sentence


def test_signed_samples_end_no_run(encode):
    data = bytearray(encode16(np.full((4, 4), 300, np.uint16), ".tif"))
    entry = struct.pack("<HHI", 339, 3, 1)  # SampleFormat
    at = data.index(entry) + len(entry)
    data[at : at + 2] = struct.pack("<H", 2)
    assert decoded(bytes(data)).max() == 1


def test_a_tiff_of_a_kind_that_is_not_read_is_not_called_damaged_alone(quarters):
    data = encode16(quarters.astype(np.float32) / 255, ".tif")
    assert "of a kind of TIFF that is not read" in refusal(data).sentence


def test_what_a_decoder_raises_that_nobody_foresaw_is_one_pictures_failure(
    tmp_path, monkeypatch, quarters, encode
):
    def stumble(*_):
        raise ZeroDivisionError("in a decoder")

    (tmp_path / "x.png").write_bytes(encode(quarters, "PNG"))
    monkeypatch.setattr(cv2, "imdecode", stumble)
    with pytest.raises(UnreadablePictureError, match="ZeroDivisionError: in a decoder"):
        read_picture(str(tmp_path / "x.png"), DecodeSettings())


def test_samples_beyond_the_stated_bits_become_white():
    deep = np.full((4, 4), 5000, np.uint16)
    assert (decoded(encode16(deep, ".png"), bit_depth=12) == 255).all()


def test_8_bit_pictures_do_not_heed_the_bit_depth(quarters, encode):
    np.testing.assert_array_equal(decoded(encode(quarters, "PNG"), bit_depth=12), quarters)


def test_floating_point_samples_are_refused(encode):
    data = encode(np.ones((4, 4), np.float32), "TIFF")
    assert "has float32 samples" in refusal(data).sentence


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG", "TIFF", "AVIF", "MPO"])
def test_the_first_of_several_frames_is_taken(kind, quarters, encode):
    second = Image.new("RGB", (60, 40), "black")
    data = encode(quarters, kind, save_all=True, append_images=[second])
    assert close(decoded(data), quarters)


@pytest.mark.parametrize(
    "kind", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "PPM", "JPEG2000", "AVIF", "TGA"]
)
def test_a_file_that_is_cut_off_is_refused(kind, encode):
    noise = np.random.default_rng(0).integers(0, 255, (100, 120, 3), np.uint8)
    data = encode(noise, kind)
    assert "damaged or cut off" in refusal(data[: len(data) // 2]).sentence


def test_a_progressive_jpeg_that_is_cut_off_is_refused(encode):
    noise = np.random.default_rng(0).integers(0, 255, (100, 120, 3), np.uint8)
    data = encode(noise, "JPEG", progressive=True)
    assert "--allow-truncated" in refusal(data[: len(data) * 2 // 3]).remedy


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_readable_part_is_taken_on_request(kind, encode):
    noise = np.random.default_rng(0).integers(0, 255, (100, 120, 3), np.uint8)
    data = encode(noise, kind)
    picture = decoded(data[: len(data) // 2], allow_truncated=True)
    assert picture.shape == (100, 120, 3)
    assert close(picture[:40], decoded(data)[:40])


def test_bytes_behind_a_jpeg_are_no_damage(quarters, encode):
    assert close(decoded(encode(quarters, "JPEG") + b"trailer" * 100), quarters)


def test_what_is_taken_on_request_leaves_pillow_as_it_was(encode):
    before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    data = encode(np.zeros((9, 9, 3), np.uint8), "TGA")
    with pytest.raises(UnreadablePictureError):
        decoded(data[:20])
    after = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    assert after == before


def png_bomb(width: int, height: int) -> bytes:
    """A small PNG that claims to be large, and is: a compressed nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((width // 8 + 1) * height), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    )


def test_a_bomb_is_refused_from_its_header(monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", None)  # must not come so far
    data = png_bomb(20_000, 20_000)
    assert len(data) < 60_000
    assert "20000x20000 pixels are more than the limit" in refusal(data).sentence


def test_the_limit_of_pixels_can_be_lowered_and_met(quarters, encode):
    data = encode(quarters, "PNG")
    assert decoded(data, max_pixels=2400).shape == (40, 60, 3)
    assert "60x40" in refusal(data, max_pixels=2399).sentence


def test_a_large_picture_that_is_allowed_gives_no_warning(monkeypatch, quarters, encode):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded(encode(quarters, "PNG"))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"Dear all, ", "not a picture (starts with 'Dear')"),
        (b"\x01\x02\x03\x04", "not a picture (starts with the bytes 01 02 03 04)"),
        (b"%PDF-1.7", "it is a PDF document"),
        (b"<!DOCTYPE html>", "it is a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "it is a Git LFS pointer"),
        (b"\0\0\0\x18ftypisom\0\0\0\0isom", "it is a video"),
        (b"\xff\xd8\xff\xe0", "is damaged or cut off"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "not a picture"),
        (b"", "the file is empty"),
    ],
)
def test_what_is_no_picture_is_told_by_what_it_is(data, kind):
    error = refusal(data)
    assert error.sentence.startswith("x.jpg: ")
    assert kind in error.sentence
    assert error.remedy


def test_a_format_of_another_extension_is_read(quarters, encode, tmp_path):
    (tmp_path / "x.jpg").write_bytes(encode(quarters, "GIF"))
    assert read_picture(str(tmp_path / "x.jpg"), DecodeSettings()).shape == (40, 60, 3)


def test_a_file_that_is_gone_is_told(tmp_path):
    with pytest.raises(UnreadablePictureError, match=r"^x\.jpg: the file is gone"):
        read_picture(str(tmp_path / "x.jpg"), DecodeSettings(), name="x.jpg")


def test_a_folder_called_like_a_picture_is_told(tmp_path):
    with pytest.raises(UnreadablePictureError, match="is a folder"):
        read_picture(str(tmp_path), DecodeSettings())


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "x.jpg")
    with pytest.raises(UnreadablePictureError, match="no ordinary file"):
        read_picture(str(tmp_path / "x.jpg"), DecodeSettings())


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (PermissionError(13, "Permission denied"), "may not be read"),
        (OSError(5, "Input/output error"), "cannot be opened"),
        (MemoryError(), "memory does not suffice"),
    ],
)
def test_a_file_that_does_not_open_is_told(tmp_path, monkeypatch, error, sentence):
    def refuse(*args, **kwargs):
        raise error

    path = tmp_path / "x.jpg"
    path.touch()
    monkeypatch.setattr(type(path), "open", refuse)
    with pytest.raises(UnreadablePictureError, match=sentence):
        read_picture(str(path), DecodeSettings())


def test_heic_without_its_package_names_the_extra(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "pillow_heif":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    error = refusal(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    assert "pip install pillow-heif" in error.remedy


@pytest.fixture
def encode_heic():
    """Encode a picture as HEIC; skips without the optional package."""
    pillow_heif = pytest.importorskip("pillow_heif")

    def build(picture: np.ndarray, **options) -> bytes:
        file = io.BytesIO()
        pillow_heif.from_pillow(Image.fromarray(picture)).save(file, **options)
        return file.getvalue()

    return build


def test_heic_is_read_by_its_package(quarters, encode_heic):
    assert close(decoded(encode_heic(quarters, quality=90)), quarters)


def test_heic_has_the_same_limits(quarters, encode_heic):
    data = encode_heic(quarters)
    assert "more than the limit" in refusal(data, max_pixels=100).sentence
    assert "damaged or cut off" in refusal(data[: len(data) // 2]).sentence


def test_grey_heic_becomes_rgb(quarters, encode_heic):
    assert decoded(encode_heic(quarters[:, :, 0])).shape == (40, 60, 3)


@pytest.mark.parametrize("orientation", [1, 6, 8, 3])
def test_heic_is_turned_once(orientation, quarters, encode_heic):
    data = encode_heic(quarters, quality=90, exif=exif(orientation).tobytes())
    assert close(decoded(data), turned(quarters, orientation))


def test_flipped_bits_give_a_picture_or_a_refusal(quarters, encode):
    rng = np.random.default_rng(0)
    for kind in ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP", "TGA"):
        data = np.frombuffer(encode(quarters, kind), np.uint8)
        for _ in range(30):
            broken = data.copy()
            broken[rng.integers(0, len(data), 5)] ^= rng.integers(1, 255, 5, np.uint8)
            with contextlib.suppress(UnreadablePictureError):
                assert decoded(broken.tobytes(), max_pixels=10**6).dtype == np.uint8
