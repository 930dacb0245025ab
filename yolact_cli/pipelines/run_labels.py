"""A run opened for reading: its labels with the review laid over them, streamed or one by one."""

import itertools
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from yolact_cli.errors import OutputError, ReviewError
from yolact_cli.labels import LabelledPicture
from yolact_cli.pipelines.labelled import labelled_picture
from yolact_cli.pipelines.projections import read_detections
from yolact_cli.pipelines.video_frames import VideoFrames
from yolact_cli.review.events import ReviewEvent, live_events, read_events
from yolact_cli.review.fold import ReviewedPicture, all_categories, by_picture, fold
from yolact_cli.runs.index import ShardIndex
from yolact_cli.runs.listing import read_listing, read_video_listing
from yolact_cli.runs.state import RUN_RECORD, RunState, read_run_record, run_state
from yolact_cli.store import LocalStore
from yolact_cli.structures import Category, Detections, ListedPicture
from yolact_cli.video import ListedVideo


class RunLabels:
    """The labels of a run's folder. Made by :meth:`open`; nothing in the folder is changed.

    Attributes:
        store: The run's folder.
        settings: What the run was started with, as ``run.json`` has it.
        classes: For every class id of the model the category it is written as; None drops it.
        pictures: The listing.
        videos: The listing of videos.
        events: What people did and did not undo, in order.
        is_finished: Whether every picture was annotated.
    """

    def __init__(self, store: LocalStore, classes: Mapping[int, Category | None]) -> None:
        """Take a folder that is a run; :meth:`open` makes sure of it."""
        self.store = store
        self.classes = classes
        self.settings: Mapping[str, Any] = read_run_record(store)
        self.pictures: list[ListedPicture] = read_listing(store)
        self.videos: list[ListedVideo] = read_video_listing(store)
        self.is_finished = run_state(store) is RunState.FINISHED
        self.events: list[ReviewEvent] = live_events(read_events(store))
        self._events = by_picture(self.events)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """A run's labels.

        Raises:
            OutputError: The folder is no run, damaged, or of a version that wrote less.
            ReviewError: The review is damaged, or of other pictures.
        """
        store = LocalStore(folder)
        if not folder.is_dir() or not store.exists(RUN_RECORD):
            raise OutputError(
                f"{folder}: no run of yolact.", remedy="Give the folder that annotate wrote."
            )
        labels = cls(store, _classes(store))
        labels._check_review()
        return labels

    @cached_property
    def own_categories(self) -> tuple[Category, ...]:
        """The categories that the model's classes are written as, by id."""
        found = {one.category_id: one for one in self.classes.values() if one is not None}
        return tuple(found[key] for key in sorted(found))

    @property
    def categories(self) -> tuple[Category, ...]:
        """The run's categories, and those that people brought in behind them."""
        return all_categories(self.own_categories, self.events)

    @cached_property
    def frames(self) -> VideoFrames:
        """The labels of the videos' frames."""
        return VideoFrames(
            self.store,
            self.videos,
            classes=self.classes,
            first_image_id=len(self.pictures) + 1,
        )

    def machine(self) -> Iterator[LabelledPicture]:
        """What the model found: pictures in order of their ids, then frames; no failures."""
        for detections in itertools.chain(read_detections(self.store), self.frames.detections()):
            yield labelled_picture(detections, self.classes)

    def reviewed(self) -> Iterator[ReviewedPicture]:
        """The same with the review laid over it."""
        categories = {category.name: category for category in self.categories}
        for picture in self.machine():
            yield fold(picture, self._events.get(picture.name, ()), categories)

    def labelled(self) -> Iterator[LabelledPicture]:
        """All pictures as they stand, to be handed on."""
        return (reviewed.picture for reviewed in self.reviewed())

    def machine_picture(self, picture_id: int) -> LabelledPicture:
        """What the model found in one picture of the listing.

        Raises:
            KeyError: It has no labels: it failed, or was not annotated yet.
        """
        record = self._index.read(picture_id)
        if "failure" in record:
            raise KeyError(picture_id)
        return labelled_picture(Detections.from_record(record), self.classes)

    def events_of(self, name: str) -> list[ReviewEvent]:
        """What people did to a picture."""
        return self._events.get(name, [])

    @cached_property
    def _index(self) -> ShardIndex:
        return ShardIndex(self.store)

    def _check_review(self) -> None:
        """Refuse a review of which not one picture is the run's: it belongs to another."""
        wanted = set(self._events)
        if not wanted:
            return
        known = {picture.name for picture in self.pictures}
        frames = tuple(f"{video.name}/" for video in self.videos)
        if not any(name in known or name.startswith(frames) for name in wanted):
            raise ReviewError(
                f"{self.store.root}: its review speaks of {len(wanted)} other pictures, such as "
                f"{min(wanted)}.",
                remedy="It belongs to another run; move the folder review/ back there.",
            )


def _classes(store: LocalStore) -> dict[int, Category | None]:
    """What each class was written as, from the notes that the run was started with."""
    try:
        noted = json.loads(store.read_bytes(RUN_RECORD))["notes"]["classes"]
        return {
            class_id: None if one is None else _category(one) for class_id, one in enumerate(noted)
        }
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(
            f"{store.root}: {RUN_RECORD} does not say what classes are called.",
            remedy="It is damaged, or of an earlier version; annotate again with --overwrite.",
        ) from error


def _category(record: Mapping[str, Any]) -> Category:
    return Category(
        category_id=record["id"], name=record["name"], supercategory=record["supercategory"]
    )
