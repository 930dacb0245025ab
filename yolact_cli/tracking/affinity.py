"""How well the live tracks fit the objects of a frame, all against all.

Symbols: ``t`` tracks, ``d`` objects of the frame.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float64

from yolact_cli.tracking.overlap import Shape, moved_box, picture_shape, shared_px
from yolact_cli.tracking.track import Track

# Where a velocity is not known, or not to be trusted after a gap, boxes are widened by this part of
# their size on every side. Source of the idea: C-BIoU (arXiv 2211.14317).
_WIDENED = 0.5
_DOUBTS = 2.0  # half of the longest gap is enough to doubt a forecast most


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Affinity:
    """Overlaps of forecasts and objects, each in [0, 1].

    Attributes:
        iou: Of the masks, the forecast's moved to where it should be by now.
        part: What the masks share, of the smaller one: 1 for an object that is mostly hidden.
        widened_iou: Of boxes, both widened; no more than a hint.
        widened_part: Of the boxes' smaller one, after the forecast's was widened by ``doubt``.
        class_share: How much of the track's past is of the object's class.
    """

    iou: Float64[np.ndarray, "t d"]
    part: Float64[np.ndarray, "t d"]
    widened_iou: Float64[np.ndarray, "t d"]
    widened_part: Float64[np.ndarray, "t d"]
    class_share: Float64[np.ndarray, "t d"]


def affinity(
    tracks: Sequence[Track],
    shapes: Sequence[Shape],
    class_ids: Sequence[int],
    *,
    time_s: float,
    size_hw: tuple[int, int],
    max_gap_s: float,
) -> Affinity:
    """How well every track, as forecast for a time, fits every object.

    Args:
        tracks: At least one.
        shapes: Of the frame's objects, at least one.
        class_ids: What each object is taken for.
        time_s: The frame's.
        size_hw: The frame's.
        max_gap_s: The longest gap; how fast forecasts come to be doubted.
    """
    seen_boxes = np.array([shape.box_xyxy_px for shape in shapes], np.float64)
    iou, part = _mask_overlaps(tracks, shapes, seen_boxes, time_s, picture_shape(size_hw))
    last_boxes = np.array([track.last.shape.box_xyxy_px for track in tracks], np.float64)
    expected = np.array([track.expected_box(time_s) for track in tracks], np.float64)
    gaps_s = np.array([time_s - track.motion.seen_s for track in tracks])
    doubt = _WIDENED * np.minimum(_DOUBTS * gaps_s / max_gap_s, 1.0)
    return Affinity(
        iou=iou,
        part=part,
        widened_iou=_box_overlaps(_widened(last_boxes, _WIDENED), _widened(seen_boxes, _WIDENED))[
            0
        ],
        widened_part=_box_overlaps(_widened(expected, doubt[:, None]), seen_boxes)[1],
        class_share=_class_shares(tracks, class_ids),
    )


def _mask_overlaps(
    tracks: Sequence[Track],
    shapes: Sequence[Shape],
    boxes_xyxy: Float64[np.ndarray, "d 4"],
    time_s: float,
    picture: Shape,
) -> tuple[Float64[np.ndarray, "t d"], Float64[np.ndarray, "t d"]]:
    """IoU and shared part of the masks; of a track with two views, the better."""
    iou, part = np.zeros((2, len(tracks), len(shapes)))
    for row, track in enumerate(tracks):
        offset = track.motion.forecast(time_s)
        for view in track.views():
            forecast = _Forecast.of(view.shape, view.shift_to(offset), picture)
            for column in np.flatnonzero(_touching(forecast.box, boxes_xyxy)).tolist():
                overlaps = forecast.overlaps(shapes[column])
                iou[row, column] = max(iou[row, column], overlaps[0])
                part[row, column] = max(part[row, column], overlaps[1])
    return iou, part


@dataclass(frozen=True, slots=True, eq=False)
class _Forecast:
    shape: Shape
    shift: tuple[int, int]
    box: tuple[int, int, int, int]
    visible_px: int

    @classmethod
    def of(cls, shape: Shape, shift: tuple[int, int], picture: Shape) -> "_Forecast":
        left, top, right, bottom = box = moved_box(shape, shift)
        _, _, width, height = picture.box_xyxy_px
        is_inside = left >= 0 and top >= 0 and right <= width and bottom <= height
        visible = shape.area_px if is_inside else shared_px(shape, picture, shift_xy=shift)
        return cls(shape, shift, box, visible)

    def overlaps(self, seen: Shape) -> tuple[float, float]:
        """IoU, and the shared part of the smaller one."""
        shared = shared_px(self.shape, seen, shift_xy=self.shift)
        if shared == 0:
            return 0.0, 0.0
        # The part of a forecast outside the picture could not have been seen.
        union = self.visible_px + seen.area_px - shared
        return shared / union, shared / min(self.visible_px, seen.area_px)


def _touching(box: tuple[int, int, int, int], boxes: Float64[np.ndarray, "d 4"]) -> np.ndarray:
    left, top, right, bottom = box
    return (
        (boxes[:, 0] < right) & (boxes[:, 2] > left) & (boxes[:, 1] < bottom) & (boxes[:, 3] > top)
    )


def _class_shares(tracks: Sequence[Track], class_ids: Sequence[int]) -> np.ndarray:
    shares = np.zeros((len(tracks), len(class_ids)))
    columns = np.array(class_ids, np.int64)
    for row, track in enumerate(tracks):
        for class_id in track.score_by_class:
            shares[row, columns == class_id] = track.share_of(class_id)
    return shares


def _widened(
    boxes_xyxy: Float64[np.ndarray, "n 4"], part: float | Float64[np.ndarray, "n 1"]
) -> Float64[np.ndarray, "n 4"]:
    margin = (boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]) * part
    return np.concatenate((boxes_xyxy[:, :2] - margin, boxes_xyxy[:, 2:] + margin), axis=1)


def _box_overlaps(
    boxes_xyxy: Float64[np.ndarray, "t 4"], others_xyxy: Float64[np.ndarray, "d 4"]
) -> tuple[Float64[np.ndarray, "t d"], Float64[np.ndarray, "t d"]]:
    """IoU, and what is shared of the smaller box."""
    low = np.maximum(boxes_xyxy[:, None, :2], others_xyxy[None, :, :2])
    high = np.minimum(boxes_xyxy[:, None, 2:], others_xyxy[None, :, 2:])
    size = np.maximum(high - low, 0.0)
    shared = size[..., 0] * size[..., 1]
    areas, other_areas = _areas(boxes_xyxy)[:, None], _areas(others_xyxy)[None]
    union, smaller = areas + other_areas - shared, np.minimum(areas, other_areas)
    # Empty boxes share nothing: 0 of 1.
    return shared / np.where(union > 0, union, 1), shared / np.where(smaller > 0, smaller, 1)


def _areas(boxes_xyxy: Float64[np.ndarray, "n 4"]) -> Float64[np.ndarray, " n"]:
    size = boxes_xyxy[:, 2:] - boxes_xyxy[:, :2]
    areas: Float64[np.ndarray, " n"] = size[:, 0] * size[:, 1]
    return areas
