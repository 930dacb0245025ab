"""CVAT's "CVAT for images 1.1": an XML file for a task whose pictures are there already.

Masks are run lengths row by row inside the mask's box, so exact; polygons run along pixel edges,
one for each part, those of an object in a group. A shape's ``score`` and ``uid`` are attributes,
which CVAT drops unless its labels declare them: ``labels.json`` does, for the raw editor of a
task's labels.

Source: https://docs.cvat.ai/docs/dataset_management/formats/format-cvat/, and cvat/apps/
dataset_manager/formats/cvat.py of github.com/cvat-ai/cvat, MIT licence.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

import numpy as np

from yolact_cli.formats.export import Exported
from yolact_cli.formats.reading import Problems, opened
from yolact_cli.formats.shapes import EMPTY, RENAMED, Losses, Outliner
from yolact_cli.formats.untrusted import checked_score, checked_uid
from yolact_cli.formats.xml_pull import Attributes, read_xml
from yolact_cli.geometry.coco_masks import counts_of_polygons, joined_counts
from yolact_cli.geometry.row_runs import box_row_runs, counts_of_box_runs
from yolact_cli.labels import (
    LabelledObject,
    LabelledPicture,
    LabelSet,
    ReadLabels,
    ReadObject,
    ReadPicture,
)
from yolact_cli.settings import ExportSettings
from yolact_cli.store import Store

ANNOTATIONS = "annotations.xml"
LABELS = "labels.json"
VERSION = "1.1"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LINES = {"\n": "&#10;", "\r": "&#13;", "\t": "&#9;"}
_NOT_SHAPES = frozenset({"attribute", "meta", "version"})


def write_cvat(labels: LabelSet, store: Store, settings: ExportSettings) -> Exported:
    """Write ``annotations.xml``, to be uploaded to a task of these pictures, and ``labels.json``.

    CVAT finds a picture by its name. Objects without a pixel are left out.

    Raises:
        OutputError: The store cannot take the files.
    """
    has_tracks = bool(labels.videos)
    declared = [_label_record(category.name, has_tracks) for category in labels.categories]
    store.put(LABELS, json.dumps(declared, indent=2).encode("ascii") + b"\n")
    losses = Losses()
    outliner = Outliner("edge", settings) if settings.shapes == "polygons" else None
    pictures = objects = 0
    with store.put_stream(ANNOTATIONS) as stream:
        _write(stream, f'<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n'
                       f"<version>{VERSION}</version>\n")  # fmt: skip
        _write(stream, _meta(declared))
        for number, picture in enumerate(labels.read_pictures()):
            lines = list(_shape_lines(picture, outliner, losses))
            height, width = picture.size_hw
            if _NOT_XML.search(picture.name):
                losses.add([RENAMED] * len(picture.objects))
            _write(stream, f'<image id="{number}" name={_quoted(picture.name)} width="{width}" '
                           f'height="{height}">\n')  # fmt: skip
            _write(stream, "".join(lines) + "</image>\n")
            pictures += 1
            objects += sum(one.area_px > 0 for one in picture.objects)
        _write(stream, "</annotations>\n")
    return Exported(pictures=pictures, objects=objects, losses=losses.counts)


def read_cvat(path: Path) -> ReadLabels:
    """The objects of a "CVAT for images 1.1" file, or of the only XML file in a zip archive.

    Masks and polygons are objects. Polygons, or masks, of one group are one object if they have the
    same label and no different uids. All other shapes, and tracks, are named in ``not_understood``.

    Raises:
        BadLabelsError: The file is no such XML, of another version, or has broken masks or sizes.
    """
    problems = Problems(path)
    reader = _Reader(problems)
    with opened(path, ".xml") as stream:
        read_xml(path, stream, begin=reader.begin, end=reader.end)
    if not reader.is_annotations:
        raise problems.error("not from CVAT: its outermost element is not <annotations>")
    return problems.labels(reader.pictures)


def _label_record(name: str, has_tracks: bool) -> dict[str, Any]:  # noqa: FBT001 - of the labels
    """A label as the raw editor of CVAT's labels takes it."""
    number = ["0", "1", "0.0001"]  # least, most, step
    attributes = [
        {"name": "score", "input_type": "number", "mutable": False, "values": number,
         "default_value": "0"},
        {"name": "uid", "input_type": "text", "mutable": False, "values": [""],
         "default_value": ""},
    ]  # fmt: skip
    if has_tracks:
        attributes.append({"name": "track_id", "input_type": "text", "mutable": False,
                           "values": [""], "default_value": ""})  # fmt: skip
    return {"name": name, "type": "any", "attributes": attributes}


def _meta(declared: list[dict[str, Any]]) -> str:
    lines = ["<meta><task><name>yolact</name><mode>annotation</mode><overlap>0</overlap><labels>"]
    for label in declared:
        lines.append(f"<label><name>{_text(label['name'])}</name><type>any</type><attributes>")
        lines += (
            f"<attribute><name>{one['name']}</name><mutable>False</mutable>"
            f"<input_type>{one['input_type']}</input_type>"
            f"<default_value>{one['default_value']}</default_value>"
            f"<values>{_text(chr(10).join(one['values']))}</values></attribute>"
            for one in label["attributes"]
        )
        lines.append("</attributes></label>")
    return "\n".join([*lines, "</labels></task></meta>\n"])


def _shape_lines(
    picture: LabelledPicture, outliner: Outliner | None, losses: Losses
) -> Iterator[str]:
    for group, one in enumerate(picture.objects, start=1):
        if one.area_px == 0:
            losses.add([EMPTY])
        elif outliner is None:
            yield _mask_line(one, picture.size_hw)
        else:
            outlined = outliner.rings(one, picture.size_hw)
            losses.add(outlined.losses)
            grouped = f' group_id="{group}"' if len(outlined.rings) > 1 else ""
            for ring in outlined.rings:
                points = ";".join(f"{x:.2f},{y:.2f}" for x, y in ring)
                yield _shape("polygon", one, f'points="{points}" z_order="0"{grouped}')


def _mask_line(one: LabelledObject, size_hw: tuple[int, int]) -> str:
    left, top, width, height = one.bbox_xywh_px
    runs = box_row_runs(one.rle_counts, size_hw, bbox_xywh=one.bbox_xywh_px)
    text = ", ".join(map(str, runs.tolist()))
    box = f'left="{left}" top="{top}" width="{width}" height="{height}"'
    return _shape("mask", one, f'rle="{text}" {box} z_order="0"')


def _shape(kind: str, one: LabelledObject, fields: str) -> str:
    source = "manual" if one.state in ("corrected", "added") else "auto"
    values = {"score": one.score, "uid": one.uid, "track_id": one.track_id}
    attributes = "".join(
        f'<attribute name="{name}">{_text(str(value))}</attribute>'
        for name, value in values.items()
        if value is not None
    )
    label = _quoted(one.category.name)
    return f'<{kind} label={label} source="{source}" occluded="0" {fields}>{attributes}</{kind}>\n'


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", value), {"\r": "&#13;"})


def _quoted(value: str) -> str:
    return quoteattr(_NOT_XML.sub("\ufffd", value), _LINES)


def _write(stream: BinaryIO, text: str) -> None:
    stream.write(text.encode("utf-8"))


@dataclass(slots=True, kw_only=True)
class _Shape:
    """A mask or polygon while it is read."""

    place: str
    kind: str
    fields: Attributes
    attributes: dict[str, str] = field(default_factory=dict)
    counts: str = ""

    @property
    def uid(self) -> str | None:
        return checked_uid(self.attributes.get("uid", ""))


class _Reader:
    """Takes a file's elements one by one and gives its pictures.

    Attributes:
        is_annotations: Whether the file's outermost element is CVAT's.
        pictures: Those read so far.
    """

    def __init__(self, problems: Problems) -> None:
        self.is_annotations = False
        self.pictures: list[ReadPicture] = []
        self._problems = problems
        self._depth = 0
        self._image: Attributes | None = None
        self._size_hw: tuple[int, int] | None = None
        self._shapes: list[_Shape] = []
        self._shape: _Shape | None = None
        self._attribute = ""
        self._count: dict[str, int] = {}

    def begin(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth == 1:
            self.is_annotations = name == "annotations"
        elif self._depth == 2:
            self._begin_item(name, attributes)
        elif self._image is not None and self._depth == 3:
            self._begin_shape(name, attributes)
        elif self._shape is not None and name == "attribute":
            self._attribute = attributes.get("name", "")

    def end(self, name: str, text: str) -> None:
        """An element ends."""
        if self._depth == 2 and name == "version" and text.strip() != VERSION:
            self._problems.add(f"version {text.strip()[:20]!r} of CVAT's XML; {VERSION} is read")
        elif self._depth == 2 and name == "image":
            self._end_image()
        elif self._depth == 3 and self._shape is not None:
            self._end_shape(self._shape)
        elif self._shape is not None and name == "attribute":
            self._shape.attributes[self._attribute] = text
        self._depth -= 1

    def _begin_item(self, name: str, attributes: Attributes) -> None:
        if name == "track":
            track = attributes.get("id", "")
            self._problems.pass_over(f"track {track}: tracks are no objects of pictures")
        if name != "image":
            return
        self._image, self._shapes, self._count = attributes, [], {}
        place = f"image {attributes.get('name', '')}"
        sides = (_whole(attributes.get(side)) for side in ("height", "width"))
        self._size_hw = self._problems.size_hw(place, *sides)
        if not attributes.get("name"):
            self._problems.add(f"image {attributes.get('id', '')}: it has no name")

    def _begin_shape(self, name: str, attributes: Attributes) -> None:
        if self._image is None or name in _NOT_SHAPES:
            return
        self._count[name] = self._count.get(name, 0) + 1
        place = f"image {self._image.get('name', '')}, {name} {self._count[name]}"
        if name not in ("mask", "polygon"):
            self._problems.pass_over(f"{place}: it is no mask")
        elif not attributes.get("label"):
            self._problems.add(f"{place}: it has no label")
        else:
            self._shape = _Shape(place=place, kind=name, fields=attributes)

    def _end_shape(self, shape: _Shape) -> None:
        self._shape = None
        if self._size_hw is None:
            return
        try:
            read = _mask_counts if shape.kind == "mask" else _polygon_counts
            shape.counts = read(shape.fields, self._size_hw)
            self._shapes.append(shape)
        except ValueError as error:
            self._problems.add(f"{shape.place}: {error}")

    def _end_image(self) -> None:
        image, size_hw, shapes = self._image, self._size_hw, self._shapes
        self._image, self._shapes = None, []
        if image is not None and size_hw is not None:
            objects = (_joined(group, size_hw) for group in _grouped(shapes))
            name = image.get("name", "").replace("\\", "/")
            self.pictures.append(
                ReadPicture(file_name=name, size_hw=size_hw, objects=tuple(objects))
            )


def _grouped(shapes: list[_Shape]) -> list[list[_Shape]]:
    """Shapes that are one object, in the order of each first one."""
    uids: dict[tuple[str, str], set[str]] = {}
    for shape in shapes:
        if shape.uid is not None:
            uids.setdefault(_group_of(shape), set()).add(shape.uid)
    groups: dict[Any, list[_Shape]] = {}
    for number, shape in enumerate(shapes):
        group = _group_of(shape)
        known = uids.get(group, set())
        uid = shape.uid or (next(iter(known)) if len(known) == 1 else None)
        is_alone = group[0] in ("", "0")
        groups.setdefault(number if is_alone else (group, uid), []).append(shape)
    return list(groups.values())


def _group_of(shape: _Shape) -> tuple[str, str]:
    return shape.fields.get("group_id", ""), shape.fields["label"]


def _joined(group: list[_Shape], size_hw: tuple[int, int]) -> ReadObject:
    uid = next((shape.uid for shape in group if shape.uid is not None), None)
    return ReadObject(
        place=group[0].place,
        category_name=group[0].fields["label"],
        rle_counts=joined_counts([shape.counts for shape in group], size_hw),
        uid=uid,
        # what a person drew has the declared default
        score=None if uid is None else _score(group[0].attributes),
    )


def _score(attributes: Mapping[str, str]) -> float | None:
    try:
        return checked_score(float(attributes.get("score", "")))
    except ValueError:
        return None


def _mask_counts(fields: Attributes, size_hw: tuple[int, int]) -> str:
    box = [_whole(fields.get(name)) for name in ("left", "top", "width", "height")]
    runs = [_whole(part) for part in fields.get("rle", "").split(",")]
    if None in box or None in runs:
        raise ValueError("its run lengths or its box are not whole numbers")
    left, top, width, height = (part for part in box if part is not None)
    return counts_of_box_runs(
        np.array(runs, np.int64), bbox_xywh=(left, top, width, height), size_hw=size_hw
    )


def _polygon_counts(fields: Attributes, size_hw: tuple[int, int]) -> str:
    try:
        points = [float(part) for pair in fields.get("points", "").split(";")
                  for part in pair.split(",", 1)]  # fmt: skip
    except ValueError:
        raise ValueError("its points are not numbers") from None
    return counts_of_polygons([points], size_hw)


def _whole(text: str | None) -> int | None:
    """A whole number from 0 on, or None; some tools write 3.0."""
    match = re.fullmatch(r"\s*(\d{1,9})(\.0*)?\s*", text or "", re.ASCII)
    return int(match[1]) if match else None
