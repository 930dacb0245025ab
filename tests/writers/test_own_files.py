"""Only files of our own are replaced."""

import json

import pytest

from yolact_cli.errors import OutputExistsError
from yolact_cli.writers.own_files import replace_own_files


def write(store, **files):
    data = {f"{name}.txt": text.encode() for name, text in files.items()}
    replace_own_files(store, data, record_path="record.json", record={"of": "tests"})


def test_own_files_are_replaced_and_those_no_longer_written_go(store):
    write(store, a="one", b="two")
    write(store, a="three")
    assert store.list_files() == ["a.txt", "record.json"]
    assert store.read_bytes("a.txt") == b"three"


def test_the_record_tells_of_the_files(store):
    write(store, a="one")
    record = json.loads(store.read_bytes("record.json"))
    assert record["of"] == "tests"
    assert list(record["files"]) == ["a.txt"]


def test_a_file_of_somebody_elses_is_left_and_nothing_is_written(store):
    store.put("a.txt", b"mine")
    with pytest.raises(OutputExistsError, match="already there, and not written by this command"):
        write(store, b="two", a="one")
    assert store.list_files() == ["a.txt"]
    assert store.read_bytes("a.txt") == b"mine"


def test_a_file_that_somebody_changed_is_left(store):
    write(store, a="one", b="two")
    store.put("a.txt", b"changed")
    with pytest.raises(OutputExistsError):
        write(store, a="three", b="four")
    assert store.read_bytes("b.txt") == b"two"


def test_a_changed_file_that_is_no_longer_written_stays(store):
    write(store, a="one", b="two")
    store.put("b.txt", b"changed")
    write(store, a="three")
    assert store.read_bytes("b.txt") == b"changed"


@pytest.mark.parametrize("record", [b"notes", b"[]", b'{"files": 3}', b'{"files": ["a.txt"]}'])
def test_a_record_of_somebody_elses_is_left(store, record):
    store.put("record.json", record)
    with pytest.raises(OutputExistsError):
        write(store, a="one")
    assert store.list_files() == ["record.json"]


def test_a_folder_in_a_files_place_is_somebody_elses(store):
    store.put("a.txt/inside", b"mine")
    with pytest.raises(OutputExistsError):
        write(store, a="one")


def test_a_kill_between_files_leaves_what_the_next_call_replaces(store, monkeypatch):
    write(store, a="one", b="two")
    put = store.put

    def killed(path, data):
        if path == "b.txt":
            raise KeyboardInterrupt
        put(path, data)

    monkeypatch.setattr(store, "put", killed)
    with pytest.raises(KeyboardInterrupt):
        write(store, a="three", b="four")
    monkeypatch.undo()
    write(store, a="five", b="six")
    assert store.read_bytes("b.txt") == b"six"


def test_paths_in_a_record_that_lead_out_of_the_folder_are_passed_over(store, tmp_path):
    (tmp_path / "outside.txt").write_bytes(b"")
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    store.put("record.json", json.dumps({"files": {"../outside.txt": empty}}).encode())
    with pytest.raises(OutputExistsError):
        write(store, a="one")
    assert (tmp_path / "outside.txt").exists()
