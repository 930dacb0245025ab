"""Pascal VOC for segmentation: two palette PNGs a picture, its classes and its objects.

``SegmentationClass/<picture>.png`` and ``SegmentationObject/<picture>.png`` hold the numbers of
classes (from 1, in the order of ``labelmap.txt``) and of objects (from 1, in the picture's order);
0 is background. ``ImageSets/Segmentation/train.txt`` lists the pictures, which lie in
``JPEGImages`` as links or copies. A pixel has one object: where they overlap it is that which a
person has seen, or else that of the higher score. A picture holds 254 objects, and 254 classes.
Scores, uids and tracks have no place in it. Losses are counted.
"""

import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int, UInt8
from PIL import Image

from yolact_cli.errors import AnnotationError
from yolact_cli.formats.export import Exported
from yolact_cli.formats.picture_files import put_picture_of_set
from yolact_cli.formats.picture_list import picture_list, read_picture_list
from yolact_cli.formats.picture_size import PicturesBeside
from yolact_cli.formats.regions import Region, encoded, png_raster
from yolact_cli.formats.stems import Stems
from yolact_cli.formats.untrusted import read_text
from yolact_cli.formats.voc_layout import (
    BACKGROUND,
    CLASSES,
    IMAGES,
    LABELMAP,
    MOST,
    OBJECTS,
    SUBSET,
    VOID,
    labelmap_names,
    labelmap_text,
    voc_colours,
)
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
from yolact_cli.store import LocalStore

OVERLAPS = "overlapping pixels went to another object"
COVERED = "wholly covered objects were left out"
TOO_MANY = f"objects beyond {MOST} a picture were left out"
TOO_MANY_CLASSES = f"objects of classes beyond {MOST} were left out"
RENAMED = "objects of classes whose names the format cannot write were renamed"
_MOST_BYTES_OF_PNG = 256 << 20
_MOST_CLASSES = 255
_ROWS_AT_ONCE = 256  # colours take four bytes a pixel while they are looked up

Numbers = UInt8[np.ndarray, "h w"]


def write_voc(labels: LabelSet, store: LocalStore, settings: ExportSettings) -> Exported:
    """Write the PNGs of every picture, those without objects too, the lists and the pictures."""
    categories = labels.categories[:MOST]
    values = {one.category_id: place for place, one in enumerate(categories, start=1)}
    names = labelmap_names([one.name for one in categories])
    renamed = {one.category_id for one, name in zip(categories, names, strict=True)
               if one.name != name}  # fmt: skip
    losses = dict.fromkeys((OVERLAPS, COVERED, TOO_MANY, TOO_MANY_CLASSES, RENAMED), 0)
    stems = Stems(picture.name for picture in labels.read_pictures())
    pictures = objects = 0
    with picture_list(store) as listed, store.put_stream(SUBSET) as subset:
        for picture in labels.read_pictures():
            stem = stems.of(picture.name)
            put_picture_of_set(
                labels, store, picture, path=f"{IMAGES}/{stem}", images=settings.images
            )
            of_classes, of_objects = _painted(picture, values, losses)
            store.put(f"{CLASSES}/{stem}.png", _palette_png(of_classes))
            store.put(f"{OBJECTS}/{stem}.png", _palette_png(of_objects))
            subset.write(f"{stem}\n".encode("utf-8", "surrogateescape"))
            listed.add(stem, picture)
            losses[RENAMED] += sum(one.category.category_id in renamed for one in picture.objects)
            pictures += 1
            objects += len(picture.objects)
    store.put(LABELMAP, labelmap_text(names))
    counted = {sentence: count for sentence, count in losses.items() if count}
    return Exported(pictures=pictures, objects=objects, losses=counted)


def _painted(
    picture: LabelledPicture, values: Mapping[int, int], losses: dict[str, int]
) -> tuple[Numbers, Numbers]:
    """Rasters of classes and of objects."""
    written = [one for one in picture.objects if one.category.category_id in values]
    losses[TOO_MANY_CLASSES] += len(picture.objects) - len(written)
    first_to_last = sorted(written, key=_rank)[:MOST]
    losses[TOO_MANY] += len(written) - len(first_to_last)
    of_classes = np.zeros(picture.size_hw, np.uint8)
    of_objects = np.zeros(picture.size_hw, np.uint8)
    kept = {one.uid for one in first_to_last}
    in_order = (one.uid for one in written if one.uid in kept)
    numbers = {uid: number for number, uid in enumerate(in_order, start=1)}
    for one in reversed(first_to_last):
        x, y, width, height = one.bbox_xywh_px
        window = np.s_[y : y + height, x : x + width]
        crop = rle.decode_crop(one.rle_counts, picture.size_hw, bbox_xywh=one.bbox_xywh_px)
        of_classes[window][crop] = values[one.category.category_id]
        of_objects[window][crop] = numbers[one.uid]
    left_px = np.bincount(of_objects.ravel(), minlength=MOST + 1)
    for one in first_to_last:
        left = int(left_px[numbers[one.uid]])
        losses[COVERED] += left == 0
        losses[OVERLAPS] += 0 < left < one.area_px
    return of_classes, of_objects


def _rank(one: LabelledObject) -> tuple[bool, float]:
    """What people have seen comes first, then the higher score."""
    return one.state == "machine", -(1.0 if one.score is None else one.score)


def _palette_png(raster: Numbers) -> bytes:
    image = Image.fromarray(raster)
    image.putpalette(voc_colours().tobytes())
    with io.BytesIO() as stream:
        image.save(stream, "png")
        return stream.getvalue()


def read_voc(path: Path) -> ReadLabels:
    """The objects in a data set in VOC's form.

    PNGs may hold numbers (with a palette, or grey) or, as some tools write them, the colours of
    ``labelmap.txt``. An object's class is the one that most of its pixels have.

    Args:
        path: The folder that holds ``SegmentationObject``.

    Raises:
        AnnotationError: There is no such folder, no label map in it, or it has no pictures.
    """
    reading = _Reading(path, _read_labelmap(path / LABELMAP))
    pictures = reading.pictures()
    if not pictures:
        first = (*reading.problems, f"{path / OBJECTS}: there is no .png file.")[0]
        raise AnnotationError(first, remedy=f"Give the folder that holds {OBJECTS}.")
    return ReadLabels(origin=str(path), pictures=pictures, not_understood=tuple(reading.problems))


@dataclass(frozen=True, slots=True, kw_only=True)
class _LabelMap:
    """Names of classes by number, and numbers by colour (as R + 256 G + 65536 B)."""

    names: Mapping[int, str]
    numbers: Mapping[int, int]


def _read_labelmap(path: Path) -> _LabelMap:
    lines = [line.strip() for line in read_text(path, most_bytes=1 << 20).splitlines()]
    rows = [line.split(":") for line in lines if line and not line.startswith("#")]
    if not any(row[0] == BACKGROUND for row in rows):
        rows.insert(0, [BACKGROUND, "0,0,0"])
    if not 1 < len(rows) <= _MOST_CLASSES:
        raise AnnotationError(f"{path}: lists {len(rows) - 1} classes; 1 to 254 can be.")
    rows.sort(key=lambda row: row[0] != BACKGROUND)  # it has number 0, wherever it stands
    numbers = {
        code: number
        for number, row in enumerate(rows)
        if (code := _colour_code(row[1] if len(row) > 1 else "")) is not None
    }
    return _LabelMap(names={place: row[0] for place, row in enumerate(rows) if place},
                     numbers=numbers)  # fmt: skip


def _colour_code(text: str) -> int | None:
    channels = text.split(",")
    is_read = len(channels) == 3 and all(
        one.strip().isascii() and one.strip().isdecimal() and len(one) <= 4 for one in channels
    )
    return sum(int(one) << (8 * place) for place, one in enumerate(channels)) if is_read else None


class _Reading:
    """A data set while it is read; what could not be used gathers in ``problems``."""

    def __init__(self, root: Path, labelmap: _LabelMap) -> None:
        self._root = root
        self._labelmap = labelmap
        self._known = read_picture_list(root)
        self._beside = PicturesBeside(root / IMAGES)
        codes = voc_colours().astype(np.int64) @ (1, 256, 65536)
        self._of_objects = {int(code): number for number, code in enumerate(codes)}
        self.problems: list[str] = []

    def pictures(self) -> tuple[ReadPicture, ...]:
        found = []
        for file in sorted((self._root / OBJECTS).rglob("*.png")):
            try:
                found.append(self._picture(file))
            except (AnnotationError, ValueError) as error:
                self.problems.append(f"{file}: {error}".rstrip(".") + ".")
        return tuple(found)

    def _picture(self, file: Path) -> ReadPicture:
        inner = file.relative_to(self._root / OBJECTS)
        of_objects = _numbers(_read(file), self._of_objects)
        size_hw = of_objects.shape[0], of_objects.shape[1]
        of_classes = _numbers(_read(self._root / CLASSES / inner), self._labelmap.numbers)
        if of_classes.shape != of_objects.shape:
            raise ValueError("is of another size than the picture of classes of its name")
        objects = tuple(self._objects(file, of_objects, of_classes))
        name = self._name(inner.with_suffix("").as_posix(), size_hw)
        return ReadPicture(file_name=name, size_hw=size_hw, objects=objects)

    def _name(self, stem: str, size_hw: tuple[int, int]) -> str:
        listed = self._known.get(stem)
        if listed is not None and listed[1] == size_hw:
            return listed[0]
        found = self._beside.find(stem)
        return stem if found is None else found[0]

    def _objects(
        self, file: Path, of_objects: Numbers, of_classes: Numbers
    ) -> Iterator[ReadObject]:
        from scipy import ndimage  # slow to load, and wanted for reading alone

        size_hw = of_objects.shape[0], of_objects.shape[1]
        windows = ndimage.find_objects(of_objects)
        for number, window in enumerate(windows[: VOID - 1], start=1):
            if window is None:
                continue
            place = f"{file}, object {number}"
            crop = of_objects[window] == number
            class_number = int(np.bincount(of_classes[window][crop]).argmax())
            name = self._labelmap.names.get(class_number)
            offset = window[0].start, window[1].start
            counts = encoded(Region(crop=crop, offset_yx=offset), size_hw)
            if name is None or counts is None:
                self.problems.append(f"{place}: is of class {class_number}, which has no name.")
                continue
            yield ReadObject(place=place, category_name=name, rle_counts=counts)


def _read(file: Path) -> np.ndarray:
    """A PNG's samples.

    Raises:
        ValueError: It is not there, too large, or no PNG.
    """
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES_OF_PNG + 1)
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read ({error.strerror})") from error
    if len(data) > _MOST_BYTES_OF_PNG:
        raise ValueError(f"{file.name} is too large")
    return png_raster(data)


def _numbers(raster: np.ndarray, by_colour: Mapping[int, int]) -> Numbers:
    """A raster of numbers, those of colours looked up; unknown colours are void.

    Raises:
        ValueError: It has numbers above 255.
    """
    numbers = np.empty(raster.shape[:2], np.uint8)
    for top in range(0, len(raster), _ROWS_AT_ONCE):
        rows = raster[top : top + _ROWS_AT_ONCE]
        numbers[top : top + _ROWS_AT_ONCE] = _looked_up(rows, by_colour)
    return numbers


def _looked_up(rows: np.ndarray, by_colour: Mapping[int, int]) -> np.ndarray:
    if rows.ndim == 2:
        if rows.dtype != bool and int(rows.max(initial=0)) > VOID:
            raise ValueError("has numbers above 255")
        return rows
    codes: Int[np.ndarray, "h w"] = rows.astype(np.int32) @ np.array((1, 256, 65536), np.int32)
    found, places = np.unique(codes, return_inverse=True)
    numbers = np.array([by_colour.get(int(code), VOID) for code in found], np.uint8)
    return numbers[places.reshape(codes.shape)]
