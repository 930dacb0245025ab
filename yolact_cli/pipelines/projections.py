"""The files at the end of a run, streamed from its journal; they are never read back."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from yolact_cli.formats.coco import write_coco
from yolact_cli.formats.coco_results import write_coco_results
from yolact_cli.runs.journal import read_journal
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections, Failure
from yolact_cli.writers.failures import write_failures
from yolact_cli.writers.tally import Tally

ANNOTATIONS = "annotations.json"
RESULTS = "results.json"


def read_detections(store: Store) -> Iterator[Detections]:
    """The journal's labels, without its failures, in order of picture id."""
    for record in read_journal(store):
        if "failure" not in record:
            yield Detections.from_record(record)


def read_failures(store: Store) -> Iterator[Failure]:
    """The journal's failures, in order of picture id."""
    for record in read_journal(store):
        if "failure" in record:
            yield Failure.from_record(record)


def write_projections(
    store: Store,
    kinds: Sequence[str],
    *,
    classes: Mapping[int, Category | None],
    info: Mapping[str, Any],
) -> Tally:
    """Write the label files asked for and ``failures.csv``; count what is in the journal.

    Args:
        store: The run's folder.
        kinds: ``coco`` and ``results`` are written here; others are passed over.
        classes: What each class of the model is written as; None drops it.
        info: For the ``info`` of the COCO data set.

    Raises:
        OutputError: The store cannot take the files.
    """
    if "coco" in kinds:
        with store.put_stream(ANNOTATIONS) as stream:
            write_coco(stream, lambda: read_detections(store), classes=classes, info=info)
    if "results" in kinds:
        with store.put_stream(RESULTS) as stream:
            write_coco_results(stream, read_detections(store), classes=classes)
    write_failures(store, read_failures(store))
    tally = Tally(classes)
    for record in read_journal(store):
        is_failure = "failure" in record
        tally.add(Failure.from_record(record) if is_failure else Detections.from_record(record))
    return tally
