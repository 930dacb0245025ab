"""The listing keeps every picture's id for the whole life of a run."""

import dataclasses
import pickle

import pytest

from yolact_cli.errors import OutputError
from yolact_cli.runs.listing import (
    PackedPictures,
    StoredPictures,
    read_listing,
    write_listing,
)


def test_a_run_without_a_listing_has_no_pictures(memory_store):
    assert read_listing(memory_store) == []


def test_a_listing_is_read_back_as_written(memory_store, make_listed):
    pictures = make_listed(3)
    write_listing(memory_store, pictures)
    assert read_listing(memory_store) == pictures


def test_a_stored_listing_is_gone_through_as_often_as_wanted(memory_store, make_listed):
    write_listing(memory_store, make_listed(3))
    stored = StoredPictures(memory_store, 3)
    assert len(stored) == 3
    assert list(stored) == list(stored) == make_listed(3)


def test_a_packed_listing_gives_back_what_was_packed(memory_store, make_listed):
    odd = dataclasses.replace(make_listed(1)[0], location="/photos/caf\udce9.jpg")
    pictures = [odd, *make_listed(2, first=2)]
    packed = PackedPictures(iter(pictures))
    assert len(packed) == 3
    assert list(packed) == list(packed) == pictures
    write_listing(memory_store, packed)
    assert read_listing(memory_store) == pictures


def test_a_packed_listing_may_be_empty():
    assert (len(PackedPictures([])), list(PackedPictures([]))) == (0, [])


def test_a_packed_listing_is_small(make_listed):
    pictures = PackedPictures(make_listed(1_000))
    assert len(pickle.dumps(pictures)) < 50_000


def test_names_that_are_no_valid_text_survive(memory_store, make_listed):
    odd = dataclasses.replace(make_listed(1)[0], location="/photos/caf\udce9.jpg")
    write_listing(memory_store, [odd])
    assert read_listing(memory_store) == [odd]


def test_later_pictures_are_appended_and_the_first_bytes_stay(memory_store, make_listed):
    write_listing(memory_store, make_listed(2))
    before = memory_store.read_bytes("listing.jsonl")
    write_listing(memory_store, [*read_listing(memory_store), *make_listed(2, first=3)])
    assert read_listing(memory_store) == make_listed(4)
    assert memory_store.read_bytes("listing.jsonl").startswith(before)


def test_a_gap_in_the_ids_is_a_bug(memory_store, make_listed):
    write_listing(memory_store, make_listed(1))
    with pytest.raises(ValueError, match="without a gap"):
        write_listing(memory_store, [*make_listed(2), *make_listed(1, first=4)])
    assert read_listing(memory_store) == make_listed(1)


@pytest.mark.parametrize("damage", [b'{"id": 1}\n', b"{\n", b"[]\n", b'{"id": 7, "name": "x"}\n'])
def test_a_damaged_listing_is_told_with_its_line(memory_store, damage):
    memory_store.put("listing.jsonl", damage)
    with pytest.raises(OutputError, match="line 1 is damaged"):
        read_listing(memory_store)


def test_lines_in_the_wrong_order_are_damage(memory_store, make_listed):
    write_listing(memory_store, make_listed(2))
    lines = memory_store.read_bytes("listing.jsonl").splitlines(keepends=True)
    memory_store.put("listing.jsonl", b"".join(reversed(lines)))
    with pytest.raises(OutputError, match="line 1"):
        read_listing(memory_store)
