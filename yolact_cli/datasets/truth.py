"""Ground truth in: COCO JSON of any tool, checked as a whole before anything is made of it.

One problem is reported a record, all records are looked at, and the first twenty problems are
told at once. What tools differ in without harm is accepted: whole numbers as floats, no area, no
``iscrowd``, boxes left out where there is a mask, empty segmentations, keys we do not know.

LVIS looks for some classes in each picture only, those it has objects of and those in
``neg_category_ids``; such a picture is a partly labelled one. It names pictures by ``coco_url``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yolact_cli.datasets.coco_file import read_data_set
from yolact_cli.datasets.fields import (
    BadFieldError,
    box,
    number,
    record,
    records,
    shown,
    text,
    whole_number,
)
from yolact_cli.datasets.segmentation import (
    check_segmentation,
    decode_mask,
    mask_area_px,
    mask_bbox_xywh_px,
)
from yolact_cli.errors import BadCocoError
from yolact_cli.structures import Category, Truth, TruthObject, TruthPicture

__all__ = ["Truth", "TruthObject", "TruthPicture", "decode_mask", "read_truth", "truth_from_coco"]

BOX_TOLERANCE_PX = 1.0  # tools round corners, and some count the last pixel's far edge twice


def read_truth(path: Path, *, images_dir: Path | None = None, require_masks: bool = False) -> Truth:
    """The data set in a COCO JSON file.

    Args:
        path: The file.
        images_dir: Where ``file_name`` starts; when given, every picture must be there.
        require_masks: Refuse objects (but crowds) that have only a box.

    Raises:
        BadCocoError: With the first twenty problems.
    """
    document = read_data_set(path)
    return truth_from_coco(document, str(path), images_dir=images_dir, require_masks=require_masks)


def truth_from_coco(
    document: dict[str, Any],
    origin: str,
    *,
    images_dir: Path | None = None,
    require_masks: bool = False,
) -> Truth:
    """The data set in a COCO document; annotations are taken out of it as they are read.

    Args:
        document: As parsed from JSON.
        origin: How errors call it.
        images_dir: As in :func:`read_truth`.
        require_masks: As in :func:`read_truth`.

    Raises:
        BadCocoError: With the first twenty problems.
    """
    reader = _Reader(images_dir=images_dir, require_masks=require_masks)
    reader.read(document)
    if reader.problems:
        raise BadCocoError(
            origin, reader.problems, remedy="Nothing was started; repair the file and try again."
        )
    pictures = (
        replace(
            picture,
            objects=tuple(reader.objects[image_id]),
            labelled_class_ids=reader.looked_for(image_id),
        )
        for image_id, picture in reader.pictures.items()
    )
    categories = tuple(reader.categories[key] for key in sorted(reader.categories))
    return Truth(categories=categories, pictures=tuple(pictures))


@dataclass(kw_only=True)
class _Reader:
    """Everything read so far, and everything that was wrong with it."""

    images_dir: Path | None
    require_masks: bool
    problems: list[str] = field(default_factory=list)
    categories: dict[int, Category] = field(default_factory=dict)
    class_ids: dict[int, int] = field(default_factory=dict)
    pictures: dict[int, TruthPicture] = field(default_factory=dict)
    objects: dict[int, list[TruthObject]] = field(default_factory=dict)
    annotation_ids: set[int] = field(default_factory=set)
    absent_class_ids: dict[int, frozenset[int]] = field(default_factory=dict)

    def read(self, document: dict[str, Any]) -> None:
        self._each(document, "categories", self._category)
        self.class_ids = {key: place for place, key in enumerate(sorted(self.categories))}
        self._each(document, "images", self._picture)
        # Dropped while they are read: parsed JSON takes several times the memory of the records.
        self._each(document, "annotations", self._annotation)
        if not self.problems and not self.categories:
            self.problems.append("the set has no categories")
        if not self.problems and not self.pictures:
            self.problems.append("the set has no pictures")

    def _each(self, document: dict[str, Any], key: str, read: Callable[[Any], None]) -> None:
        try:
            items = records(document, key)
        except BadFieldError as error:
            self.problems.append(str(error))
            return
        for place, item in enumerate(items):
            try:
                read(record(item))
            except BadFieldError as error:
                self.problems.append(f"{_named(key, place, item)}: {error}")
            items[place] = None

    def _category(self, item: Mapping[str, Any]) -> None:
        category_id = whole_number(item, "id")
        parent = item.get("supercategory")
        category = Category(
            category_id=category_id,
            name=text(item, "name"),
            supercategory=parent if isinstance(parent, str) else "",
        )
        _refuse_second(category_id, self.categories)
        self.categories[category_id] = category

    def _picture(self, item: Mapping[str, Any]) -> None:
        image_id = whole_number(item, "id")
        _refuse_second(image_id, self.pictures)
        file_name = _file_name(item)
        picture = TruthPicture(
            image_id=image_id,
            file_name=file_name,
            width=_side(item, "width"),
            height=_side(item, "height"),
            objects=(),
            labelled_class_ids=self._class_ids(item, "labelled_category_ids"),
            not_exhaustive_class_ids=self._class_ids(item, "not_exhaustive_category_ids")
            or frozenset(),
        )
        absent = self._class_ids(item, "neg_category_ids")
        if absent is not None:
            self.absent_class_ids[image_id] = absent
        # Kept before the file is looked for, so that its annotations are not problems as well.
        self.pictures[image_id] = picture
        self.objects[image_id] = []
        if self.images_dir is not None and not (self.images_dir / file_name).is_file():
            raise BadFieldError(f"{file_name} is not in {self.images_dir}")

    def looked_for(self, image_id: int) -> frozenset[int] | None:
        """The only classes that were looked for in a picture, or None for all of them."""
        labelled = self.pictures[image_id].labelled_class_ids
        absent = self.absent_class_ids.get(image_id)
        if labelled is not None or absent is None:
            return labelled
        return absent | {labelled.class_id for labelled in self.objects[image_id]}

    def _class_ids(self, item: Mapping[str, Any], key: str) -> frozenset[int] | None:
        if item.get(key) is None:
            return None
        named = records(item, key)
        unknown = [
            key for key in named if isinstance(key, list | dict) or key not in self.class_ids
        ]
        if unknown:
            raise BadFieldError(f"'{key}' has {shown(unknown[0])}, which is no category")
        return frozenset(self.class_ids[key] for key in named)

    def _annotation(self, item: Mapping[str, Any]) -> None:
        annotation_id = whole_number(item, "id")
        _refuse_second(annotation_id, self.annotation_ids)
        self.annotation_ids.add(annotation_id)
        category_id = whole_number(item, "category_id")
        image_id = whole_number(item, "image_id")
        if category_id not in self.categories:
            raise BadFieldError(f"category {category_id} is not among the categories")
        if image_id not in self.pictures:
            raise BadFieldError(f"image {image_id} is not among the images")
        self.objects[image_id].append(self._object(item, self.pictures[image_id]))

    def _object(self, item: Mapping[str, Any], picture: TruthPicture) -> TruthObject:
        size_hw = picture.height, picture.width
        segmentation = check_segmentation(item.get("segmentation"), size_hw)
        is_crowd = item.get("iscrowd") in (1, True)
        if item.get("bbox"):
            bbox_xywh_px = box(item["bbox"])
        elif segmentation is None:
            raise BadFieldError("neither 'bbox' nor 'segmentation'")
        else:
            bbox_xywh_px = mask_bbox_xywh_px(segmentation, size_hw)
        _check_inside(bbox_xywh_px, picture)
        if self.require_masks and segmentation is None and not is_crowd:
            raise BadFieldError("only a box, and masks are required")
        if item.get("area") is not None:
            area_px = number(item["area"], "area")
        elif segmentation is not None:
            area_px = float(mask_area_px(segmentation, size_hw))
        else:
            area_px = bbox_xywh_px[2] * bbox_xywh_px[3]
        category_id = int(item["category_id"])
        return TruthObject(
            annotation_id=int(item["id"]),
            category_id=category_id,
            class_id=self.class_ids[category_id],
            bbox_xywh_px=bbox_xywh_px,
            segmentation=segmentation,
            is_crowd=is_crowd,
            area_px=area_px,
        )


def _named(key: str, place: int, item: Any) -> str:
    """How a record is called in a sentence: by its id where it has one, else by its place."""
    singular = {"categories": "category", "images": "image", "annotations": "annotation"}[key]
    if isinstance(item, dict) and "id" in item:
        return f"{singular} {shown(item['id'])}"
    return f"{key}[{place}]"


def _refuse_second(key: int, known: Mapping[int, Any] | set[int]) -> None:
    if key in known:
        raise BadFieldError("its id is used twice")


def _file_name(item: Mapping[str, Any]) -> str:
    if "file_name" not in item and isinstance(item.get("coco_url"), str):
        # http://images.cocodataset.org/val2017/000000397133.jpg
        return "/".join(item["coco_url"].rsplit("/", 2)[1:])
    return text(item, "file_name").replace("\\", "/")


def _side(item: Mapping[str, Any], key: str) -> int:
    side = whole_number(item, key)
    if side <= 0:
        raise BadFieldError(f"'{key}' is {side}, a picture has at least one pixel")
    return side


def _check_inside(bbox_xywh_px: tuple[float, float, float, float], picture: TruthPicture) -> None:
    x, y, width, height = bbox_xywh_px
    if width == 0 or height == 0:
        raise BadFieldError(f"'bbox' {shown([x, y, width, height])} has no extent")
    outside = max(-x, -y, x + width - picture.width, y + height - picture.height)
    if outside > BOX_TOLERANCE_PX:
        there = f"{picture.file_name} ({picture.width}x{picture.height})"
        shape = shown(list(bbox_xywh_px))
        raise BadFieldError(f"'bbox' {shape} reaches {outside:.1f} px out of {there}")
