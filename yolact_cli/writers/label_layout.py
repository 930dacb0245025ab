"""Where labels go: near their object, inside the picture, not over one another.

Rectangles are (left, top, width, height) in px. Pure arithmetic; nothing is drawn here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

Rectangle = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRequest:
    """A label that wants a place.

    Attributes:
        size_wh: The label's own size.
        box: The object's tight box.
        centre_xy: A point well inside the object.
        top_xy: The object's highest point.
        bottom_xy: The object's lowest point.
    """

    size_wh: tuple[int, int]
    box: Rectangle
    centre_xy: tuple[int, int]
    top_xy: tuple[int, int]
    bottom_xy: tuple[int, int]


def place_labels(
    requests: Sequence[LabelRequest], *, bounds_wh: tuple[int, int], max_hidden: float = 0.0
) -> list[tuple[int, int] | None]:
    """Top-left corner for each label, or None where the picture is too crowded for it.

    Labels are placed in the order given, so that the first, the best, get the best places.

    Args:
        requests: Labels, the most important first. One larger than the picture gets no place.
        bounds_wh: The picture's size.
        max_hidden: How much of a label may lie under others that were placed before, [0, 1].
    """
    placed: list[Rectangle] = []
    corners: list[tuple[int, int] | None] = []
    for request in requests:
        rectangle = _best_place(request, placed, bounds_wh=bounds_wh, max_hidden=max_hidden)
        corners.append(rectangle and rectangle[:2])
        if rectangle is not None:
            placed.append(rectangle)
    return corners


def _best_place(
    request: LabelRequest,
    placed: Sequence[Rectangle],
    *,
    bounds_wh: tuple[int, int],
    max_hidden: float,
) -> Rectangle | None:
    candidates = list(_candidates(request, bounds_wh))
    if not candidates or not placed:
        return candidates[0] if candidates else None
    hidden = _shared_areas(np.array(candidates), np.array(placed)).sum(axis=1)
    best = int(hidden.argmin())  # the first of those that are least hidden
    area = request.size_wh[0] * request.size_wh[1]
    return candidates[best] if hidden[best] <= max_hidden * area else None


def _candidates(request: LabelRequest, bounds_wh: tuple[int, int]) -> Iterator[Rectangle]:
    """Places from the best to the worst, all inside the picture."""
    width, height = request.size_wh
    if width > bounds_wh[0] or height > bounds_wh[1]:
        return
    box_x, box_y, box_w, box_h = request.box
    centre_x, centre_y = request.centre_xy
    corners = [
        (request.top_xy[0] - width // 2, request.top_xy[1] - height),
        (centre_x - width // 2, centre_y - height // 2),
        (request.bottom_xy[0] - width // 2, request.bottom_xy[1]),
        (box_x, box_y - height),
        (box_x + box_w - width, box_y - height),
        (box_x, box_y + box_h),
        (box_x + box_w - width, box_y + box_h),
        (box_x + box_w, centre_y - height // 2),
        (box_x - width, centre_y - height // 2),
    ]
    # then up and down from the centre, as far as the object goes
    for step in range(1, box_h // (2 * height) + 1):
        corners += [
            (centre_x - width // 2, centre_y - height // 2 - step * height),
            (centre_x - width // 2, centre_y - height // 2 + step * height),
        ]
    for x, y in corners:
        left = min(max(x, 0), bounds_wh[0] - width)
        top = min(max(y, 0), bounds_wh[1] - height)
        yield left, top, width, height


def _shared_areas(
    some: Int64[np.ndarray, "n 4"], others: Int64[np.ndarray, "m 4"]
) -> Int64[np.ndarray, "n m"]:
    """How many pixels each rectangle has in common with each of the others."""
    starts = np.maximum(some[:, None, :2], others[None, :, :2])
    ends = np.minimum((some[:, :2] + some[:, 2:])[:, None], (others[:, :2] + others[:, 2:])[None])
    areas: np.ndarray = (ends - starts).clip(min=0).prod(axis=2)
    return areas
