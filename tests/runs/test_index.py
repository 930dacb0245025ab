"""Records found without reading the others."""

import pytest

from yolact_cli.runs.index import ShardIndex
from yolact_cli.runs.journal import BatchPlan, Journal, read_shard


@pytest.fixture
def journal(memory_store):
    """Five records, the third one of a failure."""
    journal = Journal.resume(memory_store, BatchPlan(total=5, batch_size=1))
    for number in range(1, 6):
        record = {"id": number, "name": f'"failure":{{ {number}.png'}
        journal.append([record | ({"failure": {"stage": "decode"}} if number == 3 else {})])
    return memory_store


def test_index_gives_each_record_as_the_stream_does(journal):
    index = ShardIndex(journal)
    records = list(read_shard(journal, "0"))
    assert list(index) == [1, 2, 3, 4, 5]
    assert [index.read(number) for number in (5, 4, 3, 2, 1)] == records[::-1]


def test_index_tells_failures_from_names_that_look_like_one(journal):
    assert list(ShardIndex(journal).labelled_ids()) == [1, 2, 4, 5]


def test_index_leaves_out_a_torn_line(journal):
    (name,) = journal.list_files()
    journal.truncate(name, journal.size_of(name) - 3)
    index = ShardIndex(journal)
    assert 4 in index
    assert 5 not in index
    assert len(index) == 4


def test_index_of_no_journal_is_empty(memory_store):
    assert list(ShardIndex(memory_store)) == []
