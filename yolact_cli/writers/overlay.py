"""Pictures with what was found drawn on them, for people to look at."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from yolact_cli.geometry.masks import crop_of
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections, Frame, Instance
from yolact_cli.writers import names, rasters
from yolact_cli.writers.label_layout import LabelRequest, place_labels
from yolact_cli.writers.label_text import LabelFont
from yolact_cli.writers.palette import is_light, object_colour

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_WHOLE = 255
_INSIDE = 128  # of 255: a pixel belongs to the object when half of it does
_CONTOUR_ERROR_PX = 0.75
_LONGEST_LABEL = 16  # in font sizes: some thirty characters


@dataclass(frozen=True, slots=True, kw_only=True)
class OverlayStyle:
    """How overlays look."""

    max_side_px: int | None = 1600
    """Longer side of an overlay at most, or None to keep the preview's."""
    min_side_px: int = 480
    """Smaller pictures are enlarged to this longer side: labels need some room."""
    mask_opacity: float = 0.4
    """How much of a mask's colour covers the picture, [0, 1]."""
    jpeg_quality: int = 90
    """[1, 100]."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Shape:
    """An object on the canvas: how much of each pixel of its box it covers, and its looks."""

    box: tuple[int, int, int, int]
    coverage: UInt8[np.ndarray, "h w"]
    contours: list[np.ndarray]
    colour: tuple[int, int, int]
    name: str
    score: float


class OverlayWriter:
    """Writes ``overlays/<name>``, a JPEG with contours, tinted masks, names and scores.

    Args:
        store: Takes the files.
        classes: For every class id of the model the category it is written as; None drops it.
        style: Sizes and looks.
    """

    def __init__(
        self,
        store: Store,
        classes: Mapping[int, Category | None],
        style: OverlayStyle = OverlayStyle(),
    ) -> None:
        self._store = store
        self._classes = classes
        self._style = style

    def write(self, frame: Frame, detections: Detections) -> None:
        """Draw on the frame's preview and write it.

        Raises:
            ValueError: The frame has no preview.
            OutputError: The store cannot take the file.
        """
        if frame.preview is None:
            raise ValueError(f"{frame.name} was decoded without a preview to draw on")
        image = draw_overlay(frame.preview, detections, classes=self._classes, style=self._style)
        data = rasters.rgb_jpeg(image, quality=self._style.jpeg_quality)
        self._store.put(names.overlay_path(detections.name), data)


def draw_overlay(
    preview: UInt8[np.ndarray, "ph pw 3"],
    detections: Detections,
    *,
    classes: Mapping[int, Category | None],
    style: OverlayStyle,
) -> UInt8[np.ndarray, "h w 3"]:
    """A new RGB picture with the detections drawn on the preview.

    The preview may be of another size than the picture that the detections were made on. Better
    scores are drawn over worse ones. Every object has its contour; where a picture is too crowded
    for all labels, the worst scores go without.
    """
    canvas = _resized_for_drawing(preview, style)
    shapes = _shapes(detections.keeping(classes), classes, canvas.shape[:2])
    line_px = max(1, round(max(canvas.shape[:2]) / 500))
    for shape in reversed(shapes):
        _tint(canvas, shape, style.mask_opacity)
    for shape in reversed(shapes):
        dark = tuple(channel // 3 for channel in shape.colour)
        cv2.polylines(canvas, shape.contours, True, dark, line_px + 2, cv2.LINE_AA)  # noqa: FBT003
        cv2.polylines(canvas, shape.contours, True, shape.colour, line_px, cv2.LINE_AA)  # noqa: FBT003
    _draw_labels(canvas, shapes)
    return canvas


def _resized_for_drawing(
    preview: UInt8[np.ndarray, "ph pw 3"], style: OverlayStyle
) -> UInt8[np.ndarray, "h w 3"]:
    height, width = preview.shape[:2]
    longest = max(height, width)
    target = max(longest, style.min_side_px)
    if style.max_side_px is not None:
        target = min(target, style.max_side_px)
    if target == longest:
        return np.ascontiguousarray(preview).copy()
    scale = target / longest
    size_wh = (max(1, round(width * scale)), max(1, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return cv2.resize(preview, size_wh, interpolation=method)


def _shapes(
    detections: Detections, classes: Mapping[int, Category | None], canvas_hw: tuple[int, int]
) -> list[_Shape]:
    shapes = []
    of_class: Counter[int] = Counter()
    for instance in detections.instances:
        category = classes[instance.class_id]
        assert category is not None  # noqa: S101 - keeping() left no others
        colour = object_colour(instance.class_id, of_class[instance.class_id])
        of_class[instance.class_id] += 1
        box = _box_on_canvas(instance, detections.size_hw, canvas_hw)
        coverage = _coverage(instance, detections.size_hw, size_wh=box[2:])
        shapes.append(
            _Shape(
                box=box,
                coverage=coverage,
                contours=_contours(coverage, box[:2]),
                colour=colour,
                name=category.name,
                score=instance.score,
            )
        )
    return shapes


def _box_on_canvas(
    instance: Instance, size_hw: tuple[int, int], canvas_hw: tuple[int, int]
) -> tuple[int, int, int, int]:
    """The tight box to the nearest canvas pixel, at least one wide and high."""
    x, y, width, height = instance.bbox_xywh_px
    scale_y, scale_x = canvas_hw[0] / size_hw[0], canvas_hw[1] / size_hw[1]
    left = min(round(x * scale_x), canvas_hw[1] - 1)
    top = min(round(y * scale_y), canvas_hw[0] - 1)
    right = max(round((x + width) * scale_x), left + 1)
    bottom = max(round((y + height) * scale_y), top + 1)
    return left, top, right - left, bottom - top


def _coverage(
    instance: Instance, size_hw: tuple[int, int], *, size_wh: tuple[int, int]
) -> UInt8[np.ndarray, "h w"]:
    crop = crop_of(instance, size_hw).astype(np.uint8) * 255
    shrinks = size_wh[0] <= crop.shape[1]
    return cv2.resize(crop, size_wh, interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)


def _contours(coverage: UInt8[np.ndarray, "h w"], corner_xy: tuple[int, int]) -> list[np.ndarray]:
    # A thin object may cover no canvas pixel by half; then its best pixels are its contour.
    inside = coverage >= min(_INSIDE, int(coverage.max()))
    found, _ = cv2.findContours(
        inside.astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE, offset=corner_xy
    )
    # Fewer points draw faster, and less like stairs.
    return [cv2.approxPolyDP(contour, _CONTOUR_ERROR_PX, closed=True) for contour in found]


def _tint(canvas: UInt8[np.ndarray, "h w 3"], shape: _Shape, opacity: float) -> None:
    x, y, width, height = shape.box
    window = canvas[y : y + height, x : x + width]
    # Of what is wholly covered, which is nearly all, a table knows what becomes of each value.
    table = _mixed(np.arange(256, dtype=np.uint8)[:, None], shape.colour, _WHOLE, opacity)
    tinted = cv2.LUT(window, table[:, None])
    partly = (shape.coverage > 0) & (shape.coverage < _WHOLE)
    tinted[partly] = _mixed(window[partly], shape.colour, shape.coverage[partly, None], opacity)
    cv2.copyTo(tinted, shape.coverage, window)  # where it is not 0


def _mixed(
    pixels: UInt8[np.ndarray, "n _"],
    colour: tuple[int, int, int],
    coverage: UInt8[np.ndarray, "n 1"] | int,
    opacity: float,
) -> UInt8[np.ndarray, "n 3"]:
    """The pixels with the colour over them, where of each so much (of 255) is covered."""
    weight = np.asarray(coverage * (opacity / 255), np.float32)
    mixed = pixels + (np.array(colour, np.float32) - pixels) * weight
    tinted: np.ndarray = np.rint(mixed).astype(np.uint8)
    return tinted


def _draw_labels(canvas: UInt8[np.ndarray, "h w 3"], shapes: list[_Shape]) -> None:
    height, width = canvas.shape[:2]
    font = LabelFont(round(7 + max(height, width) / 100))
    room_px = min(width, _LONGEST_LABEL * font.size_px)
    texts = [
        font.fitting_text(shape.name, f"{shape.score:.2f}", room_px=room_px) for shape in shapes
    ]
    sizes = [font.chip_size_wh(text) for text in texts]
    requests = [_label_request(*pair) for pair in zip(shapes, sizes, strict=True)]
    corners = place_labels(requests, bounds_wh=(width, height))
    for shape, text, corner in zip(shapes, texts, corners, strict=True):
        if corner is not None:
            ink = _BLACK if is_light(shape.colour) else _WHITE
            font.draw_chip(canvas, text, corner_xy=corner, colour=shape.colour, ink=ink)


def _label_request(shape: _Shape, size_wh: tuple[int, int]) -> LabelRequest:
    # Of the largest part: a label at a speck far away would name what is there.
    points = max(shape.contours, key=cv2.contourArea)[:, 0]
    top, bottom = points[points[:, 1].argmin()], points[points[:, 1].argmax()]
    padded = cv2.copyMakeBorder(shape.coverage, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform((padded >= _INSIDE).astype(np.uint8), cv2.DIST_L2, 3)
    deepest_y, deepest_x = np.unravel_index(int(depth.argmax()), depth.shape)
    return LabelRequest(
        size_wh=size_wh,
        box=shape.box,
        centre_xy=(shape.box[0] + int(deepest_x) - 1, shape.box[1] + int(deepest_y) - 1),
        top_xy=(int(top[0]), int(top[1])),
        bottom_xy=(int(bottom[0]), int(bottom[1])),
    )
