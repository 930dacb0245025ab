"""Which views of which pictures make up a training sample: a function of its random generator.

Source: YOLACT's augmentation (dbolya/yolact, MIT), after SSD's. Three things are decided
differently. Its random crop picks a minimal overlap with the objects and then never applies it;
the author kept that, since applying it halved the accuracy, and here there is none to begin with.
Its boxes of fewer than 4/550 of the side are compared in the wrong unit and stay; here boxes that
a view shrinks below that go. An object whose centre a crop cuts off is dropped there and becomes
background; here what is left of it is ignored.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8

from yolact_cli.settings import AugmentSettings
from yolact_cli.training.view import View

FULL_TARGET = (0.0, 0.0, 1.0, 1.0)
CROP_TRIALS = 50
CROP_SIDE = (0.3, 1.0)
CROP_ASPECT = (0.5, 2.0)
CROP_PROBABILITY = 5 / 6  # the reference draws "no crop" once in six
SMALLEST_BOX = 4 / 550
MOSAIC_CENTRE = (0.35, 0.65)

Window = tuple[float, float, float, float]


def whole_view(size_hw: tuple[int, int]) -> View:
    """The picture as it is, squashed into the input."""
    height, width = size_hw
    return View(window_xyxy_px=(0.0, 0.0, width, height), target_xyxy=FULL_TARGET)


def random_view(
    size_hw: tuple[int, int],
    centres_xy_px: Float[np.ndarray, "n 2"],
    settings: AugmentSettings,
    rng: np.random.Generator,
) -> View:
    """A window zoomed out, then cropped, mirrored or not, into the whole input.

    Args:
        size_hw: The picture's height and width in px.
        centres_xy_px: Centres of the objects of which a crop must keep one; without any, crops
            are free.
        settings: What may happen.
        rng: Draws everything.
    """
    height, width = size_hw
    window: Window = (0.0, 0.0, float(width), float(height))
    if settings.max_expand > 1 and rng.random() < 0.5:
        window = _zoom_out(window, rng.uniform(1, settings.max_expand), rng)
    if settings.crop and rng.random() < CROP_PROBABILITY:
        window = _crop(window, centres_xy_px, rng)
    is_mirrored = settings.mirror and bool(rng.random() < 0.5)
    return View(window_xyxy_px=window, target_xyxy=FULL_TARGET, is_mirrored=is_mirrored)


def mosaic_views(
    sizes_hw: Sequence[tuple[int, int]], settings: AugmentSettings, rng: np.random.Generator
) -> list[View]:
    """Four whole pictures around a random centre, each squashed into its quarter.

    Source: YOLOv4 (arXiv 2004.10934) section 3.3; here pictures are not cut at the borders.
    """
    x, y = rng.uniform(*MOSAIC_CENTRE, 2)
    targets = ((0.0, 0.0, x, y), (x, 0.0, 1.0, y), (0.0, y, x, 1.0), (x, y, 1.0, 1.0))
    views = []
    for (height, width), target in zip(sizes_hw, targets, strict=True):
        is_mirrored = settings.mirror and bool(rng.random() < 0.5)
        window = (0.0, 0.0, float(width), float(height))
        views.append(View(window_xyxy_px=window, target_xyxy=target, is_mirrored=is_mirrored))
    return views


def keep_objects(
    boxes_xyxy: Float[np.ndarray, "n 4"], view: View
) -> tuple[Float[np.ndarray, "n 4"], Bool[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Boxes clipped to the view's target, which of them stay, and which are only to be ignored.

    A box whose centre is outside is ignored, one with nothing to see or too small to learn goes.
    """
    x0, y0, x1, y1 = view.target_xyxy
    clipped = boxes_xyxy.clip((x0, y0, x0, y0), (x1, y1, x1, y1))
    centres = (boxes_xyxy[:, :2] + boxes_xyxy[:, 2:]) / 2
    has_centre = ((centres >= (x0, y0)) & (centres <= (x1, y1))).all(axis=1)
    stays = (clipped[:, 2:] - clipped[:, :2] > SMALLEST_BOX).all(axis=1)
    return clipped, stays, ~has_centre


def blank_canvas(side: int, colour: Sequence[float]) -> UInt8[np.ndarray, "s s 3"]:
    """An input filled with the mean colour."""
    return np.full((side, side, 3), np.round(colour), np.uint8)


def _zoom_out(window: Window, ratio: float, rng: np.random.Generator) -> Window:
    width, height = window[2], window[3]
    left, top = rng.uniform(0, 1, 2) * (ratio - 1) * (width, height)
    return (-left, -top, width * ratio - left, height * ratio - top)


def _crop(
    window: Window, centres_xy_px: Float[np.ndarray, "n 2"], rng: np.random.Generator
) -> Window:
    left, top, right, bottom = window
    size = np.array([right - left, bottom - top])
    for _ in range(CROP_TRIALS):
        side = size * rng.uniform(*CROP_SIDE, 2)
        if not CROP_ASPECT[0] <= side[1] / side[0] <= CROP_ASPECT[1]:
            continue
        low = np.array([left, top]) + rng.uniform(0, 1, 2) * (size - side)
        inside = ((centres_xy_px > low) & (centres_xy_px < low + side)).all(axis=1)
        if inside.any() or not len(centres_xy_px):
            return (low[0], low[1], low[0] + side[0], low[1] + side[1])
    return window
