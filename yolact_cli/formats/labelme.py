"""LabelMe: one JSON file a picture, named as the picture is but for its ending.

Masks are exact: holes, parts and overlaps come back to the pixel. Polygons run through the centres
of pixels, as LabelMe paints them; an object's parts share a ``group_id``, and holes are reached by
a slit. A shape's ``score``, ``uid``, ``track_id`` and review ``priority`` are keys of its own,
which LabelMe keeps, and ``picture`` says what the picture is called in the run.

Source: labelme 6.3.1, ``labelme/_label_file.py`` and ``labelme/utils/shape.py`` (MIT part).
"""

import base64
import binascii
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from PIL import Image

from yolact_cli.errors import AnnotationError, InputError
from yolact_cli.formats.export import Exported
from yolact_cli.formats.picture_files import put_picture
from yolact_cli.formats.regions import Region, encoded, joined, painted, png_raster
from yolact_cli.formats.shapes import EMPTY, SIMPLIFIED, Losses
from yolact_cli.formats.stems import Stems
from yolact_cli.formats.untrusted import (
    checked_points,
    checked_score,
    checked_size_hw,
    checked_uid,
    inner_name,
    read_json,
)
from yolact_cli.geometry import rle
from yolact_cli.geometry.polygons import object_parts, part_ring
from yolact_cli.labels import (
    LabelledObject,
    LabelledPicture,
    LabelSet,
    PictureFiles,
    ReadLabels,
    ReadObject,
    ReadPicture,
)
from yolact_cli.settings import ExportSettings
from yolact_cli.store import LocalStore

VERSION = "6.3.1"


def write_labelme(labels: LabelSet, store: LocalStore, settings: ExportSettings) -> Exported:
    """Write ``<picture>.json`` for every picture, those without objects too.

    ``imagePath`` leads from there to the picture: beside it where pictures are copied or linked
    there, else to where it is. A frame that is in no file comes along unless pictures are unwanted.
    """
    stems = Stems(picture.name for picture in labels.read_pictures())
    pictures = objects = 0
    losses = Losses()
    for picture in labels.read_pictures():
        stem = stems.of(picture.name)
        shapes = []
        for number, one in enumerate(picture.objects):
            own, lost = _shapes(one, picture.size_hw, settings, group_id=number)
            shapes += own
            losses.add(lost)
        document: dict[str, Any] = {
            "version": VERSION,
            "flags": {},
            "shapes": shapes,
            "imagePath": _image_path(store, stem, picture, labels.files, settings),
            "imageData": None,
            "imageHeight": picture.size_hw[0],
            "imageWidth": picture.size_hw[1],
            "picture": picture.name,
        }
        store.put(f"{stem}.json", json.dumps(document, indent=2).encode("ascii") + b"\n")
        pictures += 1
        objects += len(picture.objects)
    return Exported(pictures=pictures, objects=objects, losses=losses.counts)


def _shapes(
    one: LabelledObject, size_hw: tuple[int, int], settings: ExportSettings, *, group_id: int
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """An object's shapes, and what they do not hold of it."""
    if one.area_px == 0:
        return [], (EMPTY,)
    if settings.shapes == "masks":
        return [_mask_shape(one, size_hw)], ()
    parts = object_parts(
        one.rle_counts, size_hw, bbox_xywh_px=one.bbox_xywh_px,
        convention="centre", is_exact=settings.exact_polygons,
    )  # fmt: skip
    rings = [part_ring(part).tolist() for part in parts]
    group = group_id if len(rings) > 1 else None
    shapes = [_shape(one, ring, "polygon") | {"group_id": group} for ring in rings]
    back = [encoded(painted(ring, size_hw), size_hw) or "" for ring in rings]
    is_exact = all(back) and joined(back, size_hw) == one.rle_counts
    return shapes, () if is_exact else (SIMPLIFIED,)


def _mask_shape(one: LabelledObject, size_hw: tuple[int, int]) -> dict[str, Any]:
    x, y, width, height = one.bbox_xywh_px
    crop = rle.decode_crop(one.rle_counts, size_hw, bbox_xywh=one.bbox_xywh_px)
    with io.BytesIO() as stream:
        Image.fromarray(crop).save(stream, "png")
        mask = base64.b64encode(stream.getvalue()).decode("ascii")
    corners = [(x, y), (x + width - 1, y + height - 1)]
    return _shape(one, corners, "mask") | {"mask": mask}


def _shape(one: LabelledObject, points: Sequence[Sequence[float]], kind: str) -> dict[str, Any]:
    shape: dict[str, Any] = {
        "label": one.category.name,
        "points": points,
        "group_id": None,
        "description": "",
        "shape_type": kind,
        "flags": {},
        "uid": one.uid,
    }
    priority = None if one.priority is None else one.priority.value
    optional = {"score": one.score, "track_id": one.track_id, "priority": priority}
    return shape | {key: value for key, value in optional.items() if value is not None}


def _image_path(
    store: LocalStore,
    stem: str,
    picture: LabelledPicture,
    files: PictureFiles,
    settings: ExportSettings,
) -> str:
    beside = PurePosixPath(stem).name + PurePosixPath(picture.name).suffix
    try:
        path = files.path_of(picture)
        how = settings.images or ("copy" if path is None else "none")
        if how != "none":
            place = str(PurePosixPath(stem).with_name(beside))
            put_picture(store, place, picture, files, how)
    except InputError:  # noted by those who gave the files; the labels are worth having without
        return beside
    if path is None or how != "none":
        return beside
    # Links resolved, since the system goes up from where they lead. The picture's own is not: its
    # name has to stay.
    folder = store.path_of(stem).parent.resolve()
    try:
        return Path(os.path.relpath(path.parent.resolve() / path.name, folder)).as_posix()
    except ValueError:  # on another drive of Windows
        return path.as_posix()


def read_labelme(path: Path) -> ReadLabels:
    """The labels in a LabelMe file, or in all of a folder and those below it.

    Masks and polygons are read, the latter as LabelMe paints them; shapes of one label that share
    a ``group_id`` are one object. Other shapes are no masks, and named.

    Raises:
        AnnotationError: There is no such file, or not one in the folder could be read.
    """
    paths = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    pictures: list[ReadPicture] = []
    problems: list[str] = []
    for one in paths:
        try:
            pictures.append(_picture(one, path if path.is_dir() else one.parent, problems))
        except AnnotationError as error:
            problems.append(error.sentence)
    if not pictures:
        first = problems[0] if problems else f"{path}: there is no .json file."
        raise AnnotationError(first, remedy="Give LabelMe's file, or the folder with its files.")
    return ReadLabels(origin=str(path), pictures=tuple(pictures), not_understood=tuple(problems))


def _picture(path: Path, root: Path, problems: list[str]) -> ReadPicture:
    document = read_json(path)
    shapes = document.get("shapes") if isinstance(document, dict) else None
    if not isinstance(shapes, list):
        raise AnnotationError(f"{path}: is no file of LabelMe (it has no list of shapes).")
    size_hw = checked_size_hw(document.get("imageHeight"), document.get("imageWidth"))
    if size_hw is None:
        raise AnnotationError(f"{path}: does not say how large its picture is.")
    groups: dict[Any, list[_Part]] = {}
    for number, shape in enumerate(shapes, start=1):
        place = f"{path}, shape {number}"
        try:
            counts = encoded(_region(shape, size_hw), size_hw)
        except ValueError as error:
            problems.append(f"{place}: {error}.")
            continue
        if counts is None:
            problems.append(f"{place}: has not one pixel in the picture.")
            continue
        group = shape.get("group_id")
        key = (shape["label"], group) if type(group) is int else number
        groups.setdefault(key, []).append(_Part(shape=shape, counts=counts, place=place))
    return ReadPicture(
        file_name=_name(document, path, root),
        size_hw=size_hw,
        objects=tuple(_object(parts, size_hw) for parts in groups.values()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    shape: Mapping[str, Any]
    counts: str
    place: str


def _object(parts: Sequence[_Part], size_hw: tuple[int, int]) -> ReadObject:
    first = parts[0]
    return ReadObject(
        place=first.place,
        category_name=first.shape["label"],
        rle_counts=joined([part.counts for part in parts], size_hw),
        uid=checked_uid(first.shape.get("uid")),
        score=checked_score(first.shape.get("score")),
    )


def _region(shape: Any, size_hw: tuple[int, int]) -> Region:
    """The pixels of a shape.

    Raises:
        ValueError: It has none, in words that end a sentence.
    """
    label = shape.get("label") if isinstance(shape, dict) else None
    if not isinstance(label, str) or not label:
        raise ValueError("has no label")
    kind = shape.get("shape_type")
    if kind == "mask":
        return _mask_region(shape, size_hw)
    if kind not in (None, "polygon"):
        raise ValueError(f"is a {str(kind)[:40]}, which is no mask")
    points = checked_points(shape.get("points"))
    if points is None:
        raise ValueError("is no polygon of three points or more")
    return painted(points, size_hw)


def _mask_region(shape: Mapping[str, Any], size_hw: tuple[int, int]) -> Region:
    points = checked_points(shape.get("points"), fewest=2)
    mask = shape.get("mask")
    if points is None or not isinstance(mask, str):
        raise ValueError("is a mask without its corners or its pixels")
    (x1, y1), (x2, y2) = ((int(x), int(y)) for x, y in points[:2])
    size = (y2 - y1 + 1, x2 - x1 + 1)
    if min(size) < 1 or size[0] > size_hw[0] or size[1] > size_hw[1]:
        raise ValueError("is a mask that is larger than its picture, or of no size")
    try:
        raster = png_raster(base64.b64decode(mask, validate=True), size_hw=size)
    except (ValueError, binascii.Error) as error:
        raise ValueError(f"is a mask whose pixels cannot be read: {error}") from error
    if raster.ndim != 2:
        raise ValueError("is a mask in colours")
    return Region(crop=raster.astype(bool), offset_yx=(y1, x1))


def _name(document: Mapping[str, Any], path: Path, root: Path) -> str:
    """What the picture is called: as the run calls it, if it still is that picture."""
    image_path = document.get("imagePath")
    if not isinstance(image_path, str) or not image_path:
        image_path = path.stem
    name = document.get("picture")
    last = PurePosixPath(image_path.replace("\\", "/")).name
    if isinstance(name, str) and last.startswith(PurePosixPath(inner_name(name)).stem):
        return inner_name(name)
    folder = path.parent.relative_to(root).as_posix()
    return inner_name(image_path, "" if folder == "." else folder)
