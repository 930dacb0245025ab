"""COCO run lengths of masks, made and read without the full-size raster.

A mask of height ``h`` is read column by column; ``runs`` alternate background, object,
background, …, starting with background (0 when the first pixel belongs to the object). Compressed
``counts`` are the same runs as text: each run from the fourth on as its difference to the run two
places before, in groups of five bits. Source: cocodataset/cocoapi, common/maskApi.c
(rleToString, rleFrString), BSD licence; written anew for arrays.
"""

import numpy as np
from jaxtyping import Bool, Int64, UInt8

_GROUP_BITS = 5
_CONTINUES = 0x20
_SIGN = 0x10
_FIRST_CHARACTER = 48
_MAX_GROUPS = 9  # 45 bits hold any difference of runs in a picture that fits into memory


def encode_crop(
    crop: Bool[np.ndarray, "ch cw"], *, offset_yx: tuple[int, int], size_hw: tuple[int, int]
) -> str:
    """Compressed counts of a mask that is ``crop`` at ``offset_yx`` and empty elsewhere.

    The column runs of the crop are lifted to the full height, so neither time nor memory depends
    on the picture's size. A crop without a pixel gives the counts of an empty mask.

    Raises:
        ValueError: The crop does not lie inside the picture.
    """
    height, width = size_hw
    top, left = offset_yx
    crop_h, crop_w = crop.shape
    if top < 0 or left < 0 or top + crop_h > height or left + crop_w > width:
        raise ValueError(f"a {crop_h}x{crop_w} crop at {offset_yx} leaves a {height}x{width} mask")
    if crop.size == 0:
        return encode_runs(np.array([height * width]))
    borders = np.empty((crop_h + 1, crop_w), bool)
    borders[0] = crop[0]
    borders[-1] = crop[-1]
    np.not_equal(crop[1:], crop[:-1], out=borders[1:-1])
    y, x = np.divmod(np.flatnonzero(borders), crop_w)
    edges = np.sort((x + left) * height + (y + top))
    return encode_runs(_runs_between(edges, height * width))


def encode_mask(mask: Bool[np.ndarray, "h w"]) -> str:
    """Compressed counts of a full-size mask."""
    height, width = mask.shape
    return encode_crop(mask, offset_yx=(0, 0), size_hw=(height, width))


def decode_mask(counts: str, size_hw: tuple[int, int]) -> Bool[np.ndarray, "h w"]:
    """The full-size mask.

    Raises:
        ValueError: ``counts`` are not run lengths of a picture of this size.
    """
    height, width = size_hw
    return decode_crop(counts, size_hw, bbox_xywh=(0, 0, width, height))


def decode_crop(
    counts: str, size_hw: tuple[int, int], *, bbox_xywh: tuple[int, int, int, int]
) -> Bool[np.ndarray, "ch cw"]:
    """The part of the mask inside a box, made without the rest.

    Raises:
        ValueError: ``counts`` are not run lengths of a picture of this size.
    """
    height = size_hw[0]
    left, top, crop_w, crop_h = bbox_xywh
    starts, ends = _object_runs(counts, size_hw)
    columns, tops, bottoms = _split_at_columns(starts, ends, height)
    columns = columns - left
    # not np.clip: for arrays this short its call costs more than its work
    tops = np.minimum(np.maximum(tops - top, 0), crop_h)
    bottoms = np.minimum(np.maximum(bottoms - top, 0), crop_h)
    inside = (columns >= 0) & (columns < crop_w) & (tops < bottoms)
    if not inside.all():
        columns, tops, bottoms = columns[inside], tops[inside], bottoms[inside]
    edges = np.empty(2 * len(columns) + 2, np.int64)
    edges[0], edges[-1] = 0, crop_h * crop_w
    edges[1:-1:2] = columns * crop_h + tops
    edges[2:-1:2] = columns * crop_h + bottoms
    is_object = np.zeros(len(edges) - 1, bool)
    is_object[1::2] = True
    by_columns = is_object.repeat(edges[1:] - edges[:-1]).reshape(crop_w, crop_h)
    return np.ascontiguousarray(by_columns.T)


def area_of(counts: str) -> int:
    """The number of the mask's pixels.

    Raises:
        ValueError: ``counts`` are damaged.
    """
    return int(decode_runs(counts)[1::2].sum())


def tight_bbox(counts: str, size_hw: tuple[int, int]) -> tuple[int, int, int, int]:
    """The smallest box (x, y, width, height) around the mask's pixels; zeros when it has none.

    Raises:
        ValueError: ``counts`` are not run lengths of a picture of this size.
    """
    height = size_hw[0]
    starts, ends = _object_runs(counts, size_hw)
    if len(starts) == 0:
        return 0, 0, 0, 0
    first_columns, last_columns = starts // height, (ends - 1) // height
    left, right = int(first_columns[0]), int(last_columns[-1]) + 1
    if np.any(first_columns != last_columns):  # this run passes a bottom edge and a top edge
        return left, 0, right - left, height
    top, bottom = int((starts % height).min()), int(((ends - 1) % height).max()) + 1
    return left, top, right - left, bottom - top


def encode_runs(runs: Int64[np.ndarray, " runs"]) -> str:
    """Run lengths as compressed counts."""
    values = runs.copy()
    values[3:] -= runs[1:-2]
    groups = np.ones(len(values), np.int64)
    sizes = values ^ (values >> 63)  # v, or -v - 1 of negative ones: what the groups' bits hold
    largest = int(sizes.max(initial=0))
    for extra in range(1, _MAX_GROUPS):
        # g groups hold the signed range of 5 g bits
        limit = 1 << (_GROUP_BITS * extra - 1)
        if limit > largest:
            break
        groups += sizes >= limit
    ends = np.cumsum(groups)
    place = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - groups, groups)
    bits = (np.repeat(values, groups) >> (_GROUP_BITS * place)) & (_CONTINUES - 1)
    bits |= _CONTINUES
    bits[ends - 1] &= _CONTINUES - 1
    return bytes((bits + _FIRST_CHARACTER).astype(np.uint8)).decode("ascii")


def decode_runs(counts: str) -> Int64[np.ndarray, " runs"]:
    """The run lengths behind compressed counts.

    Raises:
        ValueError: A character that cannot occur, a last run cut off, or a negative run.
    """
    codes = _codes(counts)
    is_last = codes < _CONTINUES
    if len(codes) == 0 or not is_last[-1]:
        raise ValueError("the run lengths end in the middle of a number, or are empty")
    ends = np.flatnonzero(is_last)
    begins = np.concatenate(([0], ends[:-1] + 1))
    groups = ends - begins + 1
    if groups.max() > _MAX_GROUPS:
        raise ValueError("a run length is too large for any picture")
    place = np.arange(len(codes)) - np.repeat(begins, groups)
    bits = (codes & (_CONTINUES - 1)).astype(np.int64) << (_GROUP_BITS * place)
    values = np.add.reduceat(bits, begins)
    negative = (codes[ends] & _SIGN) != 0
    values[negative] -= np.int64(1) << (_GROUP_BITS * groups[negative])
    # differences reach two places back, but only from the fourth run on
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    if values.min() < 0:
        raise ValueError("a run length is negative")
    return values


def _codes(counts: str) -> UInt8[np.ndarray, " characters"]:
    try:
        characters = np.frombuffer(counts.encode("ascii"), np.uint8)
    except UnicodeEncodeError as error:
        raise ValueError("the run lengths hold a character that cannot occur") from error
    codes = characters - np.uint8(_FIRST_CHARACTER)  # smaller characters wrap around to > 63
    if np.any(codes >= 2 * _CONTINUES):
        raise ValueError("the run lengths hold a character that cannot occur")
    return codes


def _runs_between(edges: Int64[np.ndarray, " edges"], pixels: int) -> Int64[np.ndarray, " runs"]:
    # Where the mask fills a column's bottom and the next one's top, an end meets a start: both go.
    meets = np.flatnonzero(edges[1:] == edges[:-1])
    if len(meets):
        edges = np.delete(edges, np.concatenate((meets, meets + 1)))
    if len(edges) and edges[-1] == pixels:
        return np.diff(edges, prepend=0)
    return np.diff(edges, prepend=0, append=pixels)


def _object_runs(
    counts: str, size_hw: tuple[int, int]
) -> tuple[Int64[np.ndarray, " objects"], Int64[np.ndarray, " objects"]]:
    """Start and end of each run of object pixels, in column-major order; none is empty."""
    runs = decode_runs(counts)
    edges = np.cumsum(runs)
    height, width = size_hw
    if edges[-1] != height * width:
        pixels = height * width
        raise ValueError(f"the runs cover {edges[-1]} pixels, a {height}x{width} mask has {pixels}")
    ends = edges[1::2]
    starts = edges[: 2 * len(ends) : 2]
    filled = starts < ends
    return starts[filled], ends[filled]


def _split_at_columns(
    starts: Int64[np.ndarray, " runs"], ends: Int64[np.ndarray, " runs"], height: int
) -> tuple[
    Int64[np.ndarray, " pieces"], Int64[np.ndarray, " pieces"], Int64[np.ndarray, " pieces"]
]:
    """Column, top and bottom of each piece, after cutting runs where a new column begins."""
    if len(starts) == 0:
        return starts, starts, starts
    first_columns = starts // height
    more = (ends - 1) // height - first_columns
    if not more.any():  # as of nearly all masks: nothing is to be cut
        above = first_columns * height
        return first_columns, starts - above, ends - above
    pieces = more + 1
    begins = np.cumsum(pieces) - pieces
    columns = np.arange(pieces.sum()) - np.repeat(begins - first_columns, pieces)
    tops = np.maximum(np.repeat(starts, pieces) - columns * height, 0)
    bottoms = np.minimum(np.repeat(ends, pieces) - columns * height, height)
    return columns, tops, bottoms
