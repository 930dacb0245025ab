"""From a run to files of other tools: chosen, in parts, and never over what people edited."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from yolact_cli.errors import InputError
from yolact_cli.formats.export import Exported
from yolact_cli.formats.kept_files import FileTally, KeptFiles, open_ledger
from yolact_cli.formats.picture_files import put_picture
from yolact_cli.labels import LabelledPicture, LabelSet
from yolact_cli.pipelines.export_choice import (
    ExportChoice,
    ExportPart,
    chosen_labels,
    chunks_of,
    parts_of,
)
from yolact_cli.pipelines.export_formats import FORMATS, FormatEntry
from yolact_cli.pipelines.label_set import label_set
from yolact_cli.pipelines.noted_files import NotedFiles
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.settings import ExportFormat, ExportSettings

_log = logging.getLogger(__name__)

Watch = Callable[[ExportFormat, int], None]
"""Told how many pictures of a format have been gone through."""

_SETTINGS, _CHOICE = ExportSettings(), ExportChoice()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRequest:
    """Everything that an export needs to know."""

    run: Path
    """The folder that annotate wrote."""
    output: Path
    """Where files go; with several formats, each has a folder of its name in it."""
    formats: tuple[ExportFormat, ...]
    settings: ExportSettings = _SETTINGS
    choice: ExportChoice = _CHOICE
    chunk: int | None = None
    """Pictures a part, numbered folders ``chunk-0001``, …; None for all in one."""
    images_dir: Path | None = None
    """Where the pictures lie now, or None for where they were."""
    overwrite: bool = False
    """Replace files that were edited, or that were there before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FormatReport:
    """What was written in one format.

    Attributes:
        name: The format.
        folder: Where.
        exported: Counts of all its parts together.
        files: What became of its files.
        not_found: Pictures that could not be had.
        problems: Sentences about the first of those.
    """

    name: ExportFormat
    folder: Path
    exported: Exported
    files: FileTally
    not_found: int = 0
    problems: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether every file is as it was to be."""
        return not self.not_found and not self.files.kept

    def to_record(self) -> dict[str, Any]:
        """The report as plain JSON types."""
        files = self.files
        return {
            "format": self.name,
            "folder": str(self.folder),
            "pictures": self.exported.pictures,
            "objects": self.exported.objects,
            "losses": dict(self.exported.losses),
            "files": {
                "written": files.written,
                "unchanged": files.unchanged,
                "removed": files.removed,
                "kept": files.kept,
            },
            "kept_files": list(files.kept_names),
            "pictures_not_found": self.not_found,
            "problems": list(self.problems),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportPlan:
    """What an export would write.

    Attributes:
        pictures: By the part's folder; the empty one for all.
        objects: Likewise.
    """

    pictures: Mapping[str, int]
    objects: Mapping[str, int]


def export(request: ExportRequest, *, watch: Watch = lambda *_: None) -> Iterator[FormatReport]:
    """Write the formats one after another, and report each when it is done.

    Doing it again touches nothing; after new labels or a killed export it replaces what differs.
    A file that was edited since we wrote it, or that we never wrote, is left alone and reported.
    A picture that is not where it was is reported, too, by formats that have a use for it.

    Raises:
        YolactError: For every problem that is not one picture's own or one file's.
    """
    run = RunLabels.open(request.run)
    if not run.is_finished:
        _log.warning("The run is not finished; what it has so far is exported.")
    with label_set(run, images_dir=request.images_dir) as labels:
        chosen = chosen_labels(labels, request.choice)
        for name in request.formats:
            folder = request.output / name if len(request.formats) > 1 else request.output
            yield export_format(name, folder, chosen, request, watch=watch)


def plan_export(request: ExportRequest) -> ExportPlan:
    """Count what would be exported; write nothing.

    Raises:
        YolactError: What would stop the export at its start.
    """
    pictures: dict[str, int] = {}
    objects: dict[str, int] = {}
    run = RunLabels.open(request.run)
    with label_set(run, images_dir=request.images_dir) as labels:
        for part in parts_of(chosen_labels(labels, request.choice), request.choice):
            for picture in part.labels.read_pictures():
                pictures[part.folder] = pictures.get(part.folder, 0) + 1
                objects[part.folder] = objects.get(part.folder, 0) + len(picture.objects)
    return ExportPlan(pictures=pictures, objects=objects)


def export_format(
    name: ExportFormat,
    folder: Path,
    labels: LabelSet,
    request: ExportRequest,
    *,
    watch: Watch = lambda *_: None,
) -> FormatReport:
    """Write labels in one format into a folder, in the parts that the request asks for."""
    files = NotedFiles(labels.files)
    watched = _Watched(labels, lambda done: watch(name, done))
    noted = replace(labels, files=files, read_pictures=watched.read)
    total = _Total()
    with open_ledger(folder, name, overwrite=request.overwrite) as ledger:
        store = KeptFiles(ledger)
        for part in _pieces(noted, request):
            exported = _write(FORMATS[name], part.labels, store.below(part.folder), request)
            total.add(exported)
        ledger.finish(remove_others=files.failed == 0)
    return FormatReport(
        name=name,
        folder=folder,
        exported=total.exported(),
        files=ledger.tally,
        not_found=files.failed,
        problems=tuple(files.sentences),
    )


def _pieces(labels: LabelSet, request: ExportRequest) -> Iterator[ExportPart]:
    for part in parts_of(labels, request.choice):
        if request.chunk is None:
            yield part
        else:
            yield from chunks_of(part, request.chunk)


def _write(
    entry: FormatEntry, labels: LabelSet, store: KeptFiles, request: ExportRequest
) -> Exported:
    exported = entry.write(labels, store, request.settings)
    how = request.settings.images or "none"
    if entry.images_folder is not None and how != "none":
        for picture in labels.read_pictures():
            _put_beside(entry.images_folder, labels, picture, store, request.settings)
    return exported


def _put_beside(
    folder: str,
    labels: LabelSet,
    picture: LabelledPicture,
    store: KeptFiles,
    settings: ExportSettings,
) -> None:
    try:
        path = f"{folder}/{picture.name}"
        put_picture(store, path, picture, labels.files, settings.images or "none")
    except InputError:  # noted by the files
        return


class _Watched:
    """A reading of pictures that tells how far the furthest of its passes is."""

    def __init__(self, labels: LabelSet, tell: Callable[[int], None]) -> None:
        self._labels = labels
        self._tell = tell
        self._furthest = 0

    def read(self) -> Iterator[LabelledPicture]:
        for place, picture in enumerate(self._labels.read_pictures(), start=1):
            yield picture
            if place > self._furthest:
                self._furthest = place
                self._tell(place)


@dataclass(slots=True)
class _Total:
    pictures: int = 0
    objects: int = 0
    losses: dict[str, int] = field(default_factory=dict)

    def add(self, exported: Exported) -> None:
        self.pictures += exported.pictures
        self.objects += exported.objects
        for sentence, count in exported.losses.items():
            self.losses[sentence] = self.losses.get(sentence, 0) + count

    def exported(self) -> Exported:
        return Exported(pictures=self.pictures, objects=self.objects, losses=self.losses)


def is_all_whole(reports: Sequence[FormatReport]) -> bool:
    """Whether nothing was kept back and every picture was found."""
    return all(report.is_whole for report in reports)
