"""COCO results: the bare list of scored objects that evaluation tools take."""

from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO

from yolact_cli.formats import coco
from yolact_cli.formats.json_lists import write_items
from yolact_cli.labels import LabelledPicture


def write_coco_results(stream: BinaryIO, pictures: Iterable[LabelledPicture]) -> int:
    """Write a COCO results list piece by piece and return its length.

    ``bbox`` is the network's own box, as the reference writes it, and may differ from the mask's;
    where there is none any more it is the mask's. Objects without a score, those that people made,
    are left out: they are truth, not results.

    Args:
        stream: Takes the file's bytes.
        pictures: Read once; may be empty.
    """
    stream.write(b"[")
    count = write_items(stream, _result_records(pictures))
    stream.write(b"]\n")
    return count


def _result_records(pictures: Iterable[LabelledPicture]) -> Iterator[dict[str, Any]]:
    objects = ((picture, one) for picture in pictures for one in picture.objects)
    for picture, one in objects:
        if one.score is None:
            continue
        box = one.predicted_box_xyxy_px
        yield {
            "image_id": picture.picture_id,
            "category_id": one.category.category_id,
            "bbox": list(one.bbox_xywh_px) if box is None else coco.bbox_of(box),
            "score": one.score,
            "segmentation": coco.segmentation_record(one, picture.size_hw),
        }
