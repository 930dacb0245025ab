"""Truth and predictions made ready for COCO's evaluation, which has traps that are met here.

Annotation id 0 would count as "not matched"; a result with both box and mask would be filed under
the area of the wrong one; an empty list of results would be an error; and neither objects of
which only the box is known nor pictures in which only some classes were looked for are foreseen.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pycocotools import mask as coco_mask

IouType = Literal["bbox", "segm"]
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvaluationInput:
    """Two COCO documents over the same pictures and categories.

    Attributes:
        iou_type: What is compared: boxes or masks.
        truth: Ids of annotations from 1.
        predictions: The same pictures and categories; annotations have ``score``.
    """

    iou_type: IouType
    truth: dict[str, Any]
    predictions: dict[str, Any]


def prepare(
    truth: Record,
    results: Sequence[Record],
    iou_type: IouType,
    *,
    image_ids: Collection[int] | None = None,
    category_ids: Collection[int] | None = None,
) -> EvaluationInput:
    """Copies of both sides, restricted and repaired; nothing given is changed.

    Where masks are compared, an object of which only the box is known becomes a region to be
    ignored, so that finding it is no mistake. In a picture with ``labelled_category_ids``,
    predictions of other classes are left out.

    Args:
        truth: A COCO data set that has been checked.
        results: COCO results; masks as compressed RLE, boxes made from them where absent.
        iou_type: What is compared.
        image_ids: Only these pictures, or all of truth's.
        category_ids: Only these categories, or all of truth's.
    """
    images = [one for one in truth["images"] if image_ids is None or one["id"] in image_ids]
    categories = [
        one for one in truth["categories"] if category_ids is None or one["id"] in category_ids
    ]
    scope = _Scope(images, categories)
    objects = _numbered(_truth_object(one, iou_type) for one in scope.within(truth["annotations"]))
    predicted = _numbered(
        _prediction(one, iou_type) for one in scope.within(results) if scope.was_looked_for(one)
    )
    frame = {"images": images, "categories": categories}
    return EvaluationInput(
        iou_type=iou_type,
        truth={**frame, "annotations": objects},
        predictions={**frame, "annotations": predicted},
    )


class _Scope:
    """Which records belong to the pictures and categories under comparison."""

    def __init__(self, images: Iterable[Record], categories: Iterable[Record]) -> None:
        self._labelled = {one["id"]: one.get("labelled_category_ids") for one in images}
        self._category_ids = {one["id"] for one in categories}

    def within(self, records: Iterable[Record]) -> Iterator[Record]:
        for one in records:
            if one["image_id"] in self._labelled and one["category_id"] in self._category_ids:
                yield one

    def was_looked_for(self, prediction: Record) -> bool:
        labelled = self._labelled[prediction["image_id"]]
        return labelled is None or prediction["category_id"] in labelled


def _numbered(records: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**one, "id": place} for place, one in enumerate(records, start=1)]


def _truth_object(annotation: Record, iou_type: IouType) -> dict[str, Any]:
    if iou_type == "bbox" or annotation.get("segmentation"):
        return {"iscrowd": 0, **annotation}
    x, y, width, height = annotation["bbox"]
    box = [[x, y, x + width, y, x + width, y + height, x, y + height]]
    return {**annotation, "segmentation": box, "iscrowd": 1}


def _prediction(result: Record, iou_type: IouType) -> dict[str, Any]:
    kept = {key: result[key] for key in ("image_id", "category_id", "score")}
    if iou_type == "segm":
        rle = result["segmentation"]
        area_px = float(coco_mask.area(rle))
        return {**kept, "segmentation": rle, "area": area_px, "iscrowd": 0, "bbox": _box(result)}
    bbox = _box(result)
    return {**kept, "bbox": bbox, "area": bbox[2] * bbox[3], "iscrowd": 0}


def _box(result: Record) -> list[float]:
    if result.get("bbox"):
        return list(result["bbox"])
    return [float(part) for part in coco_mask.toBbox(result["segmentation"])]
