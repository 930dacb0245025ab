"""Which of a run's labels are exported, and into which parts they are split."""

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Literal, get_args

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.errors import SettingsError
from yolact_cli.labels import LabelledObject, LabelledPicture, LabelSet
from yolact_cli.review.priority import picture_priority
from yolact_cli.review.queue import kind_of
from yolact_cli.structures import Category

Split = Literal["sure", "check", "empty"]
"""sure: nothing speaks for a look; check: something does; empty: without objects."""

Pictures = Callable[[], Iterator[LabelledPicture]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportChoice:
    """What is exported of a run, and for whom."""

    class_names: tuple[str, ...] | None = None
    """Only these of the run's classes, or None for all."""
    class_map: ClassMap | None = None
    """Other names for the run's classes."""
    score_threshold: float | None = None
    """Machine labels whose score is not above this stay out; what a person saw never does."""
    reviewed_only: bool = False
    """Only pictures that a person marked done."""
    top: int | None = None
    """Only so many pictures, those of the highest priority; the earlier one where two are equal."""
    splits: tuple[Split, ...] = ()
    """Each in a part of its own; what belongs to none of them is left out. Empty: one part."""
    reviewers: tuple[str, ...] = ()
    """Each gets a part of the queue: pictures in turn, videos whole. Empty: one part."""

    def __post_init__(self) -> None:
        for name in self.reviewers:
            if name in (".", "..") or any(one in "/\\:\0" for one in name):
                raise SettingsError(f"{name!r} cannot be the name of a folder for a reviewer.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPart:
    """Pictures that are handed on together.

    Attributes:
        folder: Below the export's own, with forward slashes; empty for that itself.
        labels: The pictures.
    """

    folder: str
    labels: LabelSet


def chosen_labels(labels: LabelSet, choice: ExportChoice) -> LabelSet:
    """The labels of that choice, but for its parts; every reading gives the same.

    Raises:
        SettingsError: Classes that the run does not have, or nothing left to export.
    """
    written = _written_categories(labels.categories, choice)
    found = {one.category_id: one for one in written.values()}

    def read() -> Iterator[LabelledPicture]:
        for picture in labels.read_pictures():
            if picture.is_reviewed or not choice.reviewed_only:
                yield _chosen(picture, written, choice)

    everything = replace(
        labels,
        categories=tuple(found[key] for key in sorted(found)),
        read_pictures=read,
    )
    return everything if choice.top is None else _top(everything, choice.top)


def parts_of(labels: LabelSet, choice: ExportChoice) -> Iterator[ExportPart]:
    """The parts, in the order asked for; those without a picture are left out."""
    for split in choice.splits or (None,):
        for place, reviewer in enumerate(choice.reviewers or (None,)):
            is_in = _membership(split, place if reviewer else None, len(choice.reviewers))
            folder = "/".join(name for name in (split, reviewer) if name)
            part = _filtered(labels, is_in)
            if not folder or next(part.read_pictures(), None) is not None:
                yield ExportPart(folder=folder, labels=part)


def chunks_of(part: ExportPart, pictures: int) -> Iterator[ExportPart]:
    """A part in pieces of so many pictures, each held in memory while it is written."""
    held: list[LabelledPicture] = []
    number = 1
    for picture in part.labels.read_pictures():
        held.append(picture)
        if len(held) == pictures:
            yield _chunk(part, number, held)
            held, number = [], number + 1
    if held:
        yield _chunk(part, number, held)


def split_of(picture: LabelledPicture) -> Split:
    """The part that a picture belongs to by its objects and its priority."""
    return kind_of(picture)


def _chunk(part: ExportPart, number: int, held: Sequence[LabelledPicture]) -> ExportPart:
    folder = f"{part.folder}/chunk-{number:04d}".lstrip("/")
    return ExportPart(folder=folder, labels=replace(part.labels, read_pictures=lambda: iter(held)))


def _membership(
    split: Split | None, place: int | None, reviewers: int
) -> Callable[[LabelledPicture], bool]:
    def is_in(picture: LabelledPicture) -> bool:
        if split is not None and split_of(picture) != split:
            return False
        if place is None:
            return True
        # By ids, which never change: nobody loses a picture because others came or went.
        video = picture.place
        return ((picture.picture_id if video is None else video.video_id) - 1) % reviewers == place

    return is_in


def _filtered(labels: LabelSet, is_in: Callable[[LabelledPicture], bool]) -> LabelSet:
    return replace(labels, read_pictures=lambda: filter(is_in, labels.read_pictures()))


def _top(labels: LabelSet, top: int) -> LabelSet:
    """The pictures of the highest priority, still in order of their ids."""
    ranked = (
        (0.0 if one.priority is None else one.priority.value, -one.picture_id)
        for one in labels.read_pictures()
    )
    ids = {-negative for _, negative in heapq.nlargest(top, ranked)}
    return _filtered(labels, lambda picture: picture.picture_id in ids)


def _chosen(
    picture: LabelledPicture, written: dict[int, Category], choice: ExportChoice
) -> LabelledPicture:
    def is_in(one: LabelledObject) -> bool:
        is_machine = one.state == "machine" and one.score is not None
        is_weak = is_machine and (one.score or 0.0) <= (choice.score_threshold or -1.0)
        return one.category.category_id in written and not is_weak

    objects = tuple(_renamed(one, written) for one in picture.objects if is_in(one))
    is_less = len(objects) < len(picture.objects) and picture.priority is not None
    priority = picture_priority(objects) if is_less else picture.priority
    return replace(picture, objects=objects, priority=priority)


def _renamed(one: LabelledObject, written: dict[int, Category]) -> LabelledObject:
    track = one.track_category_id
    of_track = None if track is None else written.get(track)
    return replace(
        one,
        category=written[one.category.category_id],
        track_category_id=None if of_track is None else of_track.category_id,
    )


def _written_categories(
    categories: Sequence[Category], choice: ExportChoice
) -> dict[int, Category]:
    """What each of the run's categories is written as, by its id; those left out are not there."""
    names = [category.name for category in categories]
    for name in choice.class_names or ():
        if name not in names:
            close = get_close_matches(name, names, n=1)
            offer = f"Did you mean '{close[0]}'?" if close else f"It has {', '.join(names)}."
            raise SettingsError(f"The run has no class '{name}'.", remedy=offer)
    renamed = (choice.class_map or ClassMap(names={})).new_categories(categories)
    written = {
        category.category_id: new
        for place, category in enumerate(categories)
        if (new := renamed[place]) is not None
        and (not choice.class_names or category.name in choice.class_names)
    }
    if categories and not written:
        raise SettingsError(
            "No class is left to export.", remedy="Check --classes against the class map."
        )
    return written


SPLITS: tuple[Split, ...] = get_args(Split)
