"""What a run of ``annotate`` is asked to do, and which part of that decides its labels."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.formats.coco import category_record
from yolact_cli.pipelines.export_formats import exports_among
from yolact_cli.pipelines.runtime_choice import RuntimeChoice
from yolact_cli.settings import (
    FrameSettings,
    Keep,
    LabelSettings,
    TrackSettings,
    VideoFileSettings,
    WriteKind,
)
from yolact_cli.sources.video_kinds import without_password
from yolact_cli.structures import Category
from yolact_cli.zoo.resolve import ModelSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """Labels that people made, and what becomes of their pictures."""

    path: Path
    """A COCO data set."""
    keep: Keep
    """skip: labelled pictures stay out of the run; merge: they get objects where nobody put one."""


_FRAMES, _TRACKS, _VIDEO_FILE = FrameSettings(), TrackSettings(), VideoFileSettings()


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotateRequest:
    """Everything that ``annotate`` needs to know."""

    sources: tuple[str, ...]
    """Folders, files, patterns, ``@list.txt`` or ``-``."""
    output: Path
    """The run's folder."""
    model: ModelSource
    settings: LabelSettings
    write: tuple[WriteKind, ...] = ("coco", "overlay")
    """Kinds of files; manifest and failures are always written."""
    class_map: ClassMap | None = None
    """Other names for classes, or None for the model's own."""
    existing: Existing | None = None
    device: str = "auto"
    batch_size: int | None = None
    """Pictures run together; None for one that suits the device."""
    workers: int | None = None
    """Processes that decode; 0 for none, None for as many as suit the machine."""
    memory_bytes: int | None = None
    """For pictures on their way, larger ones being refused; None: what suits the machine, and
    none is refused."""
    recursive: bool = True
    """Look into folders of folders."""
    overwrite: bool = False
    """Clear what an earlier run left in the folder."""
    overlay_max_px: int = 1600
    """Longest side of an overlay, 0 for the picture's own."""
    frames: FrameSettings = _FRAMES
    """Which frames of videos are labelled."""
    tracks: TrackSettings | None = _TRACKS
    """How objects of videos are followed, or None: not at all."""
    video_file: VideoFileSettings = _VIDEO_FILE
    """How overlays of videos are encoded."""
    list_stream: Iterable[str] | None = None
    """The lines behind the source ``-``."""

    @property
    def classes(self) -> dict[int, Category | None]:
        """What each class of the model is written as; None: not at all."""
        class_map = self.class_map or ClassMap(names={})
        return class_map.new_categories(self.model.card.categories)


def run_identity(request: AnnotateRequest, *, weights_sha256: str) -> dict[str, Any]:
    """The settings that a resumed run must share with the first attempt, as plain JSON types."""
    card = request.model.card
    existing = request.existing
    return {
        "model": {
            "name": card.name,
            "sha256": weights_sha256,
            "input_size": card.network.input_size,
            "classes": list(card.labels.names),
        },
        "labels": dataclasses.asdict(request.settings),
        "class_map": _written_names(request),
        "existing": existing and {"sha256": _sha256(existing.path), "keep": existing.keep},
        # Exports are projections: they may change from one attempt to the next.
        "write": sorted(set(request.write) - set(exports_among(request.write))),
        "overlay_max_px": request.overlay_max_px if "overlay" in request.write else None,
        "videos": {
            "frames": dataclasses.asdict(request.frames),
            "tracks": request.tracks and dataclasses.asdict(request.tracks),
            "file": dataclasses.asdict(request.video_file) if "overlay" in request.write else None,
        },
    }


def run_notes(
    request: AnnotateRequest,
    *,
    choice: RuntimeChoice,
    batch_size: int,
    largest_batch: int | None = None,
) -> dict[str, Any]:
    """What may differ when a run is resumed, for people to read.

    ``largest_batch`` says that the last digits of scores may differ from another run's.
    """
    return {
        "sources": [without_password(source) for source in request.sources],
        "recursive": request.recursive,
        "device": choice.device,
        "runtime_version": choice.version,
        "batch_size": batch_size,
        "largest_batch": largest_batch,
        "workers": request.workers,
        "memory_bytes": request.memory_bytes,
        "classes": [category and category_record(category) for category in _written(request)],
    }


def uid_seed(identity: Mapping[str, Any]) -> str:
    """What tells objects of one way of labelling from those of another.

    Thresholds that only leave objects out are not part of it: an object keeps its uid when a
    threshold is lowered to see more. Nor is a second look that changes no object.
    """
    left_out = {
        "score_threshold",
        "class_thresholds",
        "min_area_px",
        "allow_truncated",
        "max_pixels",
        "mirror_check",
    }
    labels = {key: value for key, value in identity["labels"].items() if key not in left_out}
    parts = {"model": identity["model"], "labels": labels}
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _written(request: AnnotateRequest) -> list[Category | None]:
    """What each class of the model is written as, for whoever reads the run without the model."""
    classes = request.classes
    return [classes[class_id] for class_id in sorted(classes)]


def _written_names(request: AnnotateRequest) -> dict[str, str | None] | None:
    if request.class_map is None:
        return None
    names = (category.name for category in request.model.card.categories)
    return {name: request.class_map.new_name(name) for name in names}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
