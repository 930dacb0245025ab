"""What a run's folder holds decides whether a run starts, goes on, or leaves it alone."""

import json

import pytest

from yolact_cli.errors import OutputError, OutputExistsError, RunMismatchError
from yolact_cli.runs.state import (
    RunState,
    check_same_settings,
    clear_run,
    read_run_record,
    run_state,
    write_run_record,
)

SETTINGS = {"model": {"sha256": "ab"}, "nms": {"iou_threshold": 0.5}, "class_names": ("a", "b")}


@pytest.fixture
def run_store(memory_store):
    """A store with all that a finished run leaves."""
    write_run_record(memory_store, SETTINGS)
    for name in (
        *("listing.jsonl", "journal/0-000000.jsonl", "journal/0-000001.jsonl", "manifest.json"),
        *("annotations.json", "results.json", "failures.csv", "masks/a/b.png", "overlays/b.jpg"),
        *(".lock", "review/events.jsonl", "notes.txt"),
    ):
        memory_store.put(name, b"")
    return memory_store


def test_an_empty_folder_holds_no_run(memory_store):
    assert run_state(memory_store) is RunState.ABSENT


@pytest.mark.parametrize("name", [".lock", ".lock.pid", "listing.jsonl"])
def test_what_a_start_leaves_when_killed_is_no_run_yet(memory_store, name):
    memory_store.put(name, b"")
    assert run_state(memory_store) is RunState.ABSENT


def test_a_run_is_unfinished_until_its_manifest_is_there(memory_store):
    write_run_record(memory_store, SETTINGS)
    assert run_state(memory_store) is RunState.UNFINISHED
    memory_store.put("manifest.json", b"{}")
    assert run_state(memory_store) is RunState.FINISHED


@pytest.mark.parametrize("name", ["holiday.jpg", "masks/a.png", "manifest.json"])
def test_a_folder_of_somebody_elses_files_is_refused(memory_store, name):
    memory_store.put(name, b"")
    with pytest.raises(OutputExistsError, match=name):
        run_state(memory_store)


def test_clearing_removes_what_the_run_wrote_and_nothing_else(run_store):
    clear_run(run_store)
    assert run_store.list_files() == [".lock", "notes.txt", "review/events.jsonl", "run.json"]


def test_clearing_goes_from_the_manifest_to_the_listing(run_store, monkeypatch):
    removed = []
    monkeypatch.setattr(run_store, "delete", removed.append)
    clear_run(run_store)
    assert removed[0] == "manifest.json"
    assert removed[-4:-2] == ["journal/0-000001.jsonl", "journal/0-000000.jsonl"]
    assert removed[-2:] == ["videos.jsonl", "listing.jsonl"]


def test_clearing_a_folder_without_a_run_does_nothing(memory_store):
    clear_run(memory_store)
    assert memory_store.files == {}


def test_clearing_somebody_elses_folder_is_refused(memory_store):
    memory_store.put("masks/a.png", b"mine")
    with pytest.raises(OutputExistsError):
        clear_run(memory_store)
    assert memory_store.list_files() == ["masks/a.png"]


def test_equal_settings_are_accepted(memory_store):
    write_run_record(memory_store, SETTINGS, notes={"workers": 2})
    check_same_settings(memory_store, SETTINGS)


def test_each_setting_that_differs_is_named_with_both_values(memory_store):
    write_run_record(memory_store, SETTINGS)
    now = {"model": {"sha256": "cd"}, "nms": {"iou_threshold": 0.5, "top_k": 200}}
    with pytest.raises(RunMismatchError) as caught:
        check_same_settings(memory_store, now)
    assert caught.value.sentence.splitlines()[1:] == [
        '  model.sha256: "ab" before, "cd" now',
        '  class_names: ["a", "b"] before, not set now',
        "  nms.top_k: not set before, 200 now",
    ]
    assert "--overwrite" in caught.value.remedy


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"format": 1}'])
def test_a_damaged_record_is_told(memory_store, damage):
    memory_store.put("run.json", damage)
    with pytest.raises(OutputError, match="is damaged"):
        read_run_record(memory_store)


def test_another_versions_record_is_not_gone_on_with(memory_store):
    memory_store.put("run.json", json.dumps({"format": 2, "settings": {}}).encode())
    with pytest.raises(OutputError, match="another version"):
        read_run_record(memory_store)


@pytest.mark.parametrize("record", [b'{"run_id": "a1"}', b"[]", b"null", b"run=1"])
def test_a_folder_with_another_programs_run_json_is_never_cleared(memory_store, record):
    memory_store.put("run.json", record)
    memory_store.put("masks/drawn.png", b"by hand")
    with pytest.raises(OutputExistsError, match="of another program"):
        run_state(memory_store)
    with pytest.raises(OutputExistsError):
        clear_run(memory_store)
    assert memory_store.read_bytes("masks/drawn.png") == b"by hand"


def test_a_damaged_record_beside_a_listing_is_a_run_of_ours(memory_store):
    memory_store.put("run.json", b'{"form')
    memory_store.put("listing.jsonl", b"")
    assert run_state(memory_store) is RunState.UNFINISHED
