"""COCO data sets, written, and read as any tool exports them.

Written piece by piece: memory stays the same for ten pictures or a million. Both top-level lists
need every picture, and reading and ranking the labels costs more than writing them, so the second
list waits in a file without a name. The bytes depend on the labels alone: no times, no machine,
numbers as they stand in the journal.
"""

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from yolact_cli.formats.export import Exported
from yolact_cli.formats.json_lists import ItemWriter, dump, write_items
from yolact_cli.formats.reading import Problems, read_json
from yolact_cli.formats.shapes import Losses, Outliner
from yolact_cli.formats.untrusted import checked_score, checked_uid
from yolact_cli.geometry.coco_masks import counts_of_polygons, counts_of_rle
from yolact_cli.labels import (
    LabelledObject,
    LabelledPicture,
    LabelSet,
    Priority,
    ReadLabels,
    ReadObject,
    ReadPicture,
)
from yolact_cli.settings import ExportSettings
from yolact_cli.store import Store
from yolact_cli.structures import Category

ANNOTATIONS = "annotations.json"
Record = Mapping[str, Any]
_COPIED_BYTES = 1 << 14
_TIME_DECIMALS = 6  # of a second: finer than any camera's clock


def write_coco(labels: LabelSet, store: Store, settings: ExportSettings) -> Exported:
    """Write ``annotations.json``, a COCO data set, and say what is in it.

    With masks they are exact. With polygons each part of an object is one, its holes reached by a
    slit, as COCO's polygons have no holes; run lengths stay where there is not one pixel.

    Raises:
        OutputError: The store cannot take the file.
    """
    outliner = Outliner("edge", settings) if settings.shapes == "polygons" else None
    head = DataSetHead(categories=labels.categories, info=labels.info, videos=labels.videos)
    with store.put_stream(ANNOTATIONS) as stream, store.scratch() as scratch:
        return write_data_set(stream, scratch, head, labels.read_pictures(), outliner)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSetHead:
    """What a data set says beside its pictures.

    Attributes:
        categories: For the list of that name.
        info: The file's ``info`` object.
        videos: For the list of that name, which files without videos do not have.
    """

    categories: Sequence[Category]
    info: Mapping[str, Any]
    videos: Sequence[Mapping[str, Any]] = ()


def write_data_set(
    stream: BinaryIO,
    scratch: IO[bytes],
    head: DataSetHead,
    pictures: Iterable[LabelledPicture],
    outliner: Outliner | None = None,
) -> Exported:
    """Write a COCO data set to a stream and say what is in it.

    ``area`` and ``bbox`` are the mask's own; the network's box is ``predicted_bbox`` ([x, y,
    width, height]). Beyond the standard's fields an annotation has ``score``, ``uid``, and
    ``box_score`` where a predicted mask quality made the score differ from it; all but ``uid`` only
    where a model made the object. ``review_state`` says what people made of it, unless nobody
    looked; ``review_priority`` and ``review_reasons`` whether to look, where that was asked.
    Pictures have these too, and ``reviewed`` and ``reviewer`` once a person marked them done.

    Ids count from 1 in the order of the pictures, and of the objects within one. A video's frame
    is an image with ``video_id``, ``frame_index`` and ``timestamp_s``; its annotations have
    ``track_id``, and the track's own category as ``track_category_id``. Text is escaped to ASCII,
    so that a file name in any encoding gives valid JSON.

    Args:
        stream: Takes the file's bytes.
        scratch: An empty file, where the annotations wait for the last of the images.
        head: Comes first in the file.
        pictures: In the order of the file; those without objects are listed as images too.
        outliner: Makes the polygons; exact masks without one.
    """
    stream.write(b'{"info": ' + dump(head.info) + b', "licenses": [],\n"categories": [')
    write_items(stream, map(category_record, head.categories))
    if head.videos:
        stream.write(b'],\n"videos": [')
        write_items(stream, head.videos)
    stream.write(b'],\n"images": [')
    losses = Losses()
    images = ItemWriter(stream)
    annotations = ItemWriter(scratch)
    for picture in pictures:
        images.write(_image_record(picture))
        for one in picture.objects:
            record = _annotation_record(one, picture, outliner, losses)
            annotations.write({"id": annotations.count + 1, **record})
    stream.write(b'],\n"annotations": [')
    scratch.seek(0)
    shutil.copyfileobj(scratch, stream, _COPIED_BYTES)
    stream.write(b"]}\n")
    return Exported(pictures=images.count, objects=annotations.count, losses=losses.counts)


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


def category_record(category: Category) -> dict[str, Any]:
    """A category as a data set lists it."""
    return {
        "id": category.category_id,
        "name": category.name,
        "supercategory": category.supercategory,
    }


def segmentation_record(one: LabelledObject, size_hw: tuple[int, int]) -> dict[str, Any]:
    """The object's exact mask as COCO's ``segmentation``."""
    return {"size": list(size_hw), "counts": one.rle_counts}


def bbox_of(box_xyxy_px: tuple[float, float, float, float]) -> list[float]:
    """A box of two decimals as [x, y, width, height] in px, of two decimals too."""
    left, top, right, bottom = box_xyxy_px
    # rounded again: the difference of two numbers of two decimals may have seventeen
    return [left, top, round(right - left, 2), round(bottom - top, 2)]


def _image_record(picture: LabelledPicture) -> dict[str, Any]:
    height, width = picture.size_hw
    record: dict[str, Any] = {
        "id": picture.picture_id,
        "file_name": picture.name,
        "width": width,
        "height": height,
    }
    if (place := picture.place) is not None:
        time_s = round(float(place.time_s), _TIME_DECIMALS)
        record |= {"video_id": place.video_id, "frame_index": place.frame_index}
        record |= {"timestamp_s": time_s}
    if picture.is_reviewed:
        record["reviewed"] = True
        if picture.reviewer is not None:
            record["reviewer"] = picture.reviewer
    return record | _priority_record(picture.priority)


def _annotation_record(
    one: LabelledObject, picture: LabelledPicture, outliner: Outliner | None, losses: Losses
) -> dict[str, Any]:
    segmentation: Any = segmentation_record(one, picture.size_hw)
    if outliner is not None:
        segmentation = _polygons(one, picture.size_hw, outliner, losses) or segmentation
    return {
        "image_id": picture.picture_id,
        "category_id": one.category.category_id,
        "iscrowd": 0,
        "area": one.area_px,
        "bbox": list(one.bbox_xywh_px),
        "segmentation": segmentation,
        **_own_fields(one),
    }


def _polygons(
    one: LabelledObject, size_hw: tuple[int, int], outliner: Outliner, losses: Losses
) -> list[list[float]]:
    outlined = outliner.rings(one, size_hw)
    losses.add(outlined.losses)
    return [[number for point in ring for number in point] for ring in outlined.rings]


def _own_fields(one: LabelledObject) -> dict[str, Any]:
    """What an annotation has beyond the standard."""
    record: dict[str, Any] = {}
    if one.score is not None:
        record["score"] = one.score
    if one.predicted_box_xyxy_px is not None:
        record["predicted_bbox"] = bbox_of(one.predicted_box_xyxy_px)
    record["uid"] = one.uid
    if one.box_score is not None and one.box_score != one.score:
        record["box_score"] = one.box_score
    if one.track_id is not None:
        record |= {"track_id": one.track_id, "track_category_id": one.track_category_id}
    if one.state != "machine":
        record["review_state"] = one.state
    return record | _priority_record(one.priority)


def _priority_record(priority: Priority | None) -> dict[str, Any]:
    if priority is None:
        return {}
    return {"review_priority": priority.value, "review_reasons": dict(priority.reasons)}


def read_coco(path: Path) -> ReadLabels:
    """The objects of a COCO data set, or of the only JSON file in a zip archive.

    Masks may be run lengths, compressed or not, or polygons; ``iscrowd`` says nothing, as CVAT sets
    it for every mask. An object's uid is its ``uid`` or the attribute of that name; the score
    likewise. Objects that have only a box are named in ``not_understood``.

    Raises:
        BadLabelsError: The file is no COCO data set, or has broken masks, unknown ids or sizes.
    """
    problems = Problems(path)
    document = read_json(path)
    if isinstance(document, list):
        raise problems.error("a bare list, the form of COCO results, which names no pictures")
    if not isinstance(document, dict) or not isinstance(document.get("images"), list):
        raise problems.error("no COCO data set: it has no list of 'images'")
    names = _category_names(document, problems)
    pictures = {image["id"]: image for image in _images(document, problems)}
    objects: dict[Any, list[ReadObject]] = {key: [] for key in pictures}
    for place, annotation in _records(document, "annotations", "annotation", problems):
        image_id = annotation.get("image_id")
        if not _is_id(image_id) or image_id not in pictures:
            problems.add(f"{place}: its image {image_id!r} is not in the list")
            continue
        found = _object(place, annotation, names, pictures[image_id]["size_hw"], problems)
        if found is not None:
            objects[image_id].append(found)
    return problems.labels(
        ReadPicture(file_name=image["name"], size_hw=image["size_hw"], objects=tuple(objects[key]))
        for key, image in pictures.items()
    )


def _category_names(document: Record, problems: Problems) -> dict[Any, str]:
    names: dict[Any, str] = {}
    for place, category in _records(document, "categories", "category", problems):
        key, name = category.get("id"), category.get("name")
        if not _is_id(key) or not isinstance(name, str):
            problems.add(f"{place}: it needs an id and a name")
        elif names.setdefault(key, name) != name:
            problems.add(f"{place}: another category has id {key}")
    return names


def _images(document: Record, problems: Problems) -> Iterator[dict[str, Any]]:
    known = set()
    for place, image in _records(document, "images", "image", problems):
        key, name = image.get("id"), image.get("file_name")
        if not _is_id(key) or not isinstance(name, str) or not name:
            problems.add(f"{place}: it needs an id and a file_name")
            continue
        size_hw = problems.size_hw(place, image.get("height"), image.get("width"))
        if key in known:
            problems.add(f"{place}: another image has id {key}")
        elif size_hw is not None:
            known.add(key)
            yield {"id": key, "name": name.replace("\\", "/"), "size_hw": size_hw}


def _records(
    document: Record, key: str, word: str, problems: Problems
) -> Iterator[tuple[str, Record]]:
    """The objects of a list, each with the words for its place."""
    items = document.get(key, [])
    if not isinstance(items, list):
        raise problems.error(f"no COCO data set: its {key!r} are no list")
    for number, item in enumerate(items, start=1):
        place = f"{word} {number}"
        if isinstance(item, dict):
            shown = item.get("id")
            yield (f"{word} {shown}" if _is_id(shown) else place), item
        else:
            problems.add(f"{place}: it is no JSON object")


def _object(
    place: str,
    annotation: Record,
    names: Mapping[Any, str],
    size_hw: tuple[int, int],
    problems: Problems,
) -> ReadObject | None:
    category_id = annotation.get("category_id")
    if not _is_id(category_id) or category_id not in names:
        problems.add(f"{place}: its category {category_id!r} is not in the list")
        return None
    segmentation = annotation.get("segmentation")
    if segmentation in (None, [], [[]], {}):
        problems.pass_over(f"{place}: it has only a box, no mask")
        return None
    try:
        counts = _counts(segmentation, size_hw)
    except ValueError as error:
        problems.add(f"{place}: {error}")
        return None
    attributes = annotation.get("attributes")
    more = attributes if isinstance(attributes, dict) else {}
    score = checked_score(annotation.get("score", more.get("score")))
    uid = checked_uid(annotation.get("uid", more.get("uid")))
    return ReadObject(
        place=place, category_name=names[category_id], rle_counts=counts, uid=uid, score=score
    )


def _counts(segmentation: Any, size_hw: tuple[int, int]) -> str:
    if isinstance(segmentation, dict):
        return counts_of_rle(segmentation, size_hw)
    if not isinstance(segmentation, list):
        raise ValueError("its segmentation is neither polygons nor an RLE")  # noqa: TRY004
    is_flat = not isinstance(segmentation[0], list)
    return counts_of_polygons([segmentation] if is_flat else segmentation, size_hw)


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)
