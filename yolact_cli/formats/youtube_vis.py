"""YouTube-VIS: videos with one annotation a track, each a list over all frames of its video.

Frames arrive one after another, but the file wants one track after another. So sightings go to a
table on disk and are read back by tracks; memory is the same for ten frames or a million. Every
list of an annotation is as long as its video, null where the object is not seen.

Source of the format: https://youtube-vos.org/dataset/vis/ and the reader of youtubevos/cocoapi,
which wants ``avg_area`` beside the lists. ``score`` and ``track_id`` are ours.
"""

import contextlib
import json
import math
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

from yolact_cli.errors import DiskFullError, OutputError
from yolact_cli.formats import coco
from yolact_cli.formats.json_lists import write_items
from yolact_cli.store import Store
from yolact_cli.structures import Category, Detections

Election = Callable[[Iterable[tuple[int, float]]], int]
"""The category id that (category id, score) pairs of a track elect."""

_NULLS_AT_ONCE = 1_000
_SCHEMA = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA cache_size = -4096;
CREATE TABLE video (id INTEGER PRIMARY KEY, name TEXT, height INTEGER, width INTEGER,
                    length INTEGER DEFAULT 0);
CREATE TABLE frame (video_id INTEGER, place INTEGER, name TEXT, PRIMARY KEY (video_id, place))
    WITHOUT ROWID;
CREATE TABLE sighting (video_id INTEGER, track_id INTEGER, place INTEGER, category_id INTEGER,
                       score REAL, bbox TEXT, area INTEGER, counts TEXT);
"""
_INDEX = "CREATE UNIQUE INDEX by_track ON sighting (video_id, track_id, place)"
_OF_TRACK = "FROM sighting WHERE video_id = ? AND track_id = ? ORDER BY place"


class YoutubeVisWriter:
    """Takes frames one by one and writes one file at the end; a context manager.

    The file is whole or not there: it appears when the block ends without an error. Calls come one
    after another, from any thread. A part of a file that a kill left at ``spool`` is replaced.

    Args:
        store: Takes the file.
        path: Where, in the store.
        spool: A file to be made and removed again, with room for all labels.
        classes: For every class id of the model the category it is written as; None drops it.
        elect: Decides a track's category from its sightings of categories that are written.
        info: The file's ``info`` object.

    Raises:
        OutputError: The spool cannot be made.
    """

    def __init__(
        self,
        store: Store,
        path: str,
        *,
        spool: Path,
        classes: Mapping[int, Category | None],
        elect: Election,
        info: Mapping[str, Any],
    ) -> None:
        self._store = store
        self._path = path
        self._spool = spool
        self._classes = classes
        self._elect = elect
        self._info = info
        self._categories = coco.written_categories(classes)
        self._is_open = True
        with _told_as_output_errors(spool):
            spool.parent.mkdir(parents=True, exist_ok=True)
            spool.unlink(missing_ok=True)
            # Commits are of no use to a file that is never opened again.
            self._table = sqlite3.connect(spool, isolation_level=None, check_same_thread=False)
            self._table.executescript(_SCHEMA + "BEGIN;")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None and self._is_open:
                self.close()
        finally:
            self.abandon()

    def video(self, video_id: int, name: str, *, size_hw: tuple[int, int]) -> None:
        """Begin a video; one without frames is listed too.

        Raises:
            ValueError: The id was used before.
        """
        height, width = size_hw
        try:
            self._put(
                "INSERT INTO video VALUES (?, ?, ?, ?, 0)", (video_id, _text(name), height, width)
            )
        except sqlite3.IntegrityError as error:
            raise ValueError(f"video {video_id} was begun before") from error

    def frame(self, video_id: int, detections: Detections, track_ids: Sequence[int]) -> None:
        """Add the next frame of a video, under its detections' name, with objects or without.

        Args:
            video_id: A video that was begun.
            detections: The frame's labels; instances of dropped classes are left out.
            track_ids: Of each instance, in order; no id twice.

        Raises:
            ValueError: Unknown video, another size, or not one track for each instance.
            DiskFullError: No space is left for the spool.
        """
        place = self._next_place(video_id, detections.size_hw)
        pairs = list(zip(detections.instances, track_ids, strict=True))
        if len(set(track_ids)) < len(pairs):
            raise ValueError(f"{detections.name}: two objects of one track")
        self._put("INSERT INTO frame VALUES (?, ?, ?)", (video_id, place, _text(detections.name)))
        self._put("UPDATE video SET length = length + 1 WHERE id = ?", (video_id,))
        for instance, track_id in pairs:
            category = self._classes[instance.class_id]
            if category is None:
                continue
            bbox = json.dumps(list(instance.bbox_xywh_px))
            row = (video_id, track_id, place, category.category_id, instance.score)
            row_end = (bbox, instance.area_px, instance.rle_counts)
            self._put("INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row + row_end)

    def close(self) -> int:
        """Write the file, remove the spool and return the number of annotations.

        Raises:
            OutputError: The store cannot take the file.
        """
        self._put(_INDEX, ())
        with self._store.put_stream(self._path) as stream:
            stream.write(b'{"info": ' + _dump(self._info) + b', "licenses": [],\n"categories": [')
            write_items(stream, map(coco.category_record, self._categories))
            stream.write(b'],\n"videos": [')
            self._write_videos(stream)
            stream.write(b'],\n"annotations": [')
            count = self._write_annotations(stream)
            stream.write(b"]}\n")
        self.abandon()
        return count

    def abandon(self) -> None:
        """Remove the spool and write nothing; does nothing after :meth:`close`."""
        self._is_open = False
        self._table.close()
        with contextlib.suppress(OSError):
            self._spool.unlink(missing_ok=True)

    def _put(self, statement: str, values: Sequence[Any]) -> None:
        with _told_as_output_errors(self._spool):
            self._table.execute(statement, values)

    def _next_place(self, video_id: int, size_hw: tuple[int, int]) -> int:
        query = "SELECT height, width, length FROM video WHERE id = ?"
        row = self._table.execute(query, (video_id,)).fetchone()
        if row is None:
            raise ValueError(f"video {video_id} was not begun")
        height, width, length = row
        if (height, width) != size_hw:
            raise ValueError(f"a {size_hw} frame in a video of {(height, width)}")
        return int(length)

    def _write_videos(self, stream: BinaryIO) -> None:
        query = "SELECT id, name, width, height, length FROM video ORDER BY id"
        names = "SELECT name FROM frame WHERE video_id = ? ORDER BY place"
        for number, (video_id, name, width, height, length) in enumerate(
            self._table.execute(query)
        ):
            record = {"id": video_id, "name": json.loads(name), "width": width, "height": height}
            record |= {"length": length, "date_captured": ""}
            stream.write((b",\n" if number else b"\n") + _dump(record)[:-1] + b', "file_names": [')
            rows = self._table.execute(names, (video_id,))
            stream.writelines(
                (b", " if place else b"") + frame_name.encode("ascii")
                for place, (frame_name,) in enumerate(rows)
            )
            stream.write(b"]}")

    def _write_annotations(self, stream: BinaryIO) -> int:
        query = """SELECT DISTINCT video_id, track_id, height, width, length
                   FROM sighting JOIN video ON video.id = video_id ORDER BY video_id, track_id"""
        count = 0
        for video_id, track_id, height, width, length in self._table.execute(query):
            stream.write(b",\n" if count else b"\n")
            count += 1
            key = (video_id, track_id)
            record = {"id": count, "video_id": video_id, "track_id": track_id, "iscrowd": 0}
            record |= {"height": height, "width": width, "length": length, **self._summary(key)}
            stream.write(_dump(record)[:-1])
            size = f'{{"size": [{height}, {width}], "counts": '.encode("ascii")
            masks = ((place, size + _dump(text) + b"}") for place, text in self._all("counts", key))
            boxes = ((place, text.encode("ascii")) for place, text in self._all("bbox", key))
            areas = ((place, b"%d" % area) for place, area in self._all("area", key))
            for name, items in (("segmentations", masks), ("bboxes", boxes), ("areas", areas)):
                stream.write(f', "{name}": ['.encode("ascii"))
                _write_sparse(stream, items, length)
                stream.write(b"]")
            stream.write(b"}")
        return count

    def _all(self, column: str, key: tuple[int, int]) -> Iterator[tuple[int, Any]]:
        yield from self._table.execute(f"SELECT place, {column} {_OF_TRACK}", key)

    def _summary(self, key: tuple[int, int]) -> dict[str, Any]:
        """What is said of a track as a whole; scores are averaged over its sightings."""
        elected = self._elect(self._table.execute(f"SELECT category_id, score {_OF_TRACK}", key))
        sightings, score, area = 0, 0.0, 0
        for one_score, one_area in self._table.execute(f"SELECT score, area {_OF_TRACK}", key):
            sightings += 1
            score += one_score
            area += one_area
        mean_score = math.floor(score / sightings * 1e4 + 0.5) / 1e4
        return {"category_id": elected, "score": mean_score, "avg_area": area / sightings}


def _write_sparse(stream: BinaryIO, items: Iterable[tuple[int, bytes]], length: int) -> None:
    """A JSON list's inside: items at their places, null in between and up to the length."""
    written = 0
    for place, item in items:
        _write_nulls(stream, place - written, is_first=written == 0)
        stream.write((b", " if place else b"") + item)
        written = place + 1
    _write_nulls(stream, length - written, is_first=written == 0)


def _write_nulls(stream: BinaryIO, count: int, *, is_first: bool) -> None:
    if count > 0 and is_first:
        stream.write(b"null")
        count -= 1
    while count > 0:
        now = min(count, _NULLS_AT_ONCE)
        stream.write(b", null" * now)
        count -= now


def _text(name: str) -> str:
    """As JSON in ASCII: SQLite takes no file names in broken encodings."""
    return json.dumps(name)


def _dump(value: Any) -> bytes:
    return json.dumps(value, allow_nan=False).encode("ascii")


@contextlib.contextmanager
def _told_as_output_errors(spool: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            raise DiskFullError(
                f"{spool}: no space left for the tracks' sightings.",
                remedy="Free some space and run the same command again; it resumes.",
            ) from error
        raise OutputError(f"{spool}: cannot be written ({error}).") from error
    except OSError as error:
        raise OutputError(f"{spool}: cannot be written ({error.strerror}).") from error
