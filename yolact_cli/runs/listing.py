"""``listing.jsonl``: every picture of a run and the id it keeps for the run's whole life."""

import dataclasses
import json
from collections.abc import Iterator, Sequence

from yolact_cli.errors import OutputError
from yolact_cli.store import Store
from yolact_cli.structures import ListedPicture

LISTING = "listing.jsonl"
_KEYS = {"picture_id": "id", "name": "name", "location": "location"} | {
    "size_bytes": "size",
    "mtime_ns": "mtime_ns",
}


def read_listing(store: Store) -> list[ListedPicture]:
    """The pictures listed so far, in order of their ids, 1 to n; empty where none were.

    Raises:
        OutputError: The file is damaged.
    """
    if not store.exists(LISTING):
        return []
    with store.open(LISTING) as file:
        return [_from_line(line, number) for number, line in enumerate(file, start=1)]


def extend_listing(
    store: Store, listed: Sequence[ListedPicture], added: Sequence[ListedPicture]
) -> list[ListedPicture]:
    """Write the listing with ``added`` behind what is there; ids and names stay as they are.

    Args:
        store: The run's folder.
        listed: What :func:`read_listing` gave; pictures that are gone since are kept.
        added: New pictures, their ids continuing where ``listed`` ends.

    Returns:
        All pictures, in order of their ids.
    """
    pictures = [*listed, *added]
    if [picture.picture_id for picture in pictures] != list(range(1, len(pictures) + 1)):
        raise ValueError("picture ids must run from 1 without a gap")
    if added or not store.exists(LISTING):
        with store.put_stream(LISTING) as file:
            file.writelines(_lines(pictures))
    return pictures


def _lines(pictures: Sequence[ListedPicture]) -> Iterator[bytes]:
    for picture in pictures:
        fields = dataclasses.asdict(picture)
        line = json.dumps({key: fields[field] for field, key in _KEYS.items()})
        # json's ASCII escapes carry file names that are no valid text through and back.
        yield line.encode("ascii") + b"\n"


def _from_line(line: bytes, number: int) -> ListedPicture:
    try:
        record = json.loads(line)
        picture = ListedPicture(**{field: record[key] for field, key in _KEYS.items()})
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(number) from error
    if picture.picture_id != number:
        raise _damaged(number)
    return picture


def _damaged(number: int) -> OutputError:
    return OutputError(
        f"{LISTING}: line {number} is damaged, so pictures and their labels cannot be matched.",
        remedy="Start again with --overwrite, or in another folder.",
    )
