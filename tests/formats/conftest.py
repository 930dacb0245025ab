"""Builders for what is written as text."""

import contextlib
import io
import json
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from yolact_cli.errors import InputError
from yolact_cli.formats.coco import DataSetHead, write_data_set, written_categories
from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture, LabelSet
from yolact_cli.pipelines.labelled import labelled_picture
from yolact_cli.structures import Category


@pytest.fixture
def classes():
    """Three classes with the gaps that COCO's category ids have."""
    return {
        0: Category(category_id=1, name="person", supercategory="person"),
        1: Category(category_id=17, name="Kätzchen", supercategory="animal"),
        2: Category(category_id=90, name="人", supercategory=""),
    }


@pytest.fixture
def written(classes):
    """Bytes of a COCO file with the given pictures: ``written([detections, …])``."""

    def write(pictures, classes=classes, info=None) -> bytes:
        stream = io.BytesIO()
        write_data_set(
            stream,
            io.BytesIO(),
            DataSetHead(categories=written_categories(classes), info=info or {}),
            (labelled_picture(picture, classes) for picture in pictures),
        )
        return stream.getvalue()

    return write


@pytest.fixture
def parsed(written):
    """Like ``written``, parsed."""
    return lambda *args, **kwargs: json.loads(written(*args, **kwargs))


@pytest.fixture(scope="session")
def labelled():
    """Build a labelled object from a full-size bool mask: ``labelled(mask, "cat", score=0.9)``."""

    def build(mask, name="cat", *, category_id=1, number=0, **fields) -> LabelledObject:
        counts = rle.encode_mask(mask)
        values = {
            "uid": f"{number:012x}",
            "category": Category(category_id=category_id, name=name),
            "bbox_xywh_px": rle.tight_bbox(counts, mask.shape),
            "area_px": rle.area_of(counts),
            "rle_counts": counts,
            "score": round(0.9 - 0.01 * number, 4),
        }
        return LabelledObject(**(values | fields))

    return build


class _Photos:
    """Pictures in a folder; those whose file is missing are not where they were."""

    def __init__(self, folder):
        self.folder = folder

    def path_of(self, picture):
        path = self.folder / picture.name
        if not path.is_file():
            raise InputError(f"{picture.name}: not found.")
        return path

    def pixels_of(self, picture):
        return np.asarray(Image.open(self.path_of(picture)).convert("RGB"))


@pytest.fixture
def label_set(tmp_path):
    """``label_set({"a.png": [objects]}, size_hw)``: with PNGs of noise below ``photos/``."""

    def build(pictures, size_hw=(40, 60), *, missing=()) -> LabelSet:
        folder = tmp_path / "photos"
        listed = []
        for number, (name, objects) in enumerate(pictures.items(), start=1):
            if name not in missing and not (folder / name).exists():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                pixels = np.random.default_rng(number).integers(0, 255, (*size_hw, 3), np.uint8)
                Image.fromarray(pixels).save(folder / name, "png")
            listed.append(
                LabelledPicture(
                    picture_id=number, name=name, size_hw=size_hw, objects=tuple(objects)
                )
            )
        found = {
            one.category.category_id: one.category for ones in pictures.values() for one in ones
        }
        return LabelSet(
            categories=tuple(found[key] for key in sorted(found))
            or (Category(category_id=1, name="cat"),),
            read_pictures=lambda: iter(listed),
            files=_Photos(folder),
        )

    return build


@pytest.fixture(scope="session")
def hard_mask():
    """An object of two parts, one of them with a hole, in a picture of 40 rows and 60 columns."""
    mask = np.zeros((40, 60), bool)
    mask[5:20, 4:30] = True
    mask[9:13, 10:17] = False
    mask[25:37, 33:58] = True
    mask[25, 33] = False
    return mask


@pytest.fixture(scope="session")
def any_mask():
    """A hypothesis strategy for masks with holes, parts and islands: ``any_mask((h, w))``."""

    def build(size_hw):
        noise = arrays(np.uint8, size_hw, elements=st.integers(0, 9))

        def mask(values, level, spot):
            values = values < level
            values.flat[spot] = True  # no object is without a pixel
            return values

        return st.builds(mask, noise, st.integers(0, 10), st.integers(0, np.prod(size_hw) - 1))

    return build


class NoFiles:
    """Pictures that are nowhere."""

    def path_of(self, picture):
        raise InputError(f"{picture.name}: not found.")

    pixels_of = path_of


@pytest.fixture(scope="session")
def plain_set():
    """``plain_set({"a.png": [objects]}, size_hw, changes={…})``: labels without any file."""

    def build(pictures, size_hw, *, changes=None, categories=None) -> LabelSet:
        listed = [
            LabelledPicture(
                picture_id=number, name=name, size_hw=size_hw, objects=tuple(objects),
                **(changes or {}),
            )
            for number, (name, objects) in enumerate(pictures.items(), start=1)
        ]  # fmt: skip
        found = {one.category.category_id: one.category for p in listed for one in p.objects}
        return LabelSet(
            categories=categories or tuple(found[key] for key in sorted(found)),
            read_pictures=lambda: iter(listed),
            files=NoFiles(),
        )

    return build


@pytest.fixture(scope="session")
def many_pictures():
    """``many_pictures(object, 500)``: that many pictures with that object, made as they are read."""

    def build(one, count) -> LabelSet:
        def read():
            for number in range(1, count + 1):
                yield LabelledPicture(
                    picture_id=number, name=f"{number}.png", size_hw=(40, 60), objects=(one,)
                )

        return LabelSet(categories=(one.category,), read_pictures=read, files=NoFiles())

    return build


@pytest.fixture(scope="session")
def peak_of():
    """Peak memory of a call in bytes: ``peak_of(function)``.

    The least of three calls: what the process's other threads do meanwhile counts as well, and
    what a call itself holds it holds each time.
    """

    def once(function) -> int:
        tracemalloc.start()
        try:
            function()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return lambda function: min(once(function) for _ in range(3))


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """A new folder for each example of a property: ``with folder() as path``."""

    @contextlib.contextmanager
    def make():
        with tempfile.TemporaryDirectory(dir=tmp_path_factory.getbasetemp()) as path:
            yield Path(path)

    return make
