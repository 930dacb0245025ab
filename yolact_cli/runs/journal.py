"""The journal: one line of JSON a picture, appended batch by batch, never rewritten.

``journal/<shard>-<sequence>.jsonl``, about a thousand records a segment. Each video has a shard of
its own, whose records are its frames. Within a shard, records stand in order of their ids and only
in whole batches, so there is never a second record of a picture: what a kill left of a batch is cut
off before the run goes on.
"""

import dataclasses
import heapq
import json
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Self

from yolact_cli.store import Store

_log = logging.getLogger(__name__)

FOLDER = "journal"
SEGMENT_RECORDS = 1_000
_OF_VIDEO = re.compile(r"v\d{5,}")
_SEGMENT = re.compile(rf"{FOLDER}/(?P<shard>[^/]+)-(?P<sequence>\d{{6,}})\.jsonl")

Record = dict[str, Any]


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BatchPlan:
    """How a run's listing is cut into batches, by index.

    Attributes:
        total: Pictures in the listing; None where nobody knows, as of a video's frames. Then a last
            batch that is smaller than the others is not known to be whole.
        batch_size: Pictures a batch; the last one may hold fewer.
    """

    total: int | None
    batch_size: int

    def batch_of(self, picture_id: int) -> int:
        """The 0-based batch of a picture."""
        return (picture_id - 1) // self.batch_size

    def last_id_of(self, batch: int) -> int:
        """The highest picture id of a batch."""
        last_id = (batch + 1) * self.batch_size
        return last_id if self.total is None else min(last_id, self.total)


def video_shard(video_id: int) -> str:
    """The name of a video's own shard."""
    return f"v{video_id:05d}"


class Journal:
    """One shard's journal, open for appending. Made by :meth:`resume`.

    Holds one byte a listed picture, whatever the records' size.
    """

    def __init__(self, store: Store, shard: str, plan: BatchPlan) -> None:
        self._store = store
        self._shard = shard
        self._total = plan.total
        self._done = bytearray((plan.total or 0) + 1)
        self._last_id = 0
        self._sequence = 0
        self._in_segment = 0

    @classmethod
    def resume(cls, store: Store, plan: BatchPlan, *, shard: str = "0") -> Self:
        """The shard's journal with whole batches only, ready for the next; new where none is.

        A batch counts when each of its pictures, by today's listing and batch size, is there.
        From the first one that does not, the journal is cut off: those pictures are to be done
        again, together, as in a run that was never interrupted.
        """
        journal = cls(store, shard, plan)
        segments = segments_of(store, shard)
        kept = _whole_batches(store, segments, plan, journal._done)
        # From the end, so that a kill in the middle of this leaves a journal without a hole.
        for name in reversed(segments):
            _keep_lines(store, name, kept[name])
            if kept[name]:
                journal._sequence, journal._in_segment = _sequence_of(name), kept[name]
                journal._last_id = journal._done.rfind(1)
                break
        return journal

    def __len__(self) -> int:
        """Pictures with a record."""
        return self._done.count(1)

    def __contains__(self, picture_id: int) -> bool:
        return 0 < picture_id < len(self._done) and bool(self._done[picture_id])

    def append(self, records: Sequence[Mapping[str, Any]]) -> None:
        """Add a whole batch's records; when this returns, they outlive a power cut.

        Args:
            records: With their picture's ``id``, rising, above all before. Failures too.

        Raises:
            DiskFullError: No space is left. The run can be resumed.
        """
        for record in records:
            is_listed = self._total is None or record["id"] <= self._total
            if not (self._last_id < record["id"] and is_listed):
                raise ValueError(f"record {record['id']} is not next after {self._last_id}")
            self._last_id = record["id"]
        if self._in_segment >= SEGMENT_RECORDS:
            self._sequence, self._in_segment = self._sequence + 1, 0
        name = f"{FOLDER}/{self._shard}-{self._sequence:06d}.jsonl"
        self._store.append(name, b"".join(map(_line, records)))
        self._in_segment += len(records)
        for record in records:
            _mark(self._done, record["id"])


def read_journal(store: Store) -> Iterator[Record]:
    """All pictures' records in order of their ids, one at a time; a torn last line is left out."""
    shards = {match["shard"] for name in store.list_files(FOLDER) if (match := _parsed(name))}
    of_pictures = sorted(shard for shard in shards if not _OF_VIDEO.fullmatch(shard))
    streams = [read_shard(store, shard) for shard in of_pictures]
    return heapq.merge(*streams, key=lambda record: record["id"])


def read_shard(store: Store, shard: str) -> Iterator[Record]:
    """One shard's records in order of their ids; a torn last line is left out."""
    return _records(store, segments_of(store, shard))


def segments_of(store: Store, shard: str) -> list[str]:
    """A shard's segments in the order they were written."""
    names = store.list_files(FOLDER)
    own = [name for name in names if (match := _parsed(name)) and match["shard"] == shard]
    return sorted(own, key=_sequence_of)


def _parsed(name: str) -> re.Match[str] | None:
    return _SEGMENT.fullmatch(name)


def _sequence_of(name: str) -> int:
    return int(name.rpartition("-")[2].removesuffix(".jsonl"))


def _line(record: Mapping[str, Any]) -> bytes:
    text = json.dumps(record, separators=(",", ":"), allow_nan=False)
    return text.encode("ascii") + b"\n"


def _record(line: bytes) -> Record | None:
    """A line's record, or None for a line that is torn."""
    try:
        record = json.loads(line) if line.endswith(b"\n") else None
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("id"), int) else None


def _records(store: Store, segments: Sequence[str]) -> Iterator[Record]:
    for name in segments:
        with store.open(name) as file:
            for line in file:
                record = _record(line)
                if record is None:
                    _log.warning("%s: a torn line; what follows is left out", name)
                    return
                yield record


def _whole_batches(
    store: Store, segments: Sequence[str], plan: BatchPlan, done: bytearray
) -> dict[str, int]:
    """Mark the pictures of whole batches in ``done``; give the lines to keep of each segment."""
    kept = dict.fromkeys(segments, 0)
    pending: list[tuple[str, int]] = []  # segment and id of the batch that is not whole yet
    last_id = 0
    for name, picture_id in _ids(store, segments):
        batch = plan.batch_of(picture_id)
        is_first = picture_id == batch * plan.batch_size + 1
        is_next = picture_id == last_id + 1 if pending else is_first and picture_id > last_id
        if not is_next or (plan.total is not None and picture_id > plan.total):
            break
        pending.append((name, picture_id))
        last_id = picture_id
        if picture_id == plan.last_id_of(batch):
            for segment, whole_id in pending:
                kept[segment] += 1
                _mark(done, whole_id)
            pending.clear()
    return kept


def _mark(done: bytearray, record_id: int) -> None:
    done.extend(bytes(max(0, record_id + 1 - len(done))))
    done[record_id] = 1


def _ids(store: Store, segments: Sequence[str]) -> Iterator[tuple[str, int]]:
    for name in segments:
        with store.open(name) as file:
            for line in file:
                record = _record(line)
                if record is None:
                    return
                yield name, record["id"]


def _keep_lines(store: Store, name: str, lines: int) -> None:
    """Cut a segment off after so many lines; one that keeps none is removed."""
    if lines == 0:
        store.delete(name)
        return
    with store.open(name) as file:
        whole = [file.readline() for _ in range(lines)]
        is_longer = bool(file.read(1))
    if is_longer:
        store.put(name, b"".join(whole))
