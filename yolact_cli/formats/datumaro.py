"""Datumaro's own format: one JSON file with masks as run lengths, or polygons on pixel edges.

Annotations of one object share a group. ``score`` and ``uid`` are attributes. An item's id is its
picture's name without the ending, unless two pictures would share it.

Source: github.com/openvinotoolkit/datumaro, plugins/data_formats/datumaro, MIT licence.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from yolact_cli.formats.export import Exported
from yolact_cli.formats.json_lists import dump, write_items
from yolact_cli.formats.reading import Problems, read_json
from yolact_cli.formats.shapes import EMPTY, Losses, Outliner
from yolact_cli.formats.stems import Stems
from yolact_cli.formats.untrusted import checked_score, checked_uid
from yolact_cli.geometry.coco_masks import counts_of_polygons, counts_of_rle, joined_counts
from yolact_cli.labels import LabelledPicture, LabelSet, ReadLabels, ReadObject, ReadPicture
from yolact_cli.settings import ExportSettings
from yolact_cli.store import Store
from yolact_cli.structures import Category

ANNOTATIONS = "annotations/default.json"
_VERSION = "1.0"
_MEDIA_IMAGE = 2
Record = Mapping[str, Any]


def write_datumaro(labels: LabelSet, store: Store, settings: ExportSettings) -> Exported:
    """Write ``annotations/default.json``: a data set of one subset, its pictures elsewhere.

    Objects without a pixel are left out.

    Raises:
        OutputError: The store cannot take the file.
    """
    writer = _Items(labels, settings)
    head = {
        "dm_format_version": _VERSION,
        "media_type": _MEDIA_IMAGE,
        "infos": {},
        "categories": {
            "label": {
                "labels": [
                    {"name": category.name, "parent": "", "attributes": []}
                    for category in labels.categories
                ],
                "label_groups": [],
                "attributes": [],
            }
        },
    }
    with store.put_stream(ANNOTATIONS) as stream:
        stream.write(dump(head)[:-1] + b',\n"items": [')
        pictures = write_items(stream, map(writer.item, labels.read_pictures()))
        stream.write(b"]}\n")
    return Exported(pictures=pictures, objects=writer.objects, losses=writer.losses.counts)


def read_datumaro(path: Path) -> ReadLabels:
    """The objects of a file of Datumaro's own format: its masks and polygons.

    Annotations of one group and label are one object unless their uids differ. Those of other
    kinds, and items that say no size, are named in ``not_understood``.

    Raises:
        BadLabelsError: The file is none of that format, of another version, or broken.
    """
    problems = Problems(path)
    document = read_json(path)
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        raise problems.error("not from Datumaro: it has no list of 'items'")
    if document.get("dm_format_version", _VERSION) != _VERSION:
        shown = repr(document["dm_format_version"])[:20]
        raise problems.error(f"version {shown} of Datumaro's format; {_VERSION} is read")
    names = _label_names(document, problems)
    pictures = []
    for number, item in enumerate(document["items"], start=1):
        if isinstance(item, dict):
            found = _picture(f"item {str(item.get('id', number))[:80]}", item, names, problems)
            pictures += [] if found is None else [found]
        else:
            problems.add(f"item {number}: it is no JSON object")
    return problems.labels(pictures)


class _Items:
    """Makes items of pictures, and counts.

    Attributes:
        objects: Written so far.
        losses: So far.
    """

    def __init__(self, labels: LabelSet, settings: ExportSettings) -> None:
        self.objects = 0
        self.losses = Losses()
        self._stems = Stems(picture.name for picture in labels.read_pictures())
        self._label_ids: dict[Category, int] = {
            category: place for place, category in enumerate(labels.categories)
        }
        self._outliner = Outliner("edge", settings) if settings.shapes == "polygons" else None

    def item(self, picture: LabelledPicture) -> dict[str, Any]:
        image = {"path": picture.name, "size": list(picture.size_hw)}
        item_id = self._stems.of(picture.name)
        return {"id": item_id, "annotations": list(self._annotations(picture)), "image": image}

    def _annotations(self, picture: LabelledPicture) -> Iterator[dict[str, Any]]:
        number = 0
        for group, one in enumerate(picture.objects, start=1):
            if one.area_px == 0:
                self.losses.add([EMPTY])
                continue
            self.objects += 1
            values = {"score": one.score, "uid": one.uid, "track_id": one.track_id}
            common = {
                "attributes": {key: value for key, value in values.items() if value is not None},
                "group": group,
                "label_id": self._label_ids[one.category],
                "z_order": 0,
            }
            if self._outliner is None:
                mask = {"counts": one.rle_counts, "size": list(picture.size_hw)}
                shapes: list[dict[str, Any]] = [{"type": "mask", "rle": mask}]
            else:
                outlined = self._outliner.rings(one, picture.size_hw)
                self.losses.add(outlined.losses)
                rings = ([part for point in ring for part in point] for ring in outlined.rings)
                shapes = [{"type": "polygon", "points": ring} for ring in rings]
            for shape in shapes:
                number += 1
                yield {"id": number, "type": shape["type"], **common, **shape}


def _label_names(document: Record, problems: Problems) -> list[str]:
    try:
        labels = document["categories"]["label"]["labels"]
        names = [label["name"] for label in labels]
    except (KeyError, TypeError):
        raise problems.error("not from Datumaro: it has no list of labels") from None
    if not all(isinstance(name, str) for name in names):
        problems.add("a label's name is no text")
    return names


def _picture(place: str, item: Record, names: list[str], problems: Problems) -> ReadPicture | None:
    image = item.get("image")
    image = image if isinstance(image, dict) else {}
    name, size = image.get("path") or item.get("id"), image.get("size")
    if not isinstance(name, str) or not name:
        problems.add(f"{place}: it has no name")
        return None
    if not isinstance(size, list) or len(size) != 2:
        problems.pass_over(f"{place}: its picture's size is not in the file")
        return None
    size_hw = problems.size_hw(place, *size)
    if size_hw is None:
        return None
    groups: dict[Any, list[ReadObject]] = {}
    annotations = item.get("annotations")
    for number, one in enumerate(annotations if isinstance(annotations, list) else [], start=1):
        found = _object(f"{place}, annotation {number}", one, names, size_hw, problems)
        if found is not None:
            group = one.get("group") or f"alone {number}"
            groups.setdefault((str(group), found.category_name, found.uid), []).append(found)
    return ReadPicture(
        file_name=name.replace("\\", "/"),
        size_hw=size_hw,
        objects=tuple(_joined(group, size_hw) for group in groups.values()),
    )


def _object(
    place: str, one: Any, names: list[str], size_hw: tuple[int, int], problems: Problems
) -> ReadObject | None:
    if not isinstance(one, dict):
        problems.add(f"{place}: it is no JSON object")
        return None
    kind, label_id = one.get("type"), one.get("label_id")
    if kind not in ("mask", "polygon"):
        problems.pass_over(f"{place}: its type {kind!r:.40} is no mask")
        return None
    if type(label_id) is not int or not 0 <= label_id < len(names):
        problems.add(f"{place}: its label {label_id!r:.40} is not in the list")
        return None
    try:
        if kind == "mask":
            value = one.get("rle")
            counts = counts_of_rle(value if isinstance(value, dict) else {}, size_hw)
        else:
            counts = counts_of_polygons([one.get("points")], size_hw)
    except ValueError as error:
        problems.add(f"{place}: {error}")
        return None
    attributes = one.get("attributes")
    attributes = attributes if isinstance(attributes, dict) else {}
    return ReadObject(
        place=place,
        category_name=names[label_id],
        rle_counts=counts,
        uid=checked_uid(attributes.get("uid")),
        score=checked_score(attributes.get("score")),
    )


def _joined(group: list[ReadObject], size_hw: tuple[int, int]) -> ReadObject:
    first = group[0]
    return ReadObject(
        place=first.place,
        category_name=first.category_name,
        rle_counts=joined_counts([one.rle_counts for one in group], size_hw),
        uid=first.uid,
        score=first.score,
    )
