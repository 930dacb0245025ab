"""The small pictures that show an inspection; on sheets and on the page they are the same."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

from yolact_cli.geometry import rle
from yolact_cli.traces import Inspection, SuppressionTrace, TracedAnchor
from yolact_cli.writers.colour_maps import share_colours, signed_colours
from yolact_cli.writers.figure_sheet import Tile, draw_text, text_width
from yolact_cli.writers.inspect_words import signed
from yolact_cli.writers.label_layout import LabelRequest, place_labels
from yolact_cli.writers.palette import class_colours, is_light

SMALL_PX, MIDDLE_PX = 170, 300
_LEAST_PX = 24  # of the shorter side of a tile, however long the picture
_MASK_RGB = (230, 90, 20)
_LIKE_THE_MASKS = 5  # the class colour that is nearly the same
_WINNER_RGB = (255, 255, 255)
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_OPACITY = 0.55
_SILENT = 1e-4
# P3 to P7; told apart with any common kind of colour blindness. Source: Okabe and Ito (2008).
_LEVEL_RGB = ((86, 180, 233), (0, 158, 115), (240, 228, 66), (230, 159, 0), (204, 121, 167))
_FINEST_LEVEL = 3
MOST_BOXES = 40


def level_rgb(level: int) -> tuple[int, int, int]:
    """The colour of a level of the pyramid, from 3."""
    return _LEVEL_RGB[(level - _FINEST_LEVEL) % len(_LEVEL_RGB)]


def prototype_tiles(inspection: Inspection) -> list[Tile]:
    """All prototypes by number, each on a symmetric scale of its own."""
    tiles = []
    for number, values in enumerate(np.moveaxis(inspection.prototypes, 2, 0)):
        limit = _largest(values)
        said = f"up to {_shown(limit)}" if limit > _SILENT else "silent here"
        tiles.append(
            Tile(image=_map(values, limit, inspection, SMALL_PX), captions=(f"#{number}", said))
        )
    return tiles


def term_tiles(inspection: Inspection) -> tuple[list[Tile], float]:
    """Coefficient times prototype, the strongest first; one scale for all, and its limit."""
    limit = terms_limit(inspection)
    tiles = []
    for term in inspection.mask.terms:
        values = inspection.prototypes[:, :, term.prototype] * np.float32(term.coefficient)
        captions = (
            f"#{term.prototype}",
            f"coefficient {signed(term.coefficient)}",
            f"push {signed(term.push)}",
        )
        tiles.append(Tile(image=_map(values, limit, inspection, SMALL_PX), captions=captions))
    return tiles, limit


def growth_tiles(inspection: Inspection) -> tuple[list[tuple[Tile, Tile]], float]:
    """For each step the sum of its terms and the mask in the picture; and the sums' limit."""
    steps = inspection.mask.growth
    limit = max(float(np.quantile(np.abs(np.nan_to_num(s.mask_logits)), 0.98)) for s in steps)
    pairs = []
    for step in steps:
        noun = "prototype" if step.terms == 1 else "prototypes"
        captions = (f"{step.terms} {noun}", f"IoU {step.iou:.3f}, {step.area_px:,} px")
        total = Tile(image=_map(step.mask_logits, limit, inspection, MIDDLE_PX), captions=captions)
        mask = _mask_of(step.rle_counts, inspection)
        pairs.append((total, Tile(image=masked(inspection, mask, MIDDLE_PX))))
    return pairs, limit


def soft_mask_tiles(inspection: Inspection) -> list[Tile]:
    """Before the crop, after it, and the mask that is written."""
    box = inspection.suppression.winner.box
    crop = "in the picture" if inspection.settings.mask_crop == "image" else "among the prototypes"
    mask = _mask_of(inspection.instance.rle_counts, inspection)
    before, after = (
        with_box(_sized(share_colours(soft), MIDDLE_PX), box)
        for soft in (inspection.soft_mask, inspection.soft_mask_cropped)
    )
    return [
        Tile(image=before, captions=("before the crop", "soft mask, none to all")),
        Tile(image=after, captions=("after the crop", f"by the box, {crop}")),
        Tile(
            image=with_box(masked(inspection, mask, MIDDLE_PX), box),
            captions=("cut at one half", f"{inspection.instance.area_px:,} px"),
        ),
    ]


def objects_picture(inspection: Inspection, longest_px: int) -> UInt8[np.ndarray, "h w 3"]:
    """The picture with all its objects numbered, the chosen one filled."""
    chosen = _mask_of(inspection.instance.rle_counts, inspection)
    image = masked(inspection, chosen, longest_px)
    line_px = max(1, round(max(image.shape[:2]) / 400))
    colours = [_of_number(number, inspection) for number in range(len(inspection.instances))]
    outlines = [
        _contours(_mask_of(one.rle_counts, inspection), image.shape[:2])
        for one in inspection.instances
    ]
    order = sorted(range(len(outlines)), key=lambda place: place == inspection.number - 1)
    for place in order:
        cv2.polylines(image, outlines[place], True, _BLACK, line_px + 2, cv2.LINE_AA)  # noqa: FBT003
        cv2.polylines(image, outlines[place], True, colours[place], line_px, cv2.LINE_AA)  # noqa: FBT003
    _draw_numbers(image, outlines, colours)
    return image


def anchors_picture(inspection: Inspection, longest_px: int) -> UInt8[np.ndarray, "h w 3"]:
    """The winner's box, and thinly those of the anchors that went."""
    image = _sized(inspection.preview, longest_px)
    image = np.rint(image * 0.62).astype(np.uint8)
    line_px = max(1, round(max(image.shape[:2]) / 500))
    for one in reversed(drawn_anchors(inspection.suppression)):
        _draw_box(image, one.box, level_rgb(one.level), line_px)
    winner = inspection.suppression.winner
    _draw_box(image, winner.box, _BLACK, 3 * line_px + 2)
    _draw_box(image, winner.box, _WINNER_RGB, 3 * line_px)
    return image


def drawn_anchors(trace: SuppressionTrace) -> Sequence[TracedAnchor]:
    """Those that are shown: the ones that really competed first, and not more than can be read."""
    by_fate = sorted(trace.beaten, key=lambda one: one.fate in ("faint", "rank"))
    return by_fate[:MOST_BOXES]


def terms_limit(inspection: Inspection) -> float:
    """The largest of all terms, but for a few cells."""
    coefficients = [term.coefficient for term in inspection.mask.terms]
    numbers = [term.prototype for term in inspection.mask.terms]
    values = inspection.prototypes[:, :, numbers] * np.array(coefficients, np.float32)
    strongest = np.abs(np.nan_to_num(values)).max(axis=2)
    return float(np.quantile(strongest, 0.98))


def masked(
    inspection: Inspection, mask: Bool[np.ndarray, "h w"], longest_px: int
) -> UInt8[np.ndarray, "h w 3"]:
    """The preview, paler, with a mask tinted."""
    image = _sized(inspection.preview, longest_px)
    shares = _coverage(mask, image.shape[:2])[:, :, None] * _OPACITY
    plain = image.astype(np.float32)
    tinted = plain * (1 - shares) + np.array(_MASK_RGB, np.float32) * shares
    mixed = np.where(shares > 0, tinted, plain * np.float32(0.7) + np.float32(46))
    return np.asarray(np.rint(mixed), np.uint8)


def with_box(
    image: UInt8[np.ndarray, "h w 3"], box: tuple[float, float, float, float]
) -> UInt8[np.ndarray, "h w 3"]:
    """A copy with the predicted box."""
    drawn = image.copy()
    _draw_box(drawn, box, _BLACK, 3)
    _draw_box(drawn, box, _WHITE, 1)
    return drawn


def _map(
    values: Float32[np.ndarray, "r c"], limit: float, inspection: Inspection, longest_px: int
) -> UInt8[np.ndarray, "h w 3"]:
    """A map over the prototypes' grid in the picture's own proportions."""
    width, height = _size_wh(inspection.preview, longest_px)
    grown = cv2.resize(
        np.nan_to_num(values, posinf=0, neginf=0), (width, height), interpolation=cv2.INTER_LINEAR
    )
    return signed_colours(grown, limit=limit)


def _sized(image: UInt8[np.ndarray, "h w 3"], longest_px: int) -> UInt8[np.ndarray, "h w 3"]:
    size_wh = _size_wh(image, longest_px)
    shrinks = size_wh[0] < image.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(image, size_wh, interpolation=method))


def _size_wh(image: np.ndarray, longest_px: int) -> tuple[int, int]:
    height, width = image.shape[:2]
    scale = longest_px / max(height, width)
    return max(_LEAST_PX, round(width * scale)), max(_LEAST_PX, round(height * scale))


def _largest(values: Float32[np.ndarray, "h w"]) -> float:
    return float(np.abs(np.nan_to_num(values, posinf=0, neginf=0)).max(initial=0))


def _shown(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:.1f}"


def _mask_of(counts: str | None, inspection: Inspection) -> Bool[np.ndarray, "h w"]:
    if counts is None:
        return np.zeros(inspection.size_hw, bool)
    return rle.decode_mask(counts, inspection.size_hw)


def _coverage(
    mask: Bool[np.ndarray, "h w"], canvas_hw: tuple[int, int]
) -> Float32[np.ndarray, "ch cw"]:
    """How much of each pixel of the canvas a mask covers, [0, 1]."""
    size_wh = canvas_hw[1], canvas_hw[0]
    shrinks = canvas_hw[1] <= mask.shape[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(
        cv2.resize(mask.astype(np.uint8) * 255, size_wh, interpolation=method) / 255.0, np.float32
    )


def _contours(mask: Bool[np.ndarray, "h w"], canvas_hw: tuple[int, int]) -> list[np.ndarray]:
    coverage = _coverage(mask, canvas_hw)
    inside = (coverage >= min(0.5, float(coverage.max(initial=0)))) & (coverage > 0)
    found, _ = cv2.findContours(inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    return list(found)


def _draw_box(
    image: UInt8[np.ndarray, "h w 3"],
    box: tuple[float, float, float, float],
    colour: tuple[int, int, int],
    line_px: int,
) -> None:
    height, width = image.shape[:2]
    left, right = (round(min(max(edge, 0.0), 1.0) * (width - 1)) for edge in (box[0], box[2]))
    top, bottom = (round(min(max(edge, 0.0), 1.0) * (height - 1)) for edge in (box[1], box[3]))
    cv2.rectangle(image, (left, top), (right, bottom), colour, line_px)


def _of_number(place: int, inspection: Inspection) -> tuple[int, int, int]:
    """A colour of its own for each object."""
    if place == inspection.number - 1:
        return _MASK_RGB
    index = place if place < _LIKE_THE_MASKS else place + 1
    red, green, blue = (int(x) for x in class_colours(index + 1)[-1])
    return red, green, blue


def _draw_numbers(
    image: UInt8[np.ndarray, "h w 3"],
    outlines: Sequence[Sequence[np.ndarray]],
    colours: Sequence[tuple[int, int, int]],
) -> None:
    size_px = max(14, round(max(image.shape[:2]) / 40))
    texts = [str(place + 1) for place in range(len(outlines))]
    wanted = [
        _number_request(outline, (text_width(text, size_px, weight=600) + 10, size_px + 6))
        for text, outline in zip(texts, outlines, strict=True)
    ]
    corners = place_labels(wanted, bounds_wh=(image.shape[1], image.shape[0]), max_hidden=0.5)
    for text, request, colour, corner in zip(texts, wanted, colours, corners, strict=True):
        if corner is None:
            continue
        far = corner[0] + request.size_wh[0], corner[1] + request.size_wh[1]
        cv2.rectangle(image, corner, far, colour, cv2.FILLED)
        ink = _BLACK if is_light(colour) else _WHITE
        inner = corner[0] + 5, corner[1] + 3
        draw_text(image, text, inner, size_px=size_px, colour=ink, weight=600)


def _number_request(outline: Sequence[np.ndarray], size_wh: tuple[int, int]) -> LabelRequest:
    points = np.concatenate([contour[:, 0] for contour in outline] or [np.zeros((1, 2), int)])
    (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
    middle = points.mean(axis=0).tolist()
    highest, lowest = points[points[:, 1].argmin()], points[points[:, 1].argmax()]
    return LabelRequest(
        size_wh=size_wh,
        box=(left, top, right - left + 1, bottom - top + 1),
        centre_xy=(int(middle[0]), int(middle[1])),
        top_xy=(int(highest[0]), int(highest[1]) + size_wh[1]),
        bottom_xy=(int(lowest[0]), int(lowest[1])),
    )
