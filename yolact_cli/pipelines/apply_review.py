"""``reviewed.json``: the pictures that people marked done, as a COCO data set to train on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_cli.errors import ReviewError
from yolact_cli.formats.coco import DataSetHead, write_data_set
from yolact_cli.labels import LabelledPicture
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.writers.manifest import program_version

REVIEWED = "reviewed.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was written.

    Attributes:
        path: The file.
        pictures: Marked done.
        objects: In them.
        left: Pictures of the run that are not marked done.
        changed_size: Pictures whose review is of another size; it does not fit them.
        gone: Pictures that were marked done and that the run does not have any more.
    """

    path: Path
    pictures: int
    objects: int
    left: int
    changed_size: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "path": str(self.path),
            "pictures": self.pictures,
            "objects": self.objects,
            "left": self.left,
            "changed_size": list(self.changed_size),
            "gone": list(self.gone),
        }


def apply_review(run: Path) -> Applied:
    """Write ``reviewed.json`` into the run's folder, whole or not at all.

    It holds the pictures marked done and nothing that nobody looked at. Its bytes depend on the
    labels and the review alone.

    Raises:
        ReviewError: No picture is marked done.
        OutputError: The folder is no run, or cannot be written.
    """
    labels = RunLabels.open(run)
    outcome = _Outcome()
    done = sum(1 for _ in outcome.pictures(labels))
    gone = _gone(labels, outcome.names)
    if not done:
        raise ReviewError(
            f"{run}: no picture is marked done yet.",
            remedy="Review it with: yolact review RUN, or take a file over with: yolact import.",
        )
    head = DataSetHead(
        categories=labels.categories,
        info=_info(labels),
        videos=tuple(labels.frames.records()) if labels.videos else (),
    )
    with labels.store.put_stream(REVIEWED) as stream, labels.store.scratch() as scratch:
        exported = write_data_set(stream, scratch, head, _Outcome().pictures(labels))
    return Applied(
        path=labels.store.path_of(REVIEWED),
        pictures=exported.pictures,
        objects=exported.objects,
        left=outcome.left,
        changed_size=tuple(outcome.changed_size),
        gone=gone,
    )


class _Outcome:
    """Counts what is left out while the rest goes by."""

    def __init__(self) -> None:
        self.left = 0
        self.changed_size: list[str] = []
        self.names: set[str] = set()

    def pictures(self, labels: RunLabels) -> Iterator[LabelledPicture]:
        for reviewed in labels.reviewed():
            picture = reviewed.picture
            self.names.add(picture.name)
            if reviewed.left_out:
                self.changed_size.append(picture.name)
            if picture.is_reviewed:
                yield picture
            else:
                self.left += 1


def _gone(labels: RunLabels, names: set[str]) -> tuple[str, ...]:
    """Pictures whose last word is done and that are not in the run's labels."""
    is_done: dict[str, bool] = {}
    for event in labels.events:
        if event.kind in ("done", "reopen"):
            is_done[event.picture] = event.kind == "done"
    return tuple(name for name, done in is_done.items() if done and name not in names)


def _info(labels: RunLabels) -> Mapping[str, Any]:
    model = labels.settings.get("model", {})
    return {
        "description": "Instance masks that people reviewed",
        "version": program_version(),
        "pre_labelled_by": {key: model[key] for key in ("name", "sha256") if key in model},
    }
