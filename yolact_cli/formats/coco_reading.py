"""COCO data sets as any tool exports them, read with their masks."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yolact_cli.formats.reading import Problems, read_json
from yolact_cli.formats.untrusted import checked_score, checked_uid
from yolact_cli.geometry.coco_masks import counts_of_polygons, counts_of_rle
from yolact_cli.labels import ReadLabels, ReadObject, ReadPicture

Record = Mapping[str, Any]


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
    problems.raise_if_any()
    return ReadLabels(
        origin=str(path),
        pictures=tuple(
            ReadPicture(
                file_name=image["name"], size_hw=image["size_hw"], objects=tuple(objects[key])
            )
            for key, image in pictures.items()
        ),
        not_understood=tuple(problems.not_understood),
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
