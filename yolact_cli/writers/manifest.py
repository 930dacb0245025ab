"""``manifest.json``: what made a run, with what, and what came of it."""

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from yolact_cli.store import Store
from yolact_cli.structures import Category
from yolact_cli.writers.failures import FAILURES_PATH
from yolact_cli.writers.palette import class_colours
from yolact_cli.writers.semantic_png import semantic_values
from yolact_cli.writers.tally import Tally

MANIFEST_PATH = "manifest.json"
_FORMAT_VERSION = 1
_LIBRARIES = (
    *("torch", "torchvision", "numpy", "opencv-python-headless", "pillow", "pycocotools"),
    *("av", "scipy"),
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Manifest:
    """The facts of a finished run.

    Attributes:
        settings: Every setting by name, as resolved; plain JSON types.
        model: At least ``name`` and ``sha256``.
        classes: For every class id of the model the category it is written as; None drops it.
        tally: Counts over the whole run, not over the last attempt.
        times: ``started`` and ``finished`` (ISO 8601, UTC), ``seconds``, or what else is known.
        outputs: The kinds of files written, as in ``--write``.
        videos: Of each, what became of it; plain JSON types.
        exports: Likewise.
    """

    settings: Mapping[str, Any]
    model: Mapping[str, Any]
    classes: Mapping[int, Category | None]
    tally: Tally
    times: Mapping[str, Any]
    outputs: tuple[str, ...]
    videos: Sequence[Mapping[str, Any]] = ()
    exports: Sequence[Mapping[str, Any]] = ()

    def to_record(self) -> dict[str, Any]:
        """The manifest as plain JSON types."""
        failed = self.tally.failures.total()
        return {
            "format_version": _FORMAT_VERSION,
            "program": {"name": "yolact_cli", "versions": versions()},
            "model": dict(self.model),
            "settings": dict(self.settings),
            "outputs": list(self.outputs),
            "counts": {
                "pictures": self.tally.pictures,
                "pictures_without_objects": self.tally.pictures_without_objects,
                "videos": self.tally.videos,
                "frames": self.tally.frames,
                "gaps": self.tally.gaps,
                "objects": self.tally.objects,
                "empty_masks": self.tally.empty_masks,
                "failures": failed,
            },
            "classes": self._class_records(),
            "videos": [dict(video) for video in self.videos],
            "exports": [dict(export) for export in self.exports],
            "failures": {
                "file": FAILURES_PATH if failed else None,
                "by_error": dict(sorted(self.tally.failures.items())),
            },
            "times": dict(self.times),
        }

    def _class_records(self) -> list[dict[str, Any]]:
        """Objects per category, with what stands for the category in masks and overlays."""
        values = semantic_values(self.classes)
        records: dict[int, dict[str, Any]] = {}
        for class_id, value in sorted(values.items()):
            category = self.classes[class_id]
            if category is None or category.category_id in records:
                continue
            red, green, blue = class_colours(value)[value - 1]
            records[category.category_id] = {
                "category_id": category.category_id,
                "name": category.name,
                "objects": self.tally.objects_per_category[category.category_id],
                "semantic_value": value,
                "colour": f"#{red:02x}{green:02x}{blue:02x}",
            }
        return list(records.values())


def write_manifest(store: Store, manifest: Manifest) -> dict[str, Any]:
    """Write ``manifest.json``; written last, it says that a run is finished.

    Returns:
        What is in it.

    Raises:
        OutputError: The store cannot take the file.
    """
    record = manifest.to_record()
    text = json.dumps(record, indent=2, allow_nan=False)
    store.put(MANIFEST_PATH, text.encode("ascii") + b"\n")
    return record


def program_version() -> str:
    """That of this program."""
    return _version("yolact_cli")


def versions() -> dict[str, str]:
    """Versions of this program, of Python and of the libraries that labels depend on."""
    found = {"yolact_cli": program_version(), "python": platform.python_version()}
    return found | {library: _version(library) for library in _LIBRARIES}


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:  # OpenCV has four names, and a checkout may have none
        return "unknown"
