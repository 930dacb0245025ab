"""Checked ground truth back in COCO's form, as evaluation wants it."""

from typing import Any

from yolact_cli.datasets.segmentation import segmentation_json
from yolact_cli.structures import Truth, TruthObject, TruthPicture


def truth_to_coco(truth: Truth) -> dict[str, Any]:
    """A COCO data set of plain JSON types; box-only objects have no ``segmentation``."""
    category_ids = [category.category_id for category in truth.categories]
    return {
        "categories": [
            {
                "id": category.category_id,
                "name": category.name,
                "supercategory": category.supercategory,
            }
            for category in truth.categories
        ],
        "images": [_image(picture, category_ids) for picture in truth.pictures],
        "annotations": [
            _annotation(labelled, picture)
            for picture in truth.pictures
            for labelled in picture.objects
        ],
    }


def _image(picture: TruthPicture, category_ids: list[int]) -> dict[str, Any]:
    image: dict[str, Any] = {
        "id": picture.image_id,
        "file_name": picture.file_name,
        "width": picture.width,
        "height": picture.height,
    }
    if picture.labelled_class_ids is not None:
        labelled = sorted(picture.labelled_class_ids)
        image["labelled_category_ids"] = [category_ids[class_id] for class_id in labelled]
    if picture.not_exhaustive_class_ids:
        partly = sorted(picture.not_exhaustive_class_ids)
        image["not_exhaustive_category_ids"] = [category_ids[class_id] for class_id in partly]
    return image


def _annotation(labelled: TruthObject, picture: TruthPicture) -> dict[str, Any]:
    annotation: dict[str, Any] = {
        "id": labelled.annotation_id,
        "image_id": picture.image_id,
        "category_id": labelled.category_id,
        "bbox": list(labelled.bbox_xywh_px),
        "area": labelled.area_px,
        "iscrowd": int(labelled.is_crowd),
    }
    if labelled.segmentation is not None:
        annotation["segmentation"] = segmentation_json(labelled.segmentation)
    return annotation
