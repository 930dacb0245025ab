"""Exports that a run writes at its end, below ``exports/`` in its own folder.

They are projections of its labels: which ones there are is no part of what the run is, and they
can be written anew at any time. What people edited in them is theirs, and stays.
"""

from collections.abc import Sequence
from typing import Any

from yolact_cli.formats.kept_files import open_ledger
from yolact_cli.pipelines.export import ExportRequest, FormatReport, export_format
from yolact_cli.pipelines.export_formats import exports_among
from yolact_cli.pipelines.label_set import label_set
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.store import LocalStore

FOLDER = "exports"


def write_run_exports(store: LocalStore, kinds: Sequence[str]) -> tuple[FormatReport, ...]:
    """Write the exports among these kinds, with the run's review laid over its labels.

    Raises:
        OutputError: The store cannot take the files.
    """
    formats = exports_among(kinds)
    if not formats:
        return ()
    folder = store.path_of(FOLDER)
    request = ExportRequest(run=store.root, output=folder, formats=formats)
    with label_set(RunLabels.open(store.root)) as labels:
        return tuple(export_format(name, folder / name, labels, request) for name in formats)


def clear_run_exports(store: LocalStore) -> None:
    """Remove what exports of an earlier run are as they were written; edited files stay."""
    folder = store.path_of(FOLDER)
    for own in sorted(folder.iterdir()) if folder.is_dir() else ():
        if own.is_dir():
            with open_ledger(own, own.name) as ledger:
                ledger.finish(remove_others=True)


def export_record(report: FormatReport) -> dict[str, Any]:
    """What a run's manifest says of an export: nothing that depends on how often it was written."""
    record = report.to_record()
    del record["files"]
    return record | {"folder": f"{FOLDER}/{report.name}"}
