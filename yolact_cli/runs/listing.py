"""``listing.jsonl`` and ``videos.jsonl``: every picture and video of a run and the id it keeps."""

import dataclasses
import gzip
import io
import itertools
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Protocol

from yolact_cli.errors import OutputError
from yolact_cli.store import Store
from yolact_cli.structures import ListedPicture
from yolact_cli.video import ListedVideo

LISTING = "listing.jsonl"
VIDEO_LISTING = "videos.jsonl"
_KEYS = {"name": "name", "location": "location", "size_bytes": "size", "mtime_ns": "mtime_ns"}


class Pictures(Protocol):
    """Listed pictures in order of their ids, wherever they are kept."""

    def __len__(self) -> int: ...

    def __iter__(self) -> Iterator[ListedPicture]: ...


@dataclasses.dataclass(frozen=True, slots=True)
class StoredPictures:
    """A listing left in its file: read as it is gone through, as often as that is.

    However many pictures a run has, there is one of them in memory.

    Attributes:
        store: The run's folder, with a listing.
        count: Its pictures.
    """

    store: Store
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[ListedPicture]:
        """In order of their ids, 1 to n.

        Raises:
            OutputError: The file is damaged.
        """
        for number, fields in _read(self.store, LISTING):
            yield ListedPicture(picture_id=number, **fields)


class PackedPictures:
    """A listing not written yet, packed until then: less than fifty bytes a picture.

    Args:
        pictures: In order of their ids, 1 to n.
    """

    def __init__(self, pictures: Iterable[ListedPicture]) -> None:
        packed = io.BytesIO()
        self._count = 0
        with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as file:
            for number, picture in enumerate(pictures, start=1):
                file.write(_line(number, picture))
                self._count = number
        self._packed = packed.getvalue()

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ListedPicture]:
        """In order of their ids, 1 to n."""
        with gzip.GzipFile(fileobj=io.BytesIO(self._packed)) as file:
            for number, fields in _parsed(file, LISTING):
                yield ListedPicture(picture_id=number, **fields)


def count_listed(store: Store) -> int:
    """How many pictures are listed so far.

    Raises:
        OutputError: The file is damaged.
    """
    return sum(1 for _ in _read(store, LISTING))


def read_listing(store: Store) -> list[ListedPicture]:
    """The pictures listed so far, in order of their ids, 1 to n; empty where none were.

    Raises:
        OutputError: The file is damaged.
    """
    return [ListedPicture(picture_id=number, **fields) for number, fields in _read(store, LISTING)]


def read_video_listing(store: Store) -> list[ListedVideo]:
    """The videos listed so far, in order of their ids, 1 to n; empty where none were.

    Raises:
        OutputError: The file is damaged.
    """
    return [
        ListedVideo(video_id=number, **fields) for number, fields in _read(store, VIDEO_LISTING)
    ]


def extend_video_listing(
    store: Store, listed: Sequence[ListedVideo], added: Sequence[ListedVideo]
) -> list[ListedVideo]:
    """Write the listing with ``added`` behind what is there; a run without any has no such file.

    Args:
        store: The run's folder.
        listed: What :func:`read_video_listing` gave; videos that are gone since are kept.
        added: New videos, their ids continuing where ``listed`` ends.

    Returns:
        All videos, in order of their ids.
    """
    videos = [*listed, *added]
    if [video.video_id for video in videos] != list(range(1, len(videos) + 1)):
        raise ValueError("video ids must run from 1 without a gap")
    if added:
        write_video_listing(store, videos)
    return videos


def write_listing(store: Store, pictures: Iterable[ListedPicture]) -> None:
    """Write the listing of pictures anew, one at a time.

    Raises:
        ValueError: Their ids do not run from 1 without a gap; what was there stays.
    """
    _write(store, LISTING, _in_order(pictures))


def _in_order(pictures: Iterable[ListedPicture]) -> Iterator[ListedPicture]:
    for number, picture in enumerate(pictures, start=1):
        if picture.picture_id != number:
            raise ValueError("picture ids must run from 1 without a gap")
        yield picture


def write_video_listing(store: Store, videos: Sequence[ListedVideo]) -> None:
    """Write the listing of videos anew, in order of their ids."""
    _write(store, VIDEO_LISTING, videos)


def _write(store: Store, path: str, listed: Iterable[ListedPicture | ListedVideo]) -> None:
    with store.put_stream(path) as file:
        file.writelines(itertools.starmap(_line, enumerate(listed, start=1)))


def _line(number: int, listed: ListedPicture | ListedVideo) -> bytes:
    fields = dataclasses.asdict(listed)
    line = json.dumps({"id": number} | {key: fields[field] for field, key in _KEYS.items()})
    # json's ASCII escapes carry file names that are no valid text through and back.
    return line.encode("ascii") + b"\n"


def _read(store: Store, path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    if store.exists(path):
        with store.open(path) as file:
            yield from _parsed(file, path)


def _parsed(lines: Iterable[bytes], path: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(lines, start=1):
        try:
            record = json.loads(line)
            fields = {field: record[key] for field, key in _KEYS.items()}
            is_next = record["id"] == number
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(path, number) from error
        if not is_next:
            raise _damaged(path, number)
        yield number, fields


def _damaged(path: str, number: int) -> OutputError:
    return OutputError(
        f"{path}: line {number} is damaged, so files and their labels cannot be matched.",
        remedy="Start again with --overwrite, or in another folder.",
    )
