"""A run's labels as exports take them: as they stand, with the way to their pictures."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from yolact_cli.labels import LabelSet
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.pipelines.run_pictures import RunPictures
from yolact_cli.sources.decode import DecodeSettings
from yolact_cli.writers.manifest import program_version


@contextlib.contextmanager
def label_set(run: RunLabels, *, images_dir: Path | None = None) -> Iterator[LabelSet]:
    """A run's labels with its review laid over them; a video that was opened is closed at the end.

    Args:
        run: Opened.
        images_dir: Where pictures lie now, or None for where they were.
    """
    with contextlib.closing(run_pictures(run, images_dir=images_dir)) as files:
        yield LabelSet(
            categories=run.categories,
            read_pictures=run.labelled,
            files=files,
            videos=tuple(run.frames.records()),
            info=_info(run),
        )


def run_pictures(run: RunLabels, *, images_dir: Path | None = None) -> RunPictures:
    """The pictures of a run, read as they were when it was made."""
    labels = run.settings.get("labels", {})
    names = ("max_pixels", "bit_depth", "allow_truncated")
    decode = DecodeSettings(**{name: labels[name] for name in names if name in labels})
    return RunPictures(run.store, run.pictures, run.videos, decode=decode, images_dir=images_dir)


def _info(run: RunLabels) -> dict[str, Any]:
    """As in the run's own data set."""
    model = run.settings.get("model", {})
    record = {key: model[key] for key in ("name", "sha256") if key in model}
    return {
        "description": f"Instance masks by yolact_cli with {record.get('name', 'a model')}",
        "version": program_version(),
        "model": record,
    }
