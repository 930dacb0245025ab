"""What is kept between starts."""

import errno
import os

import pytest

from yolact_cli.inference.runtimes import compiled_cache
from yolact_cli.inference.runtimes.compiled_cache import CompiledCache

KEY = {"weights": "abc", "precision": "fp32"}


@pytest.fixture
def cache(tmp_path):
    return CompiledCache(tmp_path / "cache")


def test_what_was_stored_comes_back_under_its_key_alone(cache):
    cache.store(KEY, {"network": b"one", "rescoring": b"two"})
    assert cache.load(KEY) == {"network": b"one", "rescoring": b"two"}
    assert cache.load(KEY | {"precision": "bf16"}) is None


def test_damaged_entry_is_no_entry(cache, tmp_path):
    cache.store(KEY, {"network": b"one"})
    (file,) = tmp_path.glob("cache/*/network")
    file.write_bytes(b"two")
    assert cache.load(KEY) is None
    cache.store(KEY, {"network": b"three"})
    assert cache.load(KEY) == {"network": b"three"}


@pytest.mark.parametrize(
    "index",
    ["", "null", "5", "{}", "[]", '["network"]', '{"network": 5}', '{"../x": "a"}', "[" * 9999],
)
def test_damaged_index_is_no_entry_and_is_made_anew(cache, tmp_path, index):
    cache.store(KEY, {"network": b"one"})
    (file,) = tmp_path.glob("cache/*/index.json")
    file.write_text(index)
    assert cache.load(KEY) is None
    cache.store(KEY, {"network": b"one"})
    assert cache.load(KEY) == {"network": b"one"}


def test_cache_that_may_only_be_read_is_used(cache, monkeypatch):
    cache.store(KEY, {"network": b"one"})

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "utime", refuse)
    assert cache.load(KEY) == {"network": b"one"}


def test_what_killed_processes_left_goes_and_what_is_being_written_stays(cache, tmp_path):
    old, new = (tmp_path / "cache" / name for name in ("new-old", "new-new"))
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    cache.store(KEY, {"network": b"one"})
    assert not old.exists()
    assert new.exists()


def test_cache_that_cannot_be_written_does_no_harm(tmp_path):
    (tmp_path / "cache").write_text("a file")
    cache = CompiledCache(tmp_path / "cache")
    cache.store(KEY, {"network": b"one"})
    assert cache.load(KEY) is None


def test_entries_not_used_for_longest_go_when_there_is_too_much(cache, monkeypatch):
    monkeypatch.setattr(compiled_cache, "MOST_BYTES", 2500)
    for number in range(3):
        cache.store({"n": number}, {"network": bytes(1000)})
        entry = max(cache._folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(entry, (number, number))
    cache.store({"n": 3}, {"network": bytes(1000)})
    assert [cache.load({"n": number}) is not None for number in range(4)] == [
        False,
        False,
        True,
        True,
    ]
