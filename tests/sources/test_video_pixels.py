"""Whatever a video stores comes out upright, square, whole and in 8 bits of RGB."""

from fractions import Fraction

import av
import numpy as np
import pytest
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, VideoReformatter

from yolact_cli.sources.video_reader import open_video
from yolact_cli.sources.video_tone import to_standard_range
from yolact_cli.sources.video_turn import Turn
from yolact_cli.video import VideoFrame

LOSSLESS = {"codec": "ffv1", "pixel_format": "bgr0"}


def read(path):
    with open_video(str(path)) as reader:
        return reader.info, [one for one in reader.frames() if isinstance(one, VideoFrame)]


def close(pixels, expected, tolerance=5):
    if pixels.shape != expected.shape:
        return False
    return float(np.abs(pixels.astype(int) - expected).mean()) < tolerance


TURNS = {
    (0, False, False): lambda a: a,
    (90, False, False): np.rot90,  # the file's angles count against the clock
    (-90, False, False): lambda a: np.rot90(a, -1),
    (180, False, False): lambda a: np.rot90(a, 2),
    (0, True, False): np.fliplr,
    (0, False, True): np.flipud,
}


@pytest.mark.parametrize("turn", TURNS, ids=str)
def test_frames_are_turned_as_the_file_asks(tmp_path, make_video, clip_picture, turn):
    degrees, hflip, vflip = turn
    path = make_video(
        tmp_path / "a.mp4",
        4,
        adjust=lambda stream: stream.set_display_rotation(degrees, hflip=hflip, vflip=vflip),
    )
    info, frames = read(path)
    expected = TURNS[turn](clip_picture(2))
    assert info.size_hw == expected.shape[:2]
    assert close(frames[2].pixels, expected)
    assert len(info.notes) == (turn != (0, False, False))


@pytest.mark.parametrize("is_transposed", [False, True])
@pytest.mark.parametrize("flips_x", [False, True])
@pytest.mark.parametrize("flips_y", [False, True])
def test_each_turn_keeps_the_pixels_and_says_what_it_does(is_transposed, flips_x, flips_y):
    turn = Turn(is_transposed=is_transposed, flips_x=flips_x, flips_y=flips_y)
    picture = np.random.default_rng(0).integers(0, 255, (5, 8, 3), np.uint8)
    expected = picture.transpose(1, 0, 2) if is_transposed else picture
    expected = expected[:: -1 if flips_y else 1, :: -1 if flips_x else 1]
    np.testing.assert_array_equal(turn.upright(picture), expected)
    assert turn.of_size((5, 8)) == expected.shape[:2]
    assert (turn.sentence() is None) == (turn == Turn())


def test_pixels_that_are_not_square_are_widened(tmp_path, make_video, clip_picture):
    def set_aspect(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)

    info, frames = read(make_video(tmp_path / "a.mp4", 3, size_hw=(48, 66), adjust=set_aspect))
    assert info.size_hw == (48, 88)
    assert close(frames[1].pixels, clip_picture(1, (48, 88)))
    assert "66x48 to 88x48" in info.notes[0]


def test_an_aspect_that_makes_no_sense_is_passed_over(tmp_path, make_video):
    def set_aspect(stream):
        stream.codec_context.sample_aspect_ratio = Fraction(1000, 1)

    info, _ = read(make_video(tmp_path / "a.mp4", 3, adjust=set_aspect))
    assert (info.size_hw, info.notes) == ((48, 64), ())


@pytest.mark.parametrize("size_hw", [(47, 61), (1, 1), (2, 3), (33, 16)])
def test_odd_sizes_are_kept(tmp_path, make_video, clip_picture, size_hw):
    path = make_video(tmp_path / "a.mkv", 3, size_hw=size_hw, **LOSSLESS)
    info, frames = read(path)
    assert info.size_hw == size_hw
    np.testing.assert_array_equal(frames[2].pixels, clip_picture(2, size_hw))


@pytest.mark.parametrize("size_hw", [(47, 61), (48, 64)])
@pytest.mark.parametrize(
    "pixel_format",
    ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "gbrp10le"],
)
def test_every_sampling_comes_out_close(tmp_path, make_video, clip_picture, pixel_format, size_hw):
    path = make_video(
        tmp_path / "a.mkv", 3, codec="ffv1", pixel_format=pixel_format, size_hw=size_hw
    )
    info, frames = read(path)
    assert close(frames[2].pixels, clip_picture(2, size_hw))
    assert bool(info.notes) == ("1" in pixel_format.removeprefix("yuv"))


def test_ten_bits_differ_from_eight_by_rounding_only(tmp_path, make_video):
    _, deep = read(make_video(tmp_path / "a.mkv", 3, codec="ffv1", pixel_format="yuv420p10le"))
    _, plain = read(make_video(tmp_path / "b.mkv", 3, codec="ffv1"))
    for one, other in zip(deep, plain, strict=True):
        assert np.abs(one.pixels.astype(int) - other.pixels).max() <= 4


@pytest.mark.parametrize("matrix", [Colorspace.ITU709, Colorspace.ITU601, Colorspace.BT2020])
@pytest.mark.parametrize("value_range", [ColorRange.MPEG, ColorRange.JPEG])
def test_colours_follow_the_files_matrix_and_range(
    tmp_path, make_video, clip_picture, matrix, value_range
):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10, options={"qp": "4"})
        stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
        stream.codec_context.colorspace = int(matrix)
        stream.codec_context.color_range = int(value_range)
        for number in range(3):
            rgb = av.VideoFrame.from_ndarray(clip_picture(number), format="rgb24")
            frame = VideoReformatter().reformat(
                rgb, format="yuv420p", dst_colorspace=matrix, dst_color_range=value_range
            )
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    _, frames = read(path)
    for place in ((24, 10), (12, 56), (36, 56)):  # away from edges, which chroma blurs
        difference = frames[1].pixels[place].astype(int) - clip_picture(1)[place]
        assert np.abs(difference).max() <= 3


def combed(number, size_hw):
    """A bright bar that has moved on by the second field, the odd rows."""
    picture = np.full((*size_hw, 3), 60, np.uint8)
    for field in (0, 1):
        left = 8 + 6 * number + 3 * field
        picture[field::2, left : left + 12] = 220
    return picture


def comb(pixels):
    """How much rows differ from those beside them, against those two away."""
    rows = pixels[8:-8].astype(int)
    return np.abs(rows[1:-1] - rows[2:]).mean() - np.abs(rows[:-2] - rows[2:]).mean()


def test_fields_are_made_whole_frame_for_frame(tmp_path, make_video):
    def to_fields(stream):
        stream.options = {"qp": "4", "x264-params": "tff=1:interlaced=1"}

    make = {"count": 12, "size_hw": (64, 128), "draw": combed, "pixel_format": "yuv422p"}
    info, frames = read(make_video(tmp_path / "a.mp4", adjust=to_fields, **make))
    _, as_stored = read(make_video(tmp_path / "b.mp4", options={"qp": "4"}, **make))
    assert any("deinterlaced" in note for note in info.notes)
    assert [frame.time_s for frame in frames] == [Fraction(n, 10) for n in range(12)]
    assert [frame.is_keyframe for frame in frames] == [True] + [False] * 11
    for one, other in zip(frames, as_stored, strict=True):
        assert comb(one.pixels) < comb(other.pixels) / 4
        centre = np.argmax(one.pixels[::2].mean(axis=(0, 2)) > 140)
        assert abs(centre - (8 + 6 * one.frame_index)) <= 3


def grey(_number, size_hw):
    """Columns from black to the brightest there is."""
    ramp = np.linspace(0, 255, size_hw[1]).astype(np.uint8)
    return np.broadcast_to(ramp[None, :, None], (*size_hw, 3)).copy()


@pytest.mark.parametrize(
    ("transfer", "name"), [(ColorTrc.SMPTE2084, "PQ"), (ColorTrc.ARIB_STD_B67, "HLG")]
)
def test_high_dynamic_range_is_brought_down(tmp_path, make_video, transfer, name):
    def mark(stream):
        context = stream.codec_context
        context.color_trc, context.color_primaries = int(transfer), int(ColorPrimaries.BT2020)
        context.colorspace = int(Colorspace.BT2020)

    def tag(frame):
        frame.color_trc, frame.color_primaries = int(transfer), int(ColorPrimaries.BT2020)
        frame.colorspace = int(Colorspace.BT2020)

    path = make_video(
        tmp_path / "a.mkv",
        2,
        codec="ffv1",
        pixel_format="yuv444p10le",
        size_hw=(16, 256),
        draw=grey,
        adjust=mark,
        tag=tag,
    )
    info, frames = read(path)
    assert any(name in note for note in info.notes)
    levels = frames[0].pixels[8].astype(int)
    assert np.ptp(levels, axis=1).max() <= 3  # grey stays grey
    assert (np.diff(levels[:, 1]) >= -1).all()
    assert levels[2, 1] <= 4
    assert levels[-1, 1] >= 250


def test_pq_levels_are_where_bt2390_puts_them():
    def coded(nits):  # BT.2100 table 4
        power = (nits / 10_000) ** (2610 / 16384)
        fraction = (3424 / 4096 + 2413 / 128 * power) / (1 + 2392 / 128 * power)
        return fraction ** (2523 / 32)

    nits = np.array([0, 10, 50, 203, 1000, 4000.0])
    samples = np.round(coded(nits) * 65535).astype(np.uint16)
    out = to_standard_range(
        np.repeat(samples[None, :, None], 3, axis=2), "PQ", has_wide_colours=False
    )[0, :, 0]

    def srgb(light):
        return 255 * (1.055 * light ** (1 / 2.4) - 0.055)

    assert out[0] == 0
    assert abs(out[1] - srgb(10 / 203)) <= 1  # below the knee nothing changes
    assert abs(out[2] - srgb(50 / 203)) <= 1
    assert 200 < out[3] < 245  # white keeps room above it
    assert list(out[4:]) == [255, 255]


def test_wide_colours_are_brought_to_narrow_ones():
    red = np.array([[[40000, 12000, 12000]]], np.uint16)
    wide = to_standard_range(red, "HLG", has_wide_colours=True)[0, 0].astype(int)
    narrow = to_standard_range(red, "HLG", has_wide_colours=False)[0, 0].astype(int)
    assert wide[0] - wide[1] > narrow[0] - narrow[1]
