"""COCO panoptic: a PNG of segment ids for each picture, and a JSON file that says what they are.

A pixel belongs to one segment. Objects that people made come first, then those of the model by
falling score; what is hidden is lost, and an object of which less than half can be seen is left
out, as evaluation would count it as found and wrong.

Source: https://cocodataset.org/#format-data, and id2rgb of cocodataset/panopticapi, BSD licence.
"""

import colorsys
import io
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt32
from PIL import Image

from yolact_cli.formats.coco import category_record
from yolact_cli.formats.export import Exported
from yolact_cli.formats.json_lists import dump, write_items
from yolact_cli.formats.reading import Problems, read_json
from yolact_cli.formats.regions import png_raster
from yolact_cli.formats.shapes import EMPTY, Losses
from yolact_cli.formats.stems import Stems
from yolact_cli.formats.untrusted import checked_score, checked_uid, inner_name
from yolact_cli.geometry import rle
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
from yolact_cli.structures import Category

ANNOTATIONS = "annotations/panoptic_default.json"
FOLDER = "annotations/panoptic_default"
HIDDEN = "objects less than half visible were left out"
OVERLAPPED = "pixels under other objects were lost"
_GOLDEN = 0.618_034
_MOST_ID = 256**3

Record = Mapping[str, Any]


def write_coco_panoptic(labels: LabelSet, store: Store, _settings: ExportSettings) -> Exported:
    """Write ``annotations/panoptic_default.json`` and a PNG a picture in the folder of that name.

    Beyond the standard's fields a segment has ``uid``, and ``score`` where a model made it.

    Raises:
        OutputError: The store cannot take the files.
    """
    writer = _Segments(labels, store)
    with store.put_stream(ANNOTATIONS) as stream:
        stream.write(b'{"info": ' + dump(labels.info) + b', "licenses": [],\n"categories": [')
        write_items(stream, _category_records(labels.categories))
        stream.write(b'],\n"images": [')
        write_items(stream, map(_image_record, labels.read_pictures()))
        stream.write(b'],\n"annotations": [')
        pictures = write_items(stream, map(writer.annotation, labels.read_pictures()))
        stream.write(b"]}\n")
    return Exported(pictures=pictures, objects=writer.objects, losses=writer.losses.counts)


def read_coco_panoptic(path: Path) -> ReadLabels:
    """The segments of a COCO panoptic file, its PNGs in the folder of the same name beside it.

    Segments of stuff (sky, road, …) are no objects and named in ``not_understood``, as are those
    without a pixel.

    Raises:
        BadLabelsError: The file is no such file, a PNG is missing, broken, or of another size.
    """
    problems = Problems(path)
    document = read_json(path)
    lists = ("images", "annotations", "categories")
    if not isinstance(document, dict) or not all(
        isinstance(document.get(key), list) for key in lists
    ):
        raise problems.error("no COCO panoptic file: it lacks images, annotations or categories")
    categories, images = _by_id(document["categories"]), _by_id(document["images"])
    pictures = []
    for number, one in enumerate(document["annotations"], start=1):
        place = f"annotation {number}"
        image = _image_of(one, images)
        if image is None:
            problems.add(f"{place}: it has no segments, or its image is not in the list")
            continue
        size_hw = problems.size_hw(place, image.get("height"), image.get("width"))
        ids = None if size_hw is None else _read_ids(place, path, one, size_hw, problems)
        if size_hw is not None and ids is not None:
            found = _read_segments(place, one["segments_info"], ids, categories, problems)
            name = image["file_name"].replace("\\", "/")
            pictures.append(ReadPicture(file_name=name, size_hw=size_hw, objects=tuple(found)))
    return problems.labels(pictures)


class _Segments:
    """Paints pictures' segments, writes the PNGs and counts.

    Attributes:
        objects: Written so far.
        losses: So far.
    """

    def __init__(self, labels: LabelSet, store: Store) -> None:
        self.objects = 0
        self.losses = Losses()
        self._store = store
        self._stems = Stems(picture.name for picture in labels.read_pictures())

    def annotation(self, picture: LabelledPicture) -> dict[str, Any]:
        """The picture's record, its PNG written."""
        file_name = f"{self._stems.of(picture.name)}.png"
        ids = np.zeros(picture.size_hw, np.uint32)
        segments: list[dict[str, Any]] = []
        for one in sorted(picture.objects, key=lambda one: one.score is not None):
            visible = self._visible(one, picture.size_hw, ids)
            if visible is None:
                continue
            x, y, width, height = one.bbox_xywh_px
            ids[y : y + height, x : x + width][visible] = len(segments) + 1
            segments.append(_segment_record(len(segments) + 1, one, visible))
        self.objects += len(segments)
        self._store.put(f"{FOLDER}/{file_name}", _png(ids))
        return {
            "image_id": picture.picture_id,
            "file_name": file_name,
            "segments_info": segments,
        }

    def _visible(
        self, one: LabelledObject, size_hw: tuple[int, int], ids: UInt32[np.ndarray, "h w"]
    ) -> Bool[np.ndarray, "ch cw"] | None:
        """What of the object's box is its own, or None for an object to be left out."""
        x, y, width, height = one.bbox_xywh_px
        crop = rle.decode_crop(one.rle_counts, size_hw, bbox_xywh=one.bbox_xywh_px)
        visible = np.asarray(crop & (ids[y : y + height, x : x + width] == 0))
        area, own = int(crop.sum()), int(visible.sum())
        if area == 0 or 2 * own < area:
            self.losses.add([HIDDEN if area else EMPTY])
            return None
        if own < area:
            self.losses.add([OVERLAPPED])
        return visible


def _category_records(categories: Iterable[Category]) -> Iterator[dict[str, Any]]:
    for place, category in enumerate(categories):
        color = colorsys.hsv_to_rgb(place * _GOLDEN % 1, 0.8, 0.9)
        own = {"isthing": 1, "color": [round(255 * part) for part in color]}
        yield category_record(category) | own


def _image_record(picture: LabelledPicture) -> dict[str, Any]:
    height, width = picture.size_hw
    return {
        "id": picture.picture_id,
        "file_name": picture.name,
        "width": width,
        "height": height,
    }


def _segment_record(
    segment_id: int, one: LabelledObject, visible: Bool[np.ndarray, "ch cw"]
) -> dict[str, Any]:
    rows, columns = np.flatnonzero(visible.any(axis=1)), np.flatnonzero(visible.any(axis=0))
    left, top = one.bbox_xywh_px[0] + int(columns[0]), one.bbox_xywh_px[1] + int(rows[0])
    record = {
        "id": segment_id,
        "category_id": one.category.category_id,
        "area": int(visible.sum()),
        "bbox": [left, top, int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1],
        "iscrowd": 0,
        "uid": one.uid,
    }
    return record if one.score is None else record | {"score": one.score}


def _png(ids: UInt32[np.ndarray, "h w"]) -> bytes:
    channels = [(ids >> shift).astype(np.uint8) for shift in (0, 8, 16)]
    with io.BytesIO() as stream:
        Image.fromarray(np.stack(channels, axis=2)).save(stream, "png", compress_level=6)
        return stream.getvalue()


def _by_id(items: list[Any]) -> dict[Any, Record]:
    return {one["id"]: one for one in items if isinstance(one, dict) and _is_id(one.get("id"))}


def _image_of(annotation: Any, images: Mapping[Any, Record]) -> Record | None:
    """The image of an annotation with segments, if both are what they should be."""
    if not isinstance(annotation, dict) or not isinstance(annotation.get("segments_info"), list):
        return None
    key = annotation.get("image_id")
    image = images.get(key) if _is_id(key) else None
    return image if image is not None and isinstance(image.get("file_name"), str) else None


def _read_ids(
    place: str, path: Path, one: Record, size_hw: tuple[int, int], problems: Problems
) -> UInt32[np.ndarray, "h w"] | None:
    name = one.get("file_name")
    if not isinstance(name, str) or not name:
        problems.add(f"{place}: it names no PNG")
        return None
    try:
        data = (path.with_suffix("") / inner_name(name)).read_bytes()
        samples = png_raster(data, size_hw=size_hw)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problems.add(f"{place}: its PNG {name[:80]!r} cannot be used: {reason}")
        return None
    if samples.ndim != 3:
        problems.add(f"{place}: its PNG {name[:80]!r} has no red, green and blue")
        return None
    red, green, blue = (samples[:, :, channel].astype(np.uint32) for channel in range(3))
    return np.asarray(red + 256 * green + 65_536 * blue, np.uint32)


def _read_segments(
    place: str,
    segments: list[Any],
    ids: UInt32[np.ndarray, "h w"],
    categories: Mapping[Any, Record],
    problems: Problems,
) -> Iterator[ReadObject]:
    for number, segment in enumerate(segments, start=1):
        where = f"{place}, segment {number}"
        if not isinstance(segment, dict) or not _is_segment_id(segment.get("id")):
            problems.add(f"{where}: it has no id that a PNG can hold")
            continue
        key = segment.get("category_id")
        category = categories.get(key) if _is_id(key) else None
        if category is None or not isinstance(category.get("name"), str):
            problems.add(f"{where}: its category {key!r:.40} is not in the list")
            continue
        mask = ids == segment["id"]
        if category.get("isthing") == 0 or not mask.any():
            problems.pass_over(f"{where}: it is stuff, or has no pixel")
            continue
        yield ReadObject(
            place=where,
            category_name=category["name"],
            rle_counts=rle.encode_mask(mask),
            uid=checked_uid(segment.get("uid")),
            score=checked_score(segment.get("score")),
        )


def _is_id(value: Any) -> bool:
    return type(value) in (int, str)


def _is_segment_id(value: Any) -> bool:
    return type(value) is int and 0 < value < _MOST_ID
