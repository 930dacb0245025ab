"""The journal resumes from any torn state, in whole batches, to the same bytes."""

from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.runs import journal as module
from yolact_cli.runs.journal import BatchPlan, Journal, read_journal, segments_of
from yolact_cli.store import LocalStore


def record(picture_id: int) -> dict:
    return {"id": picture_id, "name": f"{picture_id}.jpg", "objects": ["é" * (picture_id % 3)]}


def run(store, plan: BatchPlan, *, batches: int | None = None) -> Journal:
    """Do what a run does: the batches that are not in the journal, in order."""
    journal = Journal.resume(store, plan)
    ids = range(1, plan.total + 1)
    starts = range(0, plan.total, plan.batch_size)
    for batch in [ids[start : start + plan.batch_size] for start in starts][:batches]:
        if batch[0] not in journal:
            journal.append([record(picture_id) for picture_id in batch])
    return journal


def tear(store, at: int) -> None:
    """Leave the first ``at`` bytes of the journal, as a kill would."""
    for name in segments_of(store, "0"):
        data = store.read_bytes(name)
        store.delete(name)
        if at > 0:
            store.put(name, data[:at])
        at -= len(data)


def ids_in(store) -> list[int]:
    return [item["id"] for item in read_journal(store)]


def test_a_new_journal_is_empty(memory_store):
    journal = Journal.resume(memory_store, BatchPlan(total=3, batch_size=2))
    assert len(journal) == 0
    assert 1 not in journal
    assert list(read_journal(memory_store)) == []


def test_records_are_read_back_in_order(memory_store):
    run(memory_store, BatchPlan(total=5, batch_size=2))
    assert list(read_journal(memory_store)) == [record(number) for number in range(1, 6)]


def test_pictures_with_a_record_are_known(memory_store):
    journal = run(memory_store, BatchPlan(total=5, batch_size=2), batches=1)
    assert [number for number in range(8) if number in journal] == [1, 2]
    assert len(journal) == 2


def test_a_batch_goes_to_the_disk_in_one_synced_write(memory_store):
    journal = Journal.resume(memory_store, BatchPlan(total=4, batch_size=2))
    with mock.patch.object(memory_store, "append") as append:
        journal.append([record(1), record(2)])
    assert append.call_count == 1
    assert append.call_args.kwargs.get("sync", True)


@pytest.mark.parametrize("ids", [[2, 1], [1, 1], [6], [0]])
def test_records_out_of_order_are_a_bug(memory_store, ids):
    journal = Journal.resume(memory_store, BatchPlan(total=5, batch_size=2))
    with pytest.raises(ValueError, match="is not next"):
        journal.append([record(number) for number in ids])


def test_numbers_that_are_no_json_are_refused(memory_store):
    journal = Journal.resume(memory_store, BatchPlan(total=1, batch_size=1))
    with pytest.raises(ValueError, match="JSON"):
        journal.append([{"id": 1, "score": float("nan")}])


def test_segments_close_after_their_number_of_records(memory_store, monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_RECORDS", 4)
    run(memory_store, BatchPlan(total=11, batch_size=2))
    sizes = [data.count(b"\n") for data in memory_store.files.values()]
    assert sizes == [4, 4, 3]
    assert segments_of(memory_store, "0") == sorted(memory_store.files)


def test_resuming_leaves_whole_segments_untouched(memory_store, monkeypatch):
    monkeypatch.setattr(module, "SEGMENT_RECORDS", 4)
    plan = BatchPlan(total=11, batch_size=2)
    run(memory_store, plan)
    with mock.patch.object(memory_store, "put") as put:
        Journal.resume(memory_store, plan)
    put.assert_not_called()


@settings(max_examples=200, deadline=None)
@given(
    total=st.integers(0, 40),
    batch_size=st.integers(1, 9),
    segment=st.integers(1, 12),
    where=st.floats(0, 1),
)
def test_any_torn_journal_resumes_to_the_same_bytes(make_store, total, batch_size, segment, where):
    plan = BatchPlan(total=total, batch_size=batch_size)
    with mock.patch.object(module, "SEGMENT_RECORDS", segment):
        whole, torn = make_store(), make_store()
        run(whole, plan)
        run(torn, plan)
        tear(torn, round(where * sum(map(len, torn.files.values()))))
        run(torn, plan)
    assert torn.files == whole.files


@settings(max_examples=100, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    totals=st.lists(st.integers(0, 20), min_size=1, max_size=4),
    where=st.floats(0, 1),
)
def test_other_batch_sizes_and_more_pictures_lose_and_double_nothing(
    make_store, sizes, totals, where
):
    store = make_store()
    for batch_size, total in zip(sizes, sorted(totals), strict=False):
        with mock.patch.object(module, "SEGMENT_RECORDS", 5):
            run(store, BatchPlan(total=total, batch_size=batch_size))
            assert ids_in(store) == list(range(1, total + 1))
            tear(store, round(where * sum(map(len, store.files.values()))))


def test_an_incomplete_batch_is_cut_off(memory_store):
    plan = BatchPlan(total=6, batch_size=3)
    run(memory_store, plan)
    tear(memory_store, len(memory_store.read_bytes("journal/0-000000.jsonl")) - 1)
    assert [n for n in range(1, 7) if n in Journal.resume(memory_store, plan)] == [1, 2, 3]
    assert ids_in(memory_store) == [1, 2, 3]


def test_a_batch_that_grew_with_the_listing_is_done_again(memory_store):
    run(memory_store, BatchPlan(total=5, batch_size=3))
    assert len(Journal.resume(memory_store, BatchPlan(total=6, batch_size=3))) == 3


def test_zeros_after_a_power_cut_are_cut_off(memory_store):
    plan = BatchPlan(total=4, batch_size=2)
    run(memory_store, plan, batches=1)
    memory_store.append("journal/0-000000.jsonl", b"\0" * 50 + b"\n")
    assert len(Journal.resume(memory_store, plan)) == 2
    assert ids_in(memory_store) == [1, 2]


def test_reading_stops_at_a_torn_line(memory_store):
    run(memory_store, BatchPlan(total=3, batch_size=1))
    memory_store.append("journal/0-000000.jsonl", b'{"id": 4, "na')
    assert ids_in(memory_store) == [1, 2, 3]


def test_shards_are_read_as_one(memory_store):
    plan = BatchPlan(total=6, batch_size=2)
    odd = Journal.resume(memory_store, plan, shard="1-of-2")
    even = Journal.resume(memory_store, plan, shard="2-of-2")
    odd.append([record(1), record(2)])
    even.append([record(3), record(4)])
    odd.append([record(5), record(6)])
    assert ids_in(memory_store) == [1, 2, 3, 4, 5, 6]
    resumed = Journal.resume(memory_store, plan, shard="1-of-2")
    assert [number for number in range(1, 7) if number in resumed] == [1, 2, 5, 6]


def test_foreign_files_in_the_folder_are_left_alone(memory_store):
    memory_store.put("journal/notes.txt", b"mine")
    run(memory_store, BatchPlan(total=2, batch_size=1))
    assert ids_in(memory_store) == [1, 2]
    assert memory_store.read_bytes("journal/notes.txt") == b"mine"


def test_the_journal_lives_in_a_folder_too(tmp_path):
    store = LocalStore(tmp_path)
    plan = BatchPlan(total=3, batch_size=2)
    run(store, plan)
    with (tmp_path / "journal" / "0-000000.jsonl").open("ab") as file:
        file.write(b'{"id"')
    assert len(Journal.resume(store, plan)) == 3
    assert (tmp_path / "journal" / "0-000000.jsonl").read_bytes().endswith(b"}\n")
