"""Candidates to labels: thresholds, masks in the picture's own pixels, run lengths. No torch.

Symbols: ``n`` candidates, ``k`` prototypes, ``h`` and ``w`` the prototypes' grid.
"""

import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64

from yolact_cli.errors import ModelError
from yolact_cli.inference.masks import Axis, Span, encode_edges, upsampled_edges
from yolact_cli.settings import LabelSettings, MaskCrop
from yolact_cli.structures import Candidates, Detections, Instance

_UID_DIGITS = 12
_SCORE_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureKey:
    """Which picture: its identity in the run and its own size in px."""

    picture_id: int
    name: str
    size_hw: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RankedMask:
    """The mask of a candidate above the threshold, in the picture's own pixels, not encoded yet.

    Attributes:
        index: The candidate's place among its picture's.
        score: What the object is ranked by.
        box_xyxy_px: The predicted box, clipped to the picture.
        edges: Where the mask begins and ends; None where not one pixel of it is left.
    """

    index: int
    score: float
    box_xyxy_px: tuple[float, float, float, float]
    edges: Int64[np.ndarray, " edges"] | None


def check_finite(candidates: Candidates, name: str) -> None:
    """Refuse outputs that are no numbers, which would look as if there were nothing to be found.

    Raises:
        ModelError: They are not.
    """
    if not candidates.is_finite:
        raise ModelError(
            f"{name}: the network's outputs are not finite.",
            remedy="With --precision fp16 or bf16, try fp32; otherwise its weights are damaged.",
        )


def detections_from_candidates(
    candidates: Candidates, picture: PictureKey, *, settings: LabelSettings, uid_seed: str
) -> Detections:
    """The labels of one picture, by score, highest first.

    Kept are candidates whose class confidence is strictly above the threshold and whose mask has
    at least ``min_area_px`` pixels. Where the network predicts mask IoUs, the score is confidence
    times that, and only the order changes. Thresholds by class are about that score, as it is
    written: they are chosen from written scores.

    Args:
        candidates: From a runtime.
        picture: Whose candidates they are.
        settings: Thresholds and the kind of crop.
        uid_seed: What tells this run's objects from another's; uids follow from it, the
            picture's name and the candidate's place.
    """
    masks = masks_by_rank(candidates, picture.size_hw, settings=settings)
    return encoded_detections(masks, candidates, picture, settings=settings, uid_seed=uid_seed)


def masks_by_rank(
    candidates: Candidates, size_hw: tuple[int, int], *, settings: LabelSettings
) -> Iterator[RankedMask]:
    """The mask of each candidate above the threshold, by score, highest first."""
    ranking = _ranking_scores(candidates)
    kept = np.flatnonzero(_is_wanted(candidates, ranking, settings))
    assembler = _MaskAssembler(candidates, kept, size_hw=size_hw, crop=settings.mask_crop)
    for place in np.argsort(-ranking[kept], kind="stable"):
        index = int(kept[place])
        yield RankedMask(
            index=index,
            score=round(float(ranking[index]), _SCORE_DIGITS),
            box_xyxy_px=assembler.box_px(int(place)),
            edges=assembler.edges(int(place)),
        )


def encoded_detections(
    masks: Iterable[RankedMask],
    candidates: Candidates,
    picture: PictureKey,
    *,
    settings: LabelSettings,
    uid_seed: str,
) -> Detections:
    """The labels of one picture from its masks: what :func:`detections_from_candidates` gives."""
    instances, empty_masks = [], 0
    for mask in masks:
        instance = _encoded(mask, candidates, picture, uid_seed=uid_seed)
        if instance is None:
            empty_masks += 1
        elif instance.area_px >= settings.min_area_px:
            instances.append(instance)
    return Detections(
        picture_id=picture.picture_id,
        name=picture.name,
        size_hw=picture.size_hw,
        instances=tuple(instances),
        empty_masks=empty_masks,
    )


def instances_by_rank(
    candidates: Candidates, picture: PictureKey, *, settings: LabelSettings, uid_seed: str
) -> Iterator[tuple[int, Instance | None]]:
    """Each candidate above the threshold, by score: its place among the candidates, and its label.

    None stands for a mask of which not one pixel is left. Masks of any other size are given.
    """
    for mask in masks_by_rank(candidates, picture.size_hw, settings=settings):
        yield mask.index, _encoded(mask, candidates, picture, uid_seed=uid_seed)


def _encoded(
    ranked: RankedMask, candidates: Candidates, picture: PictureKey, *, uid_seed: str
) -> Instance | None:
    if ranked.edges is None:
        return None
    mask = encode_edges(ranked.edges, picture.size_hw)
    return Instance(
        uid=_uid(uid_seed, picture.name, ranked.index),
        class_id=int(candidates.class_ids[ranked.index]),
        score=ranked.score,
        box_score=round(float(candidates.scores[ranked.index]), _SCORE_DIGITS),
        predicted_box_xyxy_px=ranked.box_xyxy_px,
        bbox_xywh_px=mask.bbox_xywh_px,
        area_px=mask.area_px,
        rle_counts=mask.counts,
    )


def _is_wanted(
    candidates: Candidates, ranking: np.ndarray, settings: LabelSettings
) -> Bool[np.ndarray, " n"]:
    is_wanted: Bool[np.ndarray, " n"] = candidates.scores > settings.score_threshold
    if settings.class_thresholds is not None:
        least = np.array(settings.class_thresholds)[candidates.class_ids]
        written = [round(float(score), _SCORE_DIGITS) for score in ranking]
        is_wanted = np.array(written, np.float64) > least
    return is_wanted


class _MaskAssembler:
    """Masks of the kept candidates of one picture, one at a time."""

    def __init__(
        self,
        candidates: Candidates,
        kept: np.ndarray,
        *,
        size_hw: tuple[int, int],
        crop: MaskCrop,
    ) -> None:
        rows, columns, channels = candidates.prototypes.shape
        self._boxes = _upright(candidates.boxes_xyxy_norm[kept])
        coefficients = candidates.mask_coefficients[kept]
        flat = candidates.prototypes.reshape(-1, channels)
        self._mask_logits = (coefficients @ flat.T).reshape(-1, rows, columns)
        self._size_hw = size_hw
        self._axes = Axis.make(size_hw[0], rows), Axis.make(size_hw[1], columns)
        self._crop = crop

    def box_px(self, place: int) -> tuple[float, float, float, float]:
        """The predicted box, clipped to the picture."""
        height, width = self._size_hw
        left, top, right, bottom = (
            min(max(edge, 0.0), 1.0) for edge in self._boxes[place].tolist()
        )
        return (
            round(left * width, 2),
            round(top * height, 2),
            round(right * width, 2),
            round(bottom * height, 2),
        )

    def edges(self, place: int) -> Int64[np.ndarray, " edges"] | None:
        """Where the mask begins and ends in the picture, or None where no pixel is left."""
        if self._crop == "image":
            return self._cropped_in_picture(place)
        return self._cropped_in_prototypes(place)

    def _cropped_in_picture(self, place: int) -> Int64[np.ndarray, " edges"] | None:
        """Upsampled, then cropped: a pixel is kept if its centre lies in the half-open box."""
        left, top, right, bottom = self._boxes[place].tolist()
        axis_y, axis_x = self._axes
        window = (
            pixels_with_centre_in(top, bottom, axis_y.length_px),
            pixels_with_centre_in(left, right, axis_x.length_px),
        )
        cells = axis_y.cells_under(window[0]), axis_x.cells_under(window[1])
        margins = self._margins(place, cells)
        return upsampled_edges(
            margins, corner_yx=(cells[0][0], cells[1][0]), window_yx=window, axes_yx=self._axes
        )

    def _cropped_in_prototypes(self, place: int) -> Int64[np.ndarray, " edges"] | None:
        """Cropped at prototype resolution, one prototype more on each side, then upsampled.

        Source: dbolya/yolact 902073d, ``layers/box_utils.py``, ``crop`` (MIT).
        """
        left, top, right, bottom = self._boxes[place]
        axis_y, axis_x = self._axes
        inside = (
            cells_in_grown(top, bottom, axis_y.cells),
            cells_in_grown(left, right, axis_x.cells),
        )
        window = axis_y.pixels_reaching(inside[0]), axis_x.pixels_reaching(inside[1])
        cells = axis_y.cells_under(window[0]), axis_x.cells_under(window[1])
        seen = _overlap(inside[0], cells[0]), _overlap(inside[1], cells[1])
        shape = cells[0][1] - cells[0][0], cells[1][1] - cells[1][0]
        margins = np.full(shape, -1, np.float32)  # a soft mask of 0 outside the crop
        corner = cells[0][0], cells[1][0]
        rows, columns = (
            slice(start - first, stop - first)
            for (start, stop), first in zip(seen, corner, strict=True)
        )
        margins[rows, columns] = self._margins(place, seen)
        return upsampled_edges(margins, corner_yx=corner, window_yx=window, axes_yx=self._axes)

    def _margins(self, place: int, cells: tuple[Span, Span]) -> Float32[np.ndarray, "r c"]:
        """Twice the soft mask less one: zero at the threshold, -1 surely outside."""
        rows, columns = (slice(*span) for span in cells)
        margins: np.ndarray = np.tanh(self._mask_logits[place, rows, columns] * np.float32(0.5))
        margins[np.isnan(margins)] = -1
        return margins


def _ranking_scores(candidates: Candidates) -> Float32[np.ndarray, " n"]:
    if candidates.mask_ious is None:
        return candidates.scores
    scores: np.ndarray = candidates.scores * candidates.mask_ious.clip(0, 1)
    return scores


def _upright(boxes_xyxy: Float32[np.ndarray, "n 4"]) -> Float32[np.ndarray, "n 4"]:
    low, high = boxes_xyxy[:, :2], boxes_xyxy[:, 2:]
    return np.concatenate((np.minimum(low, high), np.maximum(low, high)), axis=1)


def pixels_with_centre_in(low_norm: float, high_norm: float, length_px: int) -> Span:
    """The pixels of an axis whose centres lie between two edges, the far edge left out."""
    clipped = (min(max(edge, 0.0), 1.0) for edge in (low_norm, high_norm))
    start, stop = (math.ceil(edge * length_px - 0.5) for edge in clipped)
    return start, stop


def cells_in_grown(low_norm: np.float32, high_norm: np.float32, cells: int) -> Span:
    """The prototypes of an axis between two edges, each moved out by one prototype."""
    # float32 like the reference: a cell more or less hangs on the last digit
    low = max(low_norm * np.float32(cells) - np.float32(1), np.float32(0))
    high = min(high_norm * np.float32(cells) + np.float32(1), np.float32(cells))
    return math.ceil(low), max(math.ceil(high), math.ceil(low))


def _overlap(one: Span, other: Span) -> Span:
    start = max(one[0], other[0])
    return start, max(start, min(one[1], other[1]))


def _uid(seed: str, name: str, index: int) -> str:
    digest = hashlib.blake2b(f"{seed}|{name}|{index}".encode())
    return digest.hexdigest()[:_UID_DIGITS]
