"""COCO data sets, written piece by piece: memory stays the same for ten pictures or a million.

Both top-level lists need every picture, so the labels are read twice. The bytes depend on the
labels alone: no times, no machine, numbers as they stand in the journal.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from yolact_cli.structures import Category, Detections, Instance

_TIME_DECIMALS = 6  # of a second: finer than any camera's clock


def write_coco(
    stream: BinaryIO,
    read_detections: Callable[[], Iterable[Detections]],
    *,
    classes: Mapping[int, Category | None],
    info: Mapping[str, Any],
    videos: Iterable[Mapping[str, Any]] = (),
) -> int:
    """Write a COCO data set with exact masks and return the number of annotations.

    ``area`` and ``bbox`` are the mask's own; the network's box is ``predicted_bbox`` ([x, y,
    width, height]). Beyond the standard's fields an annotation has ``score``, ``uid``, and
    ``box_score`` where a predicted mask quality made the score differ from it. Ids count from 1 in
    the order of the pictures, and by falling score within one. A video's frame is an image with
    ``video_id``, ``frame_index`` and ``timestamp_s``; its annotations have ``track_id``, and the
    track's own category as ``track_category_id``. Text is escaped to ASCII, so that a
    file name in any encoding gives valid JSON.

    Args:
        stream: Takes the file's bytes.
        read_detections: Called twice; must give the same labels both times. Pictures without
            objects are listed as images too.
        classes: For every class id of the model the category it is written as; None drops it.
            Classes may share a category.
        info: The file's ``info`` object.
        videos: For the list of that name, which files without videos do not have.

    Raises:
        ValueError: Two different categories share an id.
    """
    categories = [category_record(category) for category in written_categories(classes)]
    stream.write(b'{"info": ' + _dump(info) + b', "licenses": [],\n"categories": [')
    write_items(stream, categories)
    listed_videos = list(videos)
    if listed_videos:
        stream.write(b'],\n"videos": [')
        write_items(stream, listed_videos)
    stream.write(b'],\n"images": [')
    write_items(stream, map(_image_record, read_detections()))
    stream.write(b'],\n"annotations": [')
    count = write_items(stream, _annotation_records(read_detections(), classes))
    stream.write(b"]}\n")
    return count


def written_categories(classes: Mapping[int, Category | None]) -> list[Category]:
    """The categories that classes are written as, each once, in the order of the class ids.

    Raises:
        ValueError: Two different categories share an id.
    """
    by_id: dict[int, Category] = {}
    for class_id in sorted(classes):
        category = classes[class_id]
        if category is None:
            continue
        known = by_id.setdefault(category.category_id, category)
        if known != category:
            raise ValueError(f"{known} and {category} share an id")
    return list(by_id.values())


def labelled(
    detections: Iterable[Detections], classes: Mapping[int, Category | None]
) -> Iterator[tuple[Detections, Instance, Category]]:
    """Every instance with its picture and its category, without those of dropped classes."""
    for picture in detections:
        for instance in picture.instances:
            category = classes[instance.class_id]
            if category is not None:
                yield picture, instance, category


def segmentation_record(picture: Detections, instance: Instance) -> dict[str, Any]:
    """The instance's exact mask as COCO's ``segmentation``."""
    return {"size": list(picture.size_hw), "counts": instance.rle_counts}


def predicted_bbox(instance: Instance) -> list[float]:
    """The network's own box as [x, y, width, height] in px, 2 decimals."""
    left, top, right, bottom = instance.predicted_box_xyxy_px
    # rounded again: the difference of two numbers of two decimals may have seventeen
    return [left, top, round(right - left, 2), round(bottom - top, 2)]


def write_items(stream: BinaryIO, items: Iterable[Mapping[str, Any]]) -> int:
    """Write objects one a line, with commas between them, and return their number."""
    count = 0
    for item in items:
        stream.write((b",\n" if count else b"\n") + _dump(item))
        count += 1
    return count


def category_record(category: Category) -> dict[str, Any]:
    """A category as a data set lists it."""
    return {
        "id": category.category_id,
        "name": category.name,
        "supercategory": category.supercategory,
    }


def _image_record(detections: Detections) -> dict[str, Any]:
    height, width = detections.size_hw
    record = {
        "id": detections.picture_id,
        "file_name": detections.name,
        "width": width,
        "height": height,
    }
    if (place := detections.place) is not None:
        time_s = round(float(place.time_s), _TIME_DECIMALS)
        record |= {"video_id": place.video_id, "frame_index": place.frame_index}
        record |= {"timestamp_s": time_s}
    return record


def _annotation_records(
    detections: Iterable[Detections], classes: Mapping[int, Category | None]
) -> Iterator[dict[str, Any]]:
    objects = labelled(detections, classes)
    for annotation_id, (picture, instance, category) in enumerate(objects, start=1):
        record = {
            "id": annotation_id,
            "image_id": picture.picture_id,
            "category_id": category.category_id,
            "iscrowd": 0,
            "area": instance.area_px,
            "bbox": list(instance.bbox_xywh_px),
            "segmentation": segmentation_record(picture, instance),
            "score": instance.score,
            "predicted_bbox": predicted_bbox(instance),
            "uid": instance.uid,
        }
        if instance.box_score != instance.score:
            record["box_score"] = instance.box_score
        if instance.track_id is not None:
            record |= _track_record(instance, classes)
        yield record


def _track_record(
    instance: Instance, classes: Mapping[int, Category | None]
) -> dict[str, int | None]:
    category = None if instance.track_class_id is None else classes[instance.track_class_id]
    return {
        "track_id": instance.track_id,
        "track_category_id": None if category is None else category.category_id,
    }


def _dump(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode("ascii")
