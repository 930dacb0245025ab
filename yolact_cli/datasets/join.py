"""Which prediction belongs to which picture and category of truth.

A results list is joined by ids, as COCO does it. A data set is joined by names, because two tools
seldom number alike: pictures by file name, then by the last part of it where that is unique;
categories by name. Ids are the way out only where not one name agrees.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.datasets.fields import BadFieldError
from yolact_cli.datasets.predictions import PredictedPicture, Prediction, Predictions
from yolact_cli.datasets.segmentation import check_segmentation, compressed_rle
from yolact_cli.errors import BadCocoError, SettingsError
from yolact_cli.structures import Truth, TruthPicture

NAMED = 5
"""Pictures that are left out and named; the others are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassJoin:
    """One class on both sides; names are empty where the predictions have none."""

    here_id: int
    here_name: str
    truth_id: int
    truth_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinReport:
    """What was joined how, and what was left over.

    Attributes:
        origin: The file of the predictions.
        pictures_by: ``file name``, ``file name, in part without folders`` or ``id``.
        categories_by: ``name`` or ``id``.
        truth_pictures: How many there are in truth.
        pictures_without_predictions: Of these, how many nothing was predicted in.
        foreign_pictures: Pictures with predictions that truth does not have.
        foreign_picture_objects: Predictions in them, left out.
        foreign_picture_names: Of the first of them, as the predictions call them.
        foreign_classes: Names that truth does not have, with the number of predictions left out.
        objects: Predictions that take part.
        classes: How each class of the predictions is called in truth, in the order of its ids.
    """

    origin: str
    pictures_by: str
    categories_by: str
    truth_pictures: int
    pictures_without_predictions: int
    foreign_pictures: int
    foreign_picture_objects: int
    foreign_picture_names: tuple[str, ...]
    foreign_classes: Mapping[str, int]
    objects: int
    classes: tuple[ClassJoin, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """COCO results with the ids of truth; masks compressed, boxes only where they were given."""

    results: list[dict[str, Any]]
    report: JoinReport


def join(
    predictions: Predictions,
    truth: Truth,
    *,
    class_map: ClassMap | None = None,
    category_ids: Collection[int] | None = None,
) -> Joined:
    """Predictions as results over truth's pictures.

    Args:
        predictions: As read.
        truth: As read.
        class_map: New names for the classes of the predictions, to be found in truth.
        category_ids: Only these categories of truth are of interest: others may be unknown.

    Raises:
        BadCocoError: Nothing in common, ambiguous names, a picture of another size, a mask that
            does not fit its picture, or categories that truth does not have (in a results list).
        SettingsError: The class map speaks of classes that the predictions do not have, or they
            have no names.
    """
    pictures, pictures_by = _join_pictures(predictions, truth)
    categories, categories_by = _join_categories(predictions, truth, class_map)
    foreign = [one.image_id for one in predictions.objects if one.image_id not in pictures]
    here = [one for one in predictions.objects if one.image_id in pictures]
    left_out = Counter(
        _class_name(one, predictions) for one in here if one.category_id not in categories
    )
    problems: list[str] = []
    if predictions.category_names is None and category_ids is None:
        problems += [f"{name} is not among truth's categories" for name in sorted(left_out)]
    results: list[dict[str, Any]] = []
    for one in here:
        category_id = categories.get(one.category_id)
        if category_id is not None and (category_ids is None or category_id in category_ids):
            results += _result(one, pictures[one.image_id], category_id, problems)
    if problems:
        raise BadCocoError(predictions.origin, problems)
    names = predictions.category_names or {}
    truth_names = {one.category_id: one.name for one in truth.categories}
    report = JoinReport(
        origin=predictions.origin,
        pictures_by=pictures_by,
        categories_by=categories_by,
        truth_pictures=len(truth.pictures),
        pictures_without_predictions=len(truth.pictures)
        - len({one["image_id"] for one in results}),
        foreign_pictures=len(set(foreign)),
        foreign_picture_objects=len(foreign),
        foreign_picture_names=_picture_names(dict.fromkeys(foreign), predictions),
        foreign_classes=dict(sorted(left_out.items())),
        objects=len(results),
        classes=tuple(
            ClassJoin(
                here_id=here,
                here_name=names.get(here, ""),
                truth_id=there,
                truth_name=truth_names[there],
            )
            for here, there in sorted(categories.items())
        ),
    )
    return Joined(results=results, report=report)


def _picture_names(image_ids: Collection[int], predictions: Predictions) -> tuple[str, ...]:
    names = {one.image_id: one.file_name for one in predictions.pictures or ()}
    return tuple(names.get(one, f"image {one}") for one in list(image_ids)[:NAMED])


def _class_name(prediction: Prediction, predictions: Predictions) -> str:
    if predictions.category_names is None:
        return f"category {prediction.category_id}"
    return predictions.category_names[prediction.category_id]


def _result(
    prediction: Prediction, picture: TruthPicture, category_id: int, problems: list[str]
) -> Iterator[dict[str, Any]]:
    result: dict[str, Any] = {
        "image_id": picture.image_id,
        "category_id": category_id,
        "score": prediction.score,
    }
    if prediction.bbox_xywh_px is not None:
        result["bbox"] = list(prediction.bbox_xywh_px)
    size_hw = _size_hw(picture)
    try:
        segmentation = check_segmentation(prediction.segmentation, size_hw, allow_empty=True)
    except BadFieldError as error:
        problems.append(f"{prediction.place} ({picture.file_name}): {error}")
        return
    if segmentation is not None:
        result["segmentation"] = compressed_rle(segmentation, size_hw)
    yield result


def _join_pictures(predictions: Predictions, truth: Truth) -> tuple[dict[int, TruthPicture], str]:
    """Truth's picture by the predictions' image id, and how they were found."""
    by_id = {picture.image_id: picture for picture in truth.pictures}
    if predictions.pictures is None:
        shared = {one.image_id for one in predictions.objects} & by_id.keys()
        if predictions.objects and not shared:
            first = f"such as image {predictions.objects[0].image_id}"
            problem = f"truth has none of its pictures ({first})"
            remedy = "A results list is joined by ids; a data set or a run is joined by names."
            raise BadCocoError(predictions.origin, [problem], remedy=remedy)
        return {image_id: by_id[image_id] for image_id in shared}, "id"
    joined, how = _by_file_name(predictions.pictures, truth, predictions.origin)
    if not joined:
        joined = {
            one.image_id: by_id[one.image_id]
            for one in predictions.pictures
            if one.image_id in by_id and _size_hw(by_id[one.image_id]) == one.size_hw
        }
        how = "id"
    if predictions.pictures and not joined:
        names = f"'{predictions.pictures[0].file_name}' here, '{truth.pictures[0].file_name}' there"
        raise BadCocoError(predictions.origin, [f"truth has none of its pictures ({names})"])
    _check_sizes(predictions, joined)
    return joined, how


def _by_file_name(
    pictures: tuple[PredictedPicture, ...], truth: Truth, origin: str
) -> tuple[dict[int, TruthPicture], str]:
    whole = _grouped(truth.pictures, _normal)
    joined: dict[int, TruthPicture] = {}
    problems: list[str] = []
    for one in pictures:
        candidates = whole.get(_normal(one.file_name), [])
        if len(candidates) > 1:
            problems.append(f"truth lists {one.file_name} {len(candidates)} times")
        elif candidates:
            joined[one.image_id] = candidates[0]
    taken = {picture.image_id for picture in joined.values()}
    last = _grouped([one for one in truth.pictures if one.image_id not in taken], _last_part)
    rest = [one for one in pictures if one.image_id not in joined]
    alike = Counter(_last_part(one.file_name) for one in rest)
    how = "file name"
    for one in rest:
        candidates = last.get(_last_part(one.file_name), [])
        if len(candidates) > 1 or (candidates and alike[_last_part(one.file_name)] > 1):
            problems.append(f"{one.file_name} could be {candidates[0].file_name}, but not only")
        elif candidates:
            joined[one.image_id] = candidates[0]
            how = "file name, in part without folders"
    if problems:
        remedy = "Give both files the same relative paths."
        raise BadCocoError(origin, problems, remedy=remedy)
    return joined, how


def _grouped(
    pictures: Collection[TruthPicture], key: Callable[[str], str]
) -> dict[str, list[TruthPicture]]:
    groups: dict[str, list[TruthPicture]] = defaultdict(list)
    for picture in pictures:
        groups[key(picture.file_name)].append(picture)
    return groups


def _size_hw(picture: TruthPicture) -> tuple[int, int]:
    return picture.height, picture.width


def _normal(file_name: str) -> str:
    return file_name.removeprefix("./")


def _last_part(file_name: str) -> str:
    return file_name.rsplit("/", 1)[-1]


def _check_sizes(predictions: Predictions, joined: Mapping[int, TruthPicture]) -> None:
    problems = []
    for one in predictions.pictures or ():
        picture = joined.get(one.image_id)
        if picture is not None and _size_hw(picture) != one.size_hw:
            height, width = one.size_hw
            here, there = f"{width}x{height}", f"{picture.width}x{picture.height}"
            problems.append(f"{one.file_name} is {here} px here and {there} px in truth")
    if problems:
        remedy = "Predictions must be made of the pictures that truth was made of."
        raise BadCocoError(predictions.origin, problems, remedy=remedy)


def _join_categories(
    predictions: Predictions, truth: Truth, class_map: ClassMap | None
) -> tuple[dict[int, int], str]:
    """Truth's category id by the predictions', and how they were found."""
    names = predictions.category_names
    known = {category.category_id for category in truth.categories}
    if names is None:
        if class_map is not None:
            raise SettingsError(
                f"{predictions.origin}: a results list has no class names to map.",
                remedy="Score the run's annotations.json instead.",
            )
        return {category_id: category_id for category_id in known}, "id"
    if class_map is not None:
        class_map.check_names(list(names.values()))
        mapped = {key: class_map.new_name(name) for key, name in names.items()}
    else:
        mapped = dict(names)
    by_name = {category.name: category.category_id for category in truth.categories}
    _refuse_ambiguous(mapped.values(), truth, predictions.origin)
    joined = {key: by_name[name] for key, name in mapped.items() if name in by_name}
    if joined:
        return joined, "name"
    by_id = {key: key for key in names if key in known and class_map is None}
    if names and not by_id:
        here, there = next(iter(names.values())), truth.categories[0].name
        problem = f"truth has none of its classes ('{here}' here, '{there}' there)"
        raise BadCocoError(predictions.origin, [problem], remedy="A class map can rename them.")
    return by_id, "id"


def _refuse_ambiguous(wanted: Collection[str | None], truth: Truth, origin: str) -> None:
    alike = Counter(category.name for category in truth.categories)
    problems = [
        f"truth has {count} classes called '{name}'"
        for name, count in alike.items()
        if count > 1 and name in wanted
    ]
    if problems:
        raise BadCocoError(origin, problems, remedy="Give them different names.")
