"""How prototypes add up to one object's mask. No torch.

Symbols: ``k`` prototypes, ``r`` rows and ``c`` columns of their grid, ``h`` and ``w`` a picture.
"""

from dataclasses import replace

import numpy as np
from jaxtyping import Float32

from yolact_cli.geometry import rle
from yolact_cli.inference.masks import Axis
from yolact_cli.inference.postprocess import (
    PictureKey,
    cells_in_grown,
    instances_by_rank,
    pixels_with_centre_in,
)
from yolact_cli.settings import LabelSettings, MaskCrop
from yolact_cli.structures import Candidates, Instance
from yolact_cli.traces import GrowthStep, MaskTerm, MaskTrace


def trace_mask(
    candidates: Candidates,
    candidate: int,
    *,
    instance: Instance,
    size_hw: tuple[int, int],
    settings: LabelSettings,
) -> MaskTrace:
    """The terms of a mask by strength, and the masks that the strongest of them give.

    Args:
        candidates: Of a picture.
        candidate: Which of them.
        instance: The label that was made of it.
        size_hw: The picture's own size in px.
        settings: What the label was made by.
    """
    terms = _terms(candidates, candidate)
    counts = growing_counts(len(terms))
    coefficients = np.zeros((len(counts), len(terms)), np.float32)
    for row, count in enumerate(counts):
        strongest = [term.prototype for term in terms[:count]]
        coefficients[row, strongest] = candidates.mask_coefficients[candidate, strongest]
    masks = _masks(candidates, candidate, coefficients, size_hw=size_hw, settings=settings)
    masks[len(counts) - 1] = instance
    mask_logits = candidates.prototypes @ coefficients.T
    steps = [
        _step(count, masks.get(row), instance, mask_logits[:, :, row], size_hw=size_hw)
        for row, count in enumerate(counts)
    ]
    return MaskTrace(terms=terms, growth=tuple(steps))


def growing_counts(total: int) -> tuple[int, ...]:
    """1, 2, 4, 8, … and at last ``total`` itself."""
    counts = [1]
    while counts[-1] * 2 < total:
        counts.append(counts[-1] * 2)
    return (*counts, total) if total > 1 else (1,)


def soft_masks(
    candidates: Candidates, candidate: int, *, size_hw: tuple[int, int], crop: MaskCrop
) -> tuple[Float32[np.ndarray, "h w"], Float32[np.ndarray, "h w"]]:
    """The mask before it is cut at one half, [0, 1]: whole, and cropped by the object's box.

    Args:
        candidates: Of a picture.
        candidate: Which of them.
        size_hw: At which size to show the picture; of any shape.
        crop: In the picture, or among the prototypes.
    """
    rows, columns, _ = candidates.prototypes.shape
    mask_logits = candidates.prototypes @ candidates.mask_coefficients[candidate]
    soft = (np.tanh(mask_logits * np.float32(0.5)) + 1) / 2
    soft = np.nan_to_num(soft, nan=0.0)
    axes = Axis.make(size_hw[0], rows), Axis.make(size_hw[1], columns)
    whole = resampled(soft, axes)
    if crop == "prototype":
        inside = _cells_of_box(candidates, candidate)
        return whole, resampled(_kept_inside(soft, inside), axes)
    (left, right), (top, bottom) = _upright(candidates.boxes_xyxy_norm[candidate])
    window = (
        slice(*pixels_with_centre_in(float(top), float(bottom), size_hw[0])),
        slice(*pixels_with_centre_in(float(left), float(right), size_hw[1])),
    )
    return whole, _kept_inside(whole, window)


def resampled(
    grid: Float32[np.ndarray, "r c"], axes_yx: tuple[Axis, Axis]
) -> Float32[np.ndarray, "h w"]:
    """A map over the prototypes' grid, interpolated to a picture as masks are."""
    axis_y, axis_x = axes_yx
    across = _between(grid.T, axis_x)
    return np.ascontiguousarray(_between(across.T, axis_y))


def _kept_inside(
    values: Float32[np.ndarray, "h w"], window_yx: tuple[slice, slice]
) -> Float32[np.ndarray, "h w"]:
    kept = np.zeros_like(values)
    kept[window_yx] = values[window_yx]
    return kept


def _cells_of_box(candidates: Candidates, candidate: int) -> tuple[slice, slice]:
    """Rows and columns of the prototypes that the object's box, grown by one, covers."""
    rows, columns, _ = candidates.prototypes.shape
    (left, right), (top, bottom) = _upright(candidates.boxes_xyxy_norm[candidate])
    return slice(*cells_in_grown(top, bottom, rows)), slice(*cells_in_grown(left, right, columns))


def _upright(box_xyxy: Float32[np.ndarray, " 4"]) -> tuple[list[np.float32], list[np.float32]]:
    """The box's two columns and its two rows, each in order."""
    return sorted(box_xyxy[[0, 2]]), sorted(box_xyxy[[1, 3]])


def _between(grid: Float32[np.ndarray, "r c"], axis: Axis) -> Float32[np.ndarray, "h c"]:
    after = np.minimum(axis.cell + 1, axis.cells - 1)
    low = grid[axis.cell]
    mixed: np.ndarray = low + (grid[after] - low) * axis.weight[:, None]
    return mixed


def _terms(candidates: Candidates, candidate: int) -> tuple[MaskTerm, ...]:
    """By strength inside the box, and by number where that is equal."""
    channels = candidates.prototypes.shape[2]
    inside = candidates.prototypes[_cells_of_box(candidates, candidate)].reshape(-1, channels)
    values = inside.astype(np.float64) * candidates.mask_coefficients[candidate]
    count = max(len(values), 1)
    pushes, strengths = values.sum(axis=0) / count, np.abs(values).sum(axis=0) / count
    return tuple(
        MaskTerm(
            prototype=int(k),
            coefficient=float(candidates.mask_coefficients[candidate, k]),
            push=float(pushes[k]),
            strength=float(strengths[k]),
        )
        for k in np.argsort(-strengths, kind="stable")
    )


def _masks(
    candidates: Candidates,
    candidate: int,
    coefficients: Float32[np.ndarray, "steps k"],
    *,
    size_hw: tuple[int, int],
    settings: LabelSettings,
) -> dict[int, Instance]:
    """What labels each row of coefficients would have given; none where no pixel is left."""
    steps = len(coefficients)
    alike = Candidates(
        boxes_xyxy_norm=candidates.boxes_xyxy_norm[[candidate] * steps],
        scores=np.ones(steps, np.float32),
        class_ids=candidates.class_ids[[candidate] * steps],
        mask_coefficients=coefficients,
        mask_ious=None,
        prototypes=candidates.prototypes,
    )
    key = PictureKey(picture_id=0, name="", size_hw=size_hw)
    settings = replace(settings, score_threshold=0.0, class_thresholds=None)
    found = instances_by_rank(alike, key, settings=settings, uid_seed="")
    return {row: instance for row, instance in found if instance is not None}


def _step(
    count: int,
    mask: Instance | None,
    whole: Instance,
    mask_logits: Float32[np.ndarray, "r c"],
    *,
    size_hw: tuple[int, int],
) -> GrowthStep:
    shared = 0
    if mask is not None:
        # nothing outside the whole mask's tight box can be shared with it
        one, other = (
            rle.decode_crop(item.rle_counts, size_hw, bbox_xywh=whole.bbox_xywh_px)
            for item in (mask, whole)
        )
        shared = int((one & other).sum())
    area_px = mask.area_px if mask is not None else 0
    return GrowthStep(
        terms=count,
        iou=shared / (area_px + whole.area_px - shared),
        area_px=area_px,
        rle_counts=mask.rle_counts if mask is not None else None,
        mask_logits=np.ascontiguousarray(mask_logits),
    )
