"""The store keeps files whole or absent."""

import errno
import os
from pathlib import Path

import pytest

from yolact_cli.errors import DiskFullError, OutputError
from yolact_cli.store import LocalStore


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "run")


def refuse(code: int):
    def fsync(descriptor: int) -> None:
        raise OSError(code, os.strerror(code))

    return fsync


def test_put_makes_the_folders_it_needs(store):
    store.put("masks/a/b.png", b"pixels")
    assert store.read_bytes("masks/a/b.png") == b"pixels"


def test_put_replaces_a_file_whole(store):
    store.put("a", b"a longer old text")
    store.put("a", b"new")
    assert store.read_bytes("a") == b"new"


def test_a_block_that_raises_leaves_the_old_file_and_no_other(store):
    store.put("a", b"old")
    with pytest.raises(ZeroDivisionError), store.put_stream("a") as file:
        file.write(bytes(1 // 0))
    assert store.read_bytes("a") == b"old"
    assert [path.name for path in store.root.iterdir()] == ["a"]


def test_an_unfinished_file_is_not_listed(store):
    with store.put_stream("a") as file:
        file.write(b"half")
        assert store.list_files() == []
        assert not store.exists("a")
    assert store.list_files() == ["a"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_told_with_a_remedy(store, monkeypatch, code):
    monkeypatch.setattr(os, "fsync", refuse(code))
    with pytest.raises(DiskFullError, match="no space left") as caught:
        store.put("a", b"data")
    assert "resumes" in caught.value.remedy
    assert store.list_files() == []
    with pytest.raises(DiskFullError, match="no space left") as caught:
        LocalStore(store.root, resumes=False).put("chart.svg", b"data")
    assert caught.value.remedy == "Free some space and run the same command again."


def test_a_full_disk_while_appending_is_told(store, monkeypatch):
    monkeypatch.setattr(os, "fsync", refuse(errno.ENOSPC))
    with pytest.raises(DiskFullError):
        store.append("a", b"data")


def test_a_really_full_device_is_told():
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(DiskFullError):
        LocalStore("/dev").append("full", b"data")


def test_a_file_where_a_folder_should_be_is_told(store):
    store.put("a", b"")
    with pytest.raises(OutputError, match="cannot be written"):
        store.append("a/b", b"data")


def test_a_refused_folder_is_told_as_an_output_error(store, monkeypatch):
    def mkdir(*args, **kwargs):
        raise PermissionError(errno.EACCES, "refused")

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with pytest.raises(OutputError, match="cannot be written"):
        store.put("a", b"data")


def test_errors_of_the_block_itself_pass_through(store):
    with pytest.raises(FileNotFoundError), store.put_stream("a") as file:
        file.write(Path("some/other/file").read_bytes())


def test_a_scratch_file_lies_in_the_store_without_a_name(store, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", "/nowhere")
    with store.scratch() as file:
        file.write(b"waits")
        file.seek(0)
        assert file.read() == b"waits"
        assert store.list_files() == []
    assert list(store.root.iterdir()) == []


def test_a_disk_that_a_scratch_file_fills_is_told(store):
    with pytest.raises(DiskFullError, match="no space left"), store.scratch():
        raise OSError(errno.ENOSPC, "full")


def test_append_adds_to_what_is_there(store):
    store.append("log", b"one\n")
    store.append("log", b"two\n", sync=False)
    assert store.read_bytes("log") == b"one\ntwo\n"


def test_files_are_listed_below_a_folder_in_order(store):
    for name in ("b/2", "b/1", "a", "c"):
        store.put(name, b"")
    assert store.list_files("b") == ["b/1", "b/2"]
    assert store.list_files() == ["a", "b/1", "b/2", "c"]
    assert store.list_files("none") == []


def test_a_file_is_read_as_a_stream(store):
    store.put("a", b"one\ntwo\n")
    with store.open("a") as file:
        assert list(file) == [b"one\n", b"two\n"]


def test_delete_removes_the_folders_it_empties(store):
    store.put("masks/a/1", b"")
    store.put("masks/2", b"")
    store.delete("masks/a/1")
    store.delete("never/there")
    assert [path.name for path in (store.root / "masks").iterdir()] == ["2"]


def test_a_name_of_255_bytes_fits(store):
    store.put("n" * 255, b"data")
    assert store.exists("n" * 255)


@pytest.mark.parametrize("path", ["../a", "/etc/passwd", "a/../../b"])
def test_a_path_out_of_the_store_is_refused(store, path):
    with pytest.raises(ValueError, match="not a path inside"):
        store.put(path, b"")
