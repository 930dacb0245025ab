"""Objects one by one: as crops of their picture, and cut out of it with a transparent ground.

``crops/<picture>/<number>-<class>.png`` and ``cutouts/<picture>/<number>-<class>.png``, numbered
in the picture's order, so that names sort. Cut-outs hold no colour outside the object.
``objects.csv`` has a line an object: its files, its picture, its uid, class and score, and the
place of the crop in the picture in px. Nothing reads this back.
"""

import csv
import io
import unicodedata
from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8
from PIL import Image

from yolact_cli.errors import InputError
from yolact_cli.formats.export import Exported
from yolact_cli.formats.stems import Stems
from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture, LabelSet
from yolact_cli.settings import ExportSettings
from yolact_cli.store import Store

OBJECTS = "objects.csv"
_COLUMNS = (
    *("file", "picture", "uid", "class", "score", "state"),
    *("x_px", "y_px", "width_px", "height_px"),
)
_MOST_CLASS_CHARACTERS = 40


def write_cutouts(labels: LabelSet, store: Store, settings: ExportSettings) -> Exported:
    """Write two PNGs an object, and the list of them.

    A picture that is not where it was gives none; pictures without objects neither.
    """
    stems = Stems(picture.name for picture in labels.read_pictures())
    pictures = objects = 0
    with store.put_stream(OBJECTS) as listed:
        listed.write(_csv_line(_COLUMNS))
        for picture in labels.read_pictures():
            try:
                rows = list(_cut(labels, store, picture, stems.of(picture.name), settings))
            except InputError:  # noted by those who gave the files
                continue
            for row in rows:
                listed.write(_csv_line(row))
            pictures += 1
            objects += len(rows)
    return Exported(pictures=pictures, objects=objects)


def _cut(
    labels: LabelSet,
    store: Store,
    picture: LabelledPicture,
    stem: str,
    settings: ExportSettings,
) -> Iterator[tuple[object, ...]]:
    """Write the objects of a picture, and give their lines of the list."""
    if not picture.objects:
        return
    pixels = labels.files.pixels_of(picture)
    for number, one in enumerate(picture.objects, start=1):
        x, y, width, height = _box(one, picture.size_hw, settings.margin_px)
        if width == 0:
            continue
        mask = rle.decode_crop(one.rle_counts, picture.size_hw, bbox_xywh=(x, y, width, height))
        crop = pixels[y : y + height, x : x + width]
        file = f"{stem}/{number:03d}-{file_word(one.category.name)}.png"
        store.put(f"crops/{file}", _png(crop))
        store.put(
            f"cutouts/{file}", _png(np.dstack((crop * mask[..., None], mask * np.uint8(255))))
        )
        score = "" if one.score is None else one.score
        described = (file, picture.name, one.uid, one.category.name, score, one.state)
        yield (*described, x, y, width, height)


def _box(
    one: LabelledObject, size_hw: tuple[int, int], margin_px: int
) -> tuple[int, int, int, int]:
    """The object's box with the margin, as far as the picture goes; zeros without a pixel."""
    if one.area_px == 0:
        return 0, 0, 0, 0
    x, y, width, height = one.bbox_xywh_px
    left, top = max(x - margin_px, 0), max(y - margin_px, 0)
    right = min(x + width + margin_px, size_hw[1])
    bottom = min(y + height + margin_px, size_hw[0])
    return left, top, right - left, bottom - top


def file_word(name: str) -> str:
    """A class's name as a part of a file name that every system takes; ``object`` for nothing."""
    plain = unicodedata.normalize("NFC", name)
    letters = "".join(one if one.isalnum() else "-" for one in plain)
    words = [word for word in letters.split("-") if word]
    return "-".join(words)[:_MOST_CLASS_CHARACTERS] or "object"


def _png(raster: UInt8[np.ndarray, "h w channels"]) -> bytes:
    with io.BytesIO() as stream:
        Image.fromarray(np.ascontiguousarray(raster)).save(stream, "png", compress_level=4)
        return stream.getvalue()


def _csv_line(cells: tuple[object, ...]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode("utf-8", "surrogateescape")
