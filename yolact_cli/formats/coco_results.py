"""COCO results: the bare list of scored objects that evaluation tools take."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from yolact_cli.formats import coco
from yolact_cli.structures import Category, Detections


def write_coco_results(
    stream: BinaryIO,
    detections: Iterable[Detections],
    *,
    classes: Mapping[int, Category | None],
) -> int:
    """Write a COCO results list piece by piece and return its length.

    ``bbox`` is the network's own box, as the reference writes it, and may differ from the mask's.

    Args:
        stream: Takes the file's bytes.
        detections: Read once; may be empty.
        classes: For every class id of the model the category it is written as; None drops it.
    """
    stream.write(b"[")
    count = coco.write_items(stream, _result_records(detections, classes))
    stream.write(b"]\n")
    return count


def _result_records(
    detections: Iterable[Detections], classes: Mapping[int, Category | None]
) -> Iterator[dict[str, Any]]:
    for picture, instance, category in coco.labelled(detections, classes):
        yield {
            "image_id": picture.picture_id,
            "category_id": category.category_id,
            "bbox": coco.predicted_bbox(instance),
            "score": instance.score,
            "segmentation": coco.segmentation_record(picture, instance),
        }
