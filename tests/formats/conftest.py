"""Builders for what is written as text."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from yolact_cli.errors import InputError
from yolact_cli.formats.coco import write_coco
from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture, LabelSet
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
        write_coco(stream, lambda: iter(pictures), classes=classes, info=info or {})
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
