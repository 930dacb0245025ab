"""What a run's folder holds: nothing yet, a run to go on with, a finished one, or foreign files."""

import enum
import json
from collections.abc import Mapping
from typing import Any

from yolact_cli.errors import OutputError, OutputExistsError, RunMismatchError
from yolact_cli.runs.journal import FOLDER as JOURNAL
from yolact_cli.runs.listing import LISTING, VIDEO_LISTING
from yolact_cli.runs.lock import LOCK, LOCK_OWNER
from yolact_cli.store import Store

RUN_RECORD = "run.json"
MANIFEST = "manifest.json"
FORMAT = 1
"""Of ``run.json``; a run of another format is not gone on with."""

# In the order in which they are cleared: the manifest first, so that a run cleared halfway is not
# taken for a finished one; the journal before the listing that gives its ids meaning. run.json
# marks the folder as ours and is only ever replaced.
_OURS = (
    *(MANIFEST, "annotations.json", "results.json", "youtube_vis.json", "failures.csv"),
    *("overlays/", "masks/", "frames/", f"{JOURNAL}/", VIDEO_LISTING, LISTING),
)
# What a start leaves that did not get as far as its record.
_BEFORE_THE_RECORD = frozenset({LOCK, LOCK_OWNER, LISTING, VIDEO_LISTING})


class RunState(enum.Enum):
    """How far a run's folder has come."""

    ABSENT = "absent"
    UNFINISHED = "unfinished"
    FINISHED = "finished"


def run_state(store: Store) -> RunState:
    """What a folder holds, without changing it.

    Raises:
        OutputExistsError: Files that no run of ours wrote.
    """
    if store.exists(RUN_RECORD):
        _check_ours(store)
        return RunState.FINISHED if store.exists(MANIFEST) else RunState.UNFINISHED
    foreign = [name for name in store.list_files() if name not in _BEFORE_THE_RECORD]
    if foreign:
        raise OutputExistsError(
            f"The output folder is not empty and is no run of yolact (it holds {foreign[0]}).",
            remedy="Choose another folder; nothing in it was touched.",
        )
    return RunState.ABSENT


def check_output(store: Store, identity: Mapping[str, Any], *, overwrite: bool) -> RunState:
    """What the output folder holds, known not to stand in the way.

    Raises:
        OutputExistsError: A finished run (unless ``overwrite``), or files of somebody else.
        RunMismatchError: An unfinished run of other settings (unless ``overwrite``).
    """
    state = run_state(store)
    if state is RunState.FINISHED and not overwrite:
        raise OutputExistsError(
            "The output folder holds a finished run.",
            remedy="Choose another folder, or replace the run with --overwrite.",
        )
    if state is RunState.UNFINISHED and not overwrite:
        check_same_settings(store, identity)
    return state


def _check_ours(store: Store) -> None:
    """Refuse a ``run.json`` of some other program: its files are not ours to clear."""
    try:
        record = json.loads(store.read_bytes(RUN_RECORD))
        is_ours = isinstance(record, dict) and {"format", "settings"} <= record.keys()
    except ValueError:  # damaged: ours if it stands beside what only our runs have
        is_ours = store.exists(LISTING)
    if not is_ours:
        raise OutputExistsError(
            f"The output folder is no run of yolact: its {RUN_RECORD} is of another program.",
            remedy="Choose another folder; nothing in it was touched.",
        )


def clear_run(store: Store) -> None:
    """Remove what a run wrote, and nothing else; reviews and foreign files stay.

    ``run.json`` stays until :func:`write_run_record` replaces it, which is to be done next.

    Raises:
        OutputExistsError: The folder is not a run of ours.
    """
    if run_state(store) is RunState.ABSENT:
        return
    for name in _OURS:
        files = store.list_files(name.rstrip("/")) if name.endswith("/") else [name]
        # Backwards, so that a journal cleared halfway has lost its end and not its beginning.
        for file in reversed(files):
            store.delete(file)


def write_run_record(
    store: Store, settings: Mapping[str, Any], *, notes: Mapping[str, Any] | None = None
) -> None:
    """Write ``run.json``: what a resumed run must agree with.

    Args:
        store: The run's folder.
        settings: All that changes labels, nested as you like: plain JSON types.
        notes: What may differ when the run is resumed, kept for people to read.
    """
    record = {"format": FORMAT, "settings": settings, "notes": notes or {}}
    text = json.dumps(record, indent=2, allow_nan=False)
    store.put(RUN_RECORD, text.encode("ascii") + b"\n")


def read_run_record(store: Store) -> dict[str, Any]:
    """The settings a run was started with.

    Raises:
        OutputError: ``run.json`` is damaged or of another version's format.
    """
    remedy = "Start again with --overwrite, or in another folder."
    try:
        record = json.loads(store.read_bytes(RUN_RECORD))
        version, settings = record["format"], dict(record["settings"])
    except (ValueError, KeyError, TypeError) as error:
        raise OutputError(f"{RUN_RECORD} is damaged.", remedy=remedy) from error
    if version != FORMAT:
        raise OutputError(f"{RUN_RECORD} is of another version of yolact.", remedy=remedy)
    return settings


def read_run_notes(store: Store) -> dict[str, Any]:
    """The notes of the last attempt; empty where there are none to be read."""
    try:
        return dict(json.loads(store.read_bytes(RUN_RECORD))["notes"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def check_same_settings(store: Store, settings: Mapping[str, Any]) -> None:
    """Make sure that going on with a run gives the labels it was started for.

    Raises:
        RunMismatchError: Naming each setting that differs, with both values.
        OutputError: ``run.json`` cannot be read.
    """
    before = _flat(read_run_record(store))
    now = _flat(json.loads(json.dumps(settings)))
    differing = [
        f"  {name}: {_shown(before, name)} before, {_shown(now, name)} now"
        for name in dict.fromkeys([*before, *now])
        if name not in before or name not in now or before[name] != now[name]
    ]
    if differing:
        raise RunMismatchError(
            "The unfinished run in this folder was started with other settings:\n"
            + "\n".join(differing),
            remedy="\nUse the same settings to resume it, another folder, or --overwrite.",
        )


def _flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings as one level with dotted names."""
    flat: dict[str, Any] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat


def _shown(settings: Mapping[str, Any], name: str) -> str:
    return json.dumps(settings[name], ensure_ascii=False) if name in settings else "not set"
