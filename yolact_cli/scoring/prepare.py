"""Truth and predictions made ready for COCO's evaluation, which has traps that are met here.

Annotation id 0 would count as "not matched"; a result with both box and mask would be filed under
the area of the wrong one; an empty list of results would be an error; and neither objects of
which only the box is known nor pictures in which only some classes were looked for are foreseen.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pycocotools import mask as coco_mask

from yolact_cli.scoring.rules import ScoringRules

IouType = Literal["bbox", "segm", "boundary"]
Record = Mapping[str, Any]

IS_FORGIVEN = "lvis_mark"
"""Set on a prediction that is no mistake if it hits nothing. The engine knows it by this name."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluationInput:
    """Two COCO documents over the same pictures and categories.

    Attributes:
        iou_type: What is compared: boxes, masks, or the masks' boundaries.
        truth: Ids of annotations from 1; ``truth_id`` is the id given. Masks as compressed RLE.
        predictions: The same pictures and categories; annotations have ``score``, ``place`` (in
            the list of results) and, where hitting nothing is no mistake, :data:`IS_FORGIVEN`.
        rules: What the score is taken of.
    """

    iou_type: IouType
    truth: dict[str, Any]
    predictions: dict[str, Any]
    rules: ScoringRules = field(default_factory=ScoringRules)


def prepare(
    truth: Record,
    results: Sequence[Record],
    iou_type: IouType,
    *,
    image_ids: Collection[int] | None = None,
    category_ids: Collection[int] | None = None,
    rules: ScoringRules | None = None,
) -> EvaluationInput:
    """Copies of both sides, restricted and repaired; nothing given is changed.

    Where masks are compared, an object of which only the box is known becomes a region to be
    ignored, so that finding it is no mistake. In a picture with ``labelled_category_ids``,
    predictions of other classes are left out; those of its ``not_exhaustive_category_ids`` that
    hit nothing do not count.

    Args:
        truth: A COCO data set that has been checked.
        results: COCO results; masks as compressed RLE, boxes made from them where absent.
        iou_type: What is compared.
        image_ids: Only these pictures, or all of truth's.
        category_ids: Only these categories, or all of truth's.
        rules: What the score is taken of; COCO's when left out.
    """
    images = [one for one in truth["images"] if image_ids is None or one["id"] in image_ids]
    categories = [
        one for one in truth["categories"] if category_ids is None or one["id"] in category_ids
    ]
    scope = _Scope(images, categories)
    has_masks = iou_type != "bbox"
    objects = [
        {**_truth_object(one, scope, has_masks=has_masks), "id": place, "truth_id": one["id"]}
        for place, one in enumerate(scope.within(truth["annotations"]), start=1)
    ]
    found = ((place, one) for place, one in enumerate(results) if scope.has(one))
    asked = ((place, one) for place, one in found if scope.was_looked_for(one))
    predicted = [
        {**_prediction(one, scope, has_masks=has_masks), "id": number, "place": place}
        for number, (place, one) in enumerate(asked, start=1)
    ]
    frame = {"images": images, "categories": categories}
    return EvaluationInput(
        iou_type=iou_type,
        truth={**frame, "annotations": objects},
        predictions={**frame, "annotations": predicted},
        rules=rules or ScoringRules(),
    )


class _Scope:
    """Which records belong to the pictures and categories under comparison."""

    def __init__(self, images: Iterable[Record], categories: Iterable[Record]) -> None:
        self._images = {one["id"]: one for one in images}
        self._category_ids = {one["id"] for one in categories}

    def has(self, record: Record) -> bool:
        return record["image_id"] in self._images and record["category_id"] in self._category_ids

    def within(self, records: Iterable[Record]) -> Iterator[Record]:
        return (one for one in records if self.has(one))

    def was_looked_for(self, prediction: Record) -> bool:
        labelled = self._images[prediction["image_id"]].get("labelled_category_ids")
        return labelled is None or prediction["category_id"] in labelled

    def is_forgiven(self, prediction: Record) -> bool:
        image = self._images[prediction["image_id"]]
        return prediction["category_id"] in image.get("not_exhaustive_category_ids", ())

    def size_hw(self, record: Record) -> tuple[int, int]:
        image = self._images[record["image_id"]]
        return image["height"], image["width"]


def _truth_object(annotation: Record, scope: _Scope, *, has_masks: bool) -> dict[str, Any]:
    kept = {"iscrowd": 0, **annotation}
    if not has_masks:
        kept.pop("segmentation", None)
        return kept
    if not annotation.get("segmentation"):
        x, y, width, height = annotation["bbox"]
        kept["segmentation"] = [[x, y, x + width, y, x + width, y + height, x, y + height]]
        kept["iscrowd"] = 1
    kept["segmentation"] = _rle(kept["segmentation"], scope.size_hw(annotation))
    return kept


def _rle(segmentation: Any, size_hw: tuple[int, int]) -> dict[str, Any]:
    if isinstance(segmentation, list):
        parts = coco_mask.frPyObjects(segmentation, *size_hw)
        merged: dict[str, Any] = coco_mask.merge(parts)
        return merged
    if isinstance(segmentation["counts"], list):
        compressed: dict[str, Any] = coco_mask.frPyObjects(segmentation, *size_hw)
        return compressed
    return dict(segmentation)


def _prediction(result: Record, scope: _Scope, *, has_masks: bool) -> dict[str, Any]:
    kept = {key: result[key] for key in ("image_id", "category_id", "score")}
    if scope.is_forgiven(result):
        kept[IS_FORGIVEN] = True
    bbox = _box(result)
    if has_masks:
        rle = _rle(result["segmentation"], scope.size_hw(result))
        area_px = float(coco_mask.area(rle))
        return {**kept, "segmentation": rle, "area": area_px, "iscrowd": 0, "bbox": bbox}
    return {**kept, "bbox": bbox, "area": bbox[2] * bbox[3], "iscrowd": 0}


def _box(result: Record) -> list[float]:
    if result.get("bbox"):
        return list(result["bbox"])
    return [float(part) for part in coco_mask.toBbox(result["segmentation"])]
