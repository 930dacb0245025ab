"""The worst mistakes of each kind, as parts of pictures with what is there and what was said."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8

from yolact_cli.datasets.segmentation import compressed_rle
from yolact_cli.geometry import rle
from yolact_cli.pipelines.score import ScoreReport
from yolact_cli.pipelines.score_pictures import ScoredPictures
from yolact_cli.scoring.errors_by_kind import ErrorExample, ErrorKind
from yolact_cli.sources.prepare import shrink
from yolact_cli.structures import TruthObject, TruthPicture
from yolact_cli.writers.mistake_view import (
    TILE_WH,
    BoxXywh,
    Window,
    box_ring,
    mask_rings,
    window_around,
)
from yolact_cli.writers.score_records import Mistake, Outline

_MOST_OTHERS = 40
_SHOWN_PX = 2 * TILE_WH[0]  # kept of a part until it is drawn


def worst_mistakes(
    report: ScoreReport, pictures: ScoredPictures, *, most: int
) -> dict[ErrorKind, tuple[Mistake, ...]]:
    """By kind at most so many, the worst first; each picture once as far as there are others."""
    chosen = {
        kind: _spread(bucket.examples, most) for kind, bucket in report.main.errors.buckets.items()
    }
    scene = _Scene(report, {one.image_id for examples in chosen.values() for one in examples})
    made: dict[tuple[ErrorKind, int], Mistake] = {}
    by_picture: dict[int, list[tuple[ErrorKind, int, ErrorExample]]] = defaultdict(list)
    for kind, examples in chosen.items():
        for place, example in enumerate(examples):
            by_picture[example.image_id].append((kind, place, example))
    for image_id, here in by_picture.items():
        # Decoded once, and let go of before the next one.
        pixels = pictures.pixels_of(scene.pictures[image_id])
        for kind, place, example in here:
            made[kind, place] = scene.mistake(kind, example, pixels)
    return {
        kind: tuple(made[kind, place] for place in range(len(examples)))
        for kind, examples in chosen.items()
    }


def _spread(examples: Sequence[ErrorExample], most: int) -> list[ErrorExample]:
    """The first of each picture, then the others, in their own order."""
    seen: set[int] = set()
    first: list[ErrorExample] = []
    others: list[ErrorExample] = []
    for one in examples:
        (others if one.image_id in seen else first).append(one)
        seen.add(one.image_id)
    kept = [*first, *others][:most]
    return [one for one in examples if one in kept]


class _Scene:
    """Truth and predictions of the pictures that are shown."""

    def __init__(self, report: ScoreReport, image_ids: set[int]) -> None:
        self._report = report
        self._has_masks = report.main_iou_type != "bbox"
        self.pictures = {
            one.image_id: one for one in report.truth.pictures if one.image_id in image_ids
        }
        self._results: dict[int, list[tuple[int, dict[str, Any]]]] = defaultdict(list)
        for place, result in enumerate(report.results):
            if result["image_id"] in image_ids:
                self._results[result["image_id"]].append((place, result))
        matches = report.main.matches
        self._names = dict(zip(matches.category_ids.tolist(), matches.class_names, strict=True))
        self._least = {
            category_id: report.main.classes[name].kept.threshold
            for category_id, name in self._names.items()
        }

    def mistake(
        self, kind: ErrorKind, example: ErrorExample, pixels: UInt8[np.ndarray, "h w 3"] | None
    ) -> Mistake:
        picture = self.pictures[example.image_id]
        labelled = {one.annotation_id: one for one in picture.objects}
        predicted = dict(self._results[example.image_id])
        target = None if example.annotation_id is None else labelled[example.annotation_id]
        result = None if example.result_place is None else predicted[example.result_place]
        size_hw = picture.height, picture.width
        boxes = [_box_of(one, size_hw) for one in (target, result) if one is not None]
        window = window_around(boxes, size_hw)
        truth = [
            self._other(one, picture, window) for one in labelled.values() if one is not target
        ]
        others = [
            self._other(one, picture, window)
            for one in self._kept(predicted.values())
            if one is not result
        ]
        return Mistake(
            picture=picture.file_name,
            window=window,
            is_whole=window == (0, 0, picture.width, picture.height),
            pixels=_part(pixels, window),
            truth=_outlines(truth[:_MOST_OTHERS], self._chosen(target, picture, window), boxes),
            predicted=_outlines(others, self._chosen(result, picture, window), boxes),
            truth_words=_truth_words(kind, example),
            predicted_words=_predicted_words(example),
            note=""
            if math.isnan(example.iou) or kind == "background"
            else f"IoU {example.iou:.2f}",
        )

    def _kept(self, results: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        kept = [
            one for one in results if one["score"] > self._least.get(one["category_id"], math.inf)
        ]
        return sorted(kept, key=lambda one: -float(one["score"]))[:_MOST_OTHERS]

    def _other(
        self, one: TruthObject | dict[str, Any], picture: TruthPicture, window: Window
    ) -> Outline:
        if isinstance(one, TruthObject):
            words = self._names.get(one.category_id, "")
        else:
            words = f"{self._names[one['category_id']]} {one['score']:.2f}"
        return Outline(role="other", rings=self._drawn(one, picture, window), words=words)

    def _chosen(
        self, one: TruthObject | dict[str, Any] | None, picture: TruthPicture, window: Window
    ) -> tuple[np.ndarray, ...] | None:
        return None if one is None else self._drawn(one, picture, window)

    def _drawn(
        self, one: TruthObject | Mapping[str, Any], picture: TruthPicture, window: Window
    ) -> tuple[np.ndarray, ...]:
        size_hw = picture.height, picture.width
        if self._has_masks and (counts := _counts(one, size_hw)) is not None:
            box = rle.tight_bbox(counts, size_hw)
            if box[2] and box[3]:
                crop = rle.decode_crop(counts, size_hw, bbox_xywh=box)
                return mask_rings(crop, (box[0], box[1]), window=window)
        return (box_ring(_box_of(one, size_hw)),)


def _outlines(
    others: Sequence[Outline],
    chosen: tuple[np.ndarray, ...] | None,
    boxes: Sequence[BoxXywh],
) -> tuple[Outline, ...]:
    if chosen is None:
        # Where the other side has something.
        return (*others, Outline(role="absent", rings=tuple(box_ring(one) for one in boxes)))
    return (*others, Outline(role="chosen", rings=chosen))


def _counts(one: TruthObject | Mapping[str, Any], size_hw: tuple[int, int]) -> str | None:
    if isinstance(one, TruthObject):
        if one.segmentation is None:
            return None
        return str(compressed_rle(one.segmentation, size_hw)["counts"])
    segmentation = one.get("segmentation")
    return None if not segmentation else str(segmentation["counts"])


def _box_of(one: TruthObject | Mapping[str, Any], size_hw: tuple[int, int]) -> BoxXywh:
    if isinstance(one, TruthObject):
        return one.bbox_xywh_px
    if one.get("bbox"):
        left, top, width, height = (float(edge) for edge in one["bbox"])
        return left, top, width, height
    left, top, width, height = map(float, rle.tight_bbox(one["segmentation"]["counts"], size_hw))
    return left, top, width, height


def _part(
    pixels: UInt8[np.ndarray, "h w 3"] | None, window: Window
) -> UInt8[np.ndarray, "h w 3"] | None:
    if pixels is None:
        return None
    left, top, width, height = window
    return shrink(pixels[top : top + height, left : left + width], _SHOWN_PX).copy()


def _truth_words(kind: ErrorKind, example: ErrorExample) -> str:
    if kind == "background":
        return "nothing is there"
    if kind == "both":
        return "another object, not quite here"
    found = ", found already" if kind == "duplicate" else ""
    return f"{example.actual}{found}"


def _predicted_words(example: ErrorExample) -> str:
    if example.score is None:
        return "nothing came near"
    return f"{example.predicted} {example.score:.2f}"
