"""Predictions in: a run's folder, a COCO data set with scores, or a COCO results list.

A data set names its pictures and categories, so that it can be joined with truth of other ids; a
results list has ids alone. Masks are checked when they meet the picture they are of.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from yolact_cli.datasets.coco_file import read_json
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
from yolact_cli.errors import BadCocoError

Parsed = TypeVar("Parsed")

OF_A_RUN = ("annotations.json", "results.json")

OF_AN_OBJECT = ("id", "image_id", "category_id", "bbox")
"""Ids of predictions mean nothing to a score; the same object twice does."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prediction:
    """One predicted object.

    Attributes:
        place: How sentences call it.
        image_id: From the file.
        category_id: From the file.
        score: Finite.
        bbox_xywh_px: The predicted box, or None where the file has only the mask.
        segmentation: As in the file, unchecked; None or empty where there is only a box.
    """

    place: str
    image_id: int
    category_id: int
    score: float
    bbox_xywh_px: tuple[float, float, float, float] | None
    segmentation: Any


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PredictedPicture:
    """A picture that was looked at."""

    image_id: int
    file_name: str
    size_hw: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Predictions:
    """All predictions of a file.

    Attributes:
        origin: The file.
        objects: In the file's order.
        pictures: All that were looked at, or None where the file does not say.
        category_names: By id, or None where the file does not say.
    """

    origin: str
    objects: tuple[Prediction, ...]
    pictures: tuple[PredictedPicture, ...] | None
    category_names: Mapping[int, str] | None


def read_predictions(path: Path) -> Predictions:
    """The predictions in a file, or in a run's folder.

    Raises:
        BadCocoError: With the first twenty problems.
    """
    if path.is_dir():
        path = _file_of_run(path)
    document = read_json(path)
    problems: list[str] = []
    if isinstance(document, list):
        objects = _each(document, "results", _result, problems)
        predictions = Predictions(
            origin=str(path), objects=tuple(objects), pictures=None, category_names=None
        )
    elif isinstance(document, dict):
        predictions = _data_set(document, str(path), problems)
    else:
        problems.append(f"neither a COCO data set nor COCO results: {shown(document)}")
    if problems:
        raise BadCocoError(str(path), problems)
    return predictions


def _file_of_run(folder: Path) -> Path:
    for name in OF_A_RUN:
        if (folder / name).is_file():
            return folder / name
    problem = f"the folder has neither {' nor '.join(OF_A_RUN)}"
    remedy = "Give a finished run, or a file of predictions."
    raise BadCocoError(str(folder), [problem], remedy=remedy)


def _data_set(document: Mapping[str, Any], origin: str, problems: list[str]) -> Predictions:
    images, categories, annotations = (
        _list(document, key, problems) for key in ("images", "categories", "annotations")
    )
    if annotations and not any(isinstance(one, dict) and "score" in one for one in annotations):
        problem = "no annotation has a score: this is ground truth, or labels made by people"
        raise BadCocoError(origin, [problem], remedy="PREDICTIONS come first, TRUTH second.")
    repeated = [
        *_repeated(images, "images", ("id",)),
        *_repeated(categories, "categories", ("id",)),
        *_repeated(annotations, "annotations", OF_AN_OBJECT),
    ]
    pictures = _each(images, "images", _picture, problems)
    names = dict(_each(categories, "categories", _category, problems))
    objects = _each(annotations, "annotations", _annotation, problems)
    known = {picture.image_id for picture in pictures}
    problems += repeated
    if not problems:
        problems += [
            f"{one.place}: category {one.category_id} is not among the categories"
            for one in objects
            if one.category_id not in names
        ]
        problems += [
            f"{one.place}: image {one.image_id} is not among the images"
            for one in objects
            if one.image_id not in known
        ]
    return Predictions(
        origin=origin, objects=tuple(objects), pictures=tuple(pictures), category_names=names
    )


def _repeated(items: list[Any], key: str, of_identity: tuple[str, ...]) -> list[str]:
    """A problem for every record with the id of an earlier one and the same of what else counts."""
    first_place: dict[str, int] = {}
    problems = []
    for position, item in enumerate(items):
        if not isinstance(item, dict) or "id" not in item:
            continue
        identity = json.dumps([item.get(name) for name in of_identity])
        first = first_place.setdefault(identity, position)
        if first != position:
            problems.append(f"{key}[{position}]: id {shown(item['id'])} is that of {key}[{first}]")
    return problems


def _list(document: Mapping[str, Any], key: str, problems: list[str]) -> list[Any]:
    try:
        return records(document, key)
    except BadFieldError as error:
        problems.append(str(error))
        return []


def _each(
    items: list[Any],
    key: str,
    read: Callable[[dict[str, Any], str], Parsed],
    problems: list[str],
) -> list[Parsed]:
    """What the items say; they are taken out of the list, as parsed JSON is much larger."""
    parsed = []
    for position, item in enumerate(items):
        place = f"{key}[{position}]"
        try:
            parsed.append(read(record(item), place))
        except BadFieldError as error:
            problems.append(f"{place}: {error}")
        items[position] = None
    return parsed


def _picture(item: Mapping[str, Any], _: str) -> PredictedPicture:
    return PredictedPicture(
        image_id=whole_number(item, "id"),
        file_name=text(item, "file_name").replace("\\", "/"),
        size_hw=(whole_number(item, "height"), whole_number(item, "width")),
    )


def _category(item: Mapping[str, Any], _: str) -> tuple[int, str]:
    return whole_number(item, "id"), text(item, "name")


def _result(item: Mapping[str, Any], place: str) -> Prediction:
    return _prediction(item, item.get("bbox"), place)


def _annotation(item: Mapping[str, Any], place: str) -> Prediction:
    # In a run's data set bbox is the mask's own; the network's box is what a box score is about.
    return _prediction(item, item.get("predicted_bbox") or item.get("bbox"), place)


def _prediction(item: Mapping[str, Any], bbox: Any, place: str) -> Prediction:
    if "score" not in item:
        raise BadFieldError("no 'score'")
    if not bbox and not item.get("segmentation"):
        raise BadFieldError("neither 'bbox' nor 'segmentation'")
    return Prediction(
        place=place,
        image_id=whole_number(item, "image_id"),
        category_id=whole_number(item, "category_id"),
        score=number(item["score"], "score"),
        bbox_xywh_px=box(bbox) if bbox else None,
        segmentation=item.get("segmentation"),
    )
