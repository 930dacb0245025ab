"""YOLO for segmentation: a text file a picture, a line an object, one outline each.

``labels/<picture>.txt`` with ``images/<picture>`` beside, and ``data.yaml`` with the classes. A
line is ``class x1 y1 x2 y2 …``, relative to the picture. Outlines run through the centres of
pixels, as loaders paint them with OpenCV, and lie a quarter of a pixel to the right and below:
loaders that round and those that cut off then agree on the pixel. An object has one outline, so
parts are joined by lines and holes reached by slits; what that changes is counted, and so is what
simpler outlines do. Scores, uids and tracks have no place in it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml
from jaxtyping import Bool

from yolact_cli.errors import AnnotationError
from yolact_cli.formats.export import Exported
from yolact_cli.formats.picture_files import put_picture_of_set
from yolact_cli.formats.picture_list import picture_list, read_picture_list
from yolact_cli.formats.picture_size import PicturesBeside
from yolact_cli.formats.regions import Region, encoded
from yolact_cli.formats.shapes import EMPTY, LINKED, SLIT
from yolact_cli.formats.stems import Stems
from yolact_cli.formats.untrusted import MOST_COORDINATE_PX, read_text
from yolact_cli.geometry.polygons import Polygon, object_parts, single_ring
from yolact_cli.labels import (
    LabelledObject,
    LabelSet,
    ReadLabels,
    ReadObject,
    ReadPicture,
)
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore

OFFSET_PX = 0.25
"""Right for loaders that round and for those that cut off."""
CHANGED = "masks are a little different as an outline"
DATA = "data.yaml"
_DECIMALS = 6
_MOST_POINTS = 1_000_000


def write_yolo(labels: LabelSet, store: LocalStore, settings: ExportSettings) -> Exported:
    """Write the labels, ``data.yaml``, ``pictures.csv``, and the pictures as links or copies.

    A picture without objects has an empty file. Classes count from 0 in the order of categories.
    """
    class_ids = {one.category_id: place for place, one in enumerate(labels.categories)}
    stems = Stems(picture.name for picture in labels.read_pictures())
    counts = {LINKED: 0, SLIT: 0, CHANGED: 0, EMPTY: 0}
    pictures = objects = 0
    with picture_list(store) as listed:
        for picture in labels.read_pictures():
            stem = stems.of(picture.name)
            lines = [
                _line(class_ids[one.category.category_id], ring, picture.size_hw)
                for one in picture.objects
                if (ring := _ring(one, picture.size_hw, settings, counts)) is not None
            ]
            put_picture_of_set(
                labels, store, picture, path=f"images/{stem}", images=settings.images
            )
            store.put(f"labels/{stem}.txt", "".join(lines).encode("ascii"))
            listed.add(stem, picture)
            pictures += 1
            objects += len(picture.objects)
    store.put(DATA, _data(labels).encode("utf-8"))
    losses = {sentence: count for sentence, count in counts.items() if count}
    return Exported(pictures=pictures, objects=objects, losses=losses)


def _data(labels: LabelSet) -> str:
    names = {place: one.name for place, one in enumerate(labels.categories)}
    document = {"train": "images", "val": "images", "names": names}
    text: str = yaml.safe_dump(document, sort_keys=False, allow_unicode=True)
    return text


def _ring(
    one: LabelledObject, size_hw: tuple[int, int], settings: ExportSettings, counts: dict[str, int]
) -> Polygon | None:
    """The object's one outline, or None where it has no pixel; what is lost is counted."""
    if one.area_px == 0:
        counts[EMPTY] += 1
        return None
    parts = object_parts(
        one.rle_counts, size_hw, bbox_xywh_px=one.bbox_xywh_px,
        convention="centre", is_exact=settings.exact_polygons,
    )  # fmt: skip
    ring = single_ring(parts)
    counts[LINKED] += len(parts) > 1
    counts[SLIT] += any(part.holes for part in parts)
    counts[CHANGED] += _painted(ring, size_hw) != one.rle_counts
    return ring


def _line(class_id: int, ring: Polygon, size_hw: tuple[int, int]) -> str:
    relative = ((ring + OFFSET_PX) / size_hw[::-1]).ravel().tolist()
    numbers = " ".join(f"{number:.{_DECIMALS}f}" for number in relative)
    return f"{class_id} {numbers}\n"


def _painted(ring: Polygon, size_hw: tuple[int, int]) -> str | None:
    """Run lengths of an outline as OpenCV paints it; None without a pixel in the picture."""
    corners = np.rint(ring).astype(np.int64)
    height, width = size_hw
    left, top = np.maximum(corners.min(axis=0) - 1, 0)
    right, bottom = np.minimum(corners.max(axis=0) + 2, (width, height))
    if right <= left or bottom <= top:
        return None
    canvas = np.zeros((bottom - top, right - left), np.uint8)
    cv2.fillPoly(canvas, [(corners - (left, top)).astype(np.int32)], 1)
    crop: Bool[np.ndarray, "h w"] = canvas.astype(bool)
    return encoded(Region(crop=crop, offset_yx=(int(top), int(left))), size_hw)


def read_yolo(path: Path) -> ReadLabels:
    """The labels of a data set in YOLO's form.

    Sizes of pictures are those of ``pictures.csv``, or of the pictures below ``images``; a file of
    labels whose picture is in neither cannot be used, and is named. Boxes are no masks, and named.

    Args:
        path: ``data.yaml``, or its folder.

    Raises:
        AnnotationError: There is no such data set, or its classes cannot be read.
    """
    data = path / DATA if path.is_dir() else path
    reading = _Reading(data.parent, _class_names(data))
    pictures = reading.pictures()
    if not pictures:
        fallback = f"{data.parent / 'labels'}: there is no .txt file."
        first = (*reading.problems, fallback)[0]
        raise AnnotationError(first, remedy=f"Give the folder that holds {DATA} and labels/.")
    return ReadLabels(origin=str(path), pictures=pictures, not_understood=tuple(reading.problems))


def _class_names(data: Path) -> dict[int, str]:
    try:
        document: Any = yaml.safe_load(read_text(data, most_bytes=1 << 20))
    except (yaml.YAMLError, RecursionError) as error:
        raise AnnotationError(f"{data}: is not YAML ({error}).") from error
    names = document.get("names") if isinstance(document, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    is_read = isinstance(names, dict) and all(
        type(key) is int and isinstance(name, str) and name for key, name in names.items()
    )
    if not is_read or not names:
        raise AnnotationError(f"{data}: has no names of classes.")
    return dict(names)


class _Reading:
    """A data set while it is read; what could not be used gathers in ``problems``."""

    def __init__(self, root: Path, names: dict[int, str]) -> None:
        self._root = root
        self._names = names
        self._known = read_picture_list(root)
        self._beside = PicturesBeside(root / "images")
        self.problems: list[str] = []

    def pictures(self) -> tuple[ReadPicture, ...]:
        files = sorted((self._root / "labels").rglob("*.txt"))
        found = (self._picture(file) for file in files)
        return tuple(picture for picture in found if picture is not None)

    def _picture(self, file: Path) -> ReadPicture | None:
        stem = file.relative_to(self._root / "labels").with_suffix("").as_posix()
        found = self._known.get(stem) or self._beside.find(stem)
        if found is None:
            sentence = "its picture is not below images/, so its size is not known"
            self.problems.append(f"{file}: {sentence}.")
            return None
        name, size_hw = found
        try:
            lines = read_text(file).splitlines()
        except AnnotationError as error:
            self.problems.append(error.sentence)
            return None
        objects = tuple(self._objects(lines, str(file), size_hw))
        return ReadPicture(file_name=name, size_hw=size_hw, objects=objects)

    def _objects(
        self, lines: Sequence[str], file: str, size_hw: tuple[int, int]
    ) -> Iterator[ReadObject]:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            place = f"{file}, line {number}"
            try:
                category_name, ring = _parsed(line, size_hw, self._names)
            except ValueError as error:
                self.problems.append(f"{place}: {error}.")
                continue
            counts = _painted(ring, size_hw)
            if counts is None:
                self.problems.append(f"{place}: has not one pixel in the picture.")
                continue
            yield ReadObject(place=place, category_name=category_name, rle_counts=counts)


def _parsed(line: str, size_hw: tuple[int, int], names: dict[int, str]) -> tuple[str, Polygon]:
    """A line's class and its outline in px.

    Raises:
        ValueError: It has none, in words that end a sentence.
    """
    first, *rest = line.split()
    if not (first.isascii() and first.isdecimal()) or int(first) not in names:
        raise ValueError(f"has class {first[:20]!r}, which is not among the names")
    if len(rest) in (4, 5):
        raise ValueError("is a box, which is no mask")
    if len(rest) < 6 or len(rest) % 2 or len(rest) > 2 * _MOST_POINTS:
        raise ValueError("is no outline of three points or more")
    try:
        relative = np.array(rest, np.float64).reshape(-1, 2)
    except ValueError as error:
        raise ValueError("has something that is not a number") from error
    points = relative * size_hw[::-1]
    if not (np.abs(points) <= MOST_COORDINATE_PX).all():
        raise ValueError("has a number that is out of range")
    return names[int(first)], points - OFFSET_PX
