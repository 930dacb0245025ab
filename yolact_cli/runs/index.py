"""Where in the journal each record stands, so that one picture can be read without the others."""

import json
import re
from array import array
from collections.abc import Iterator, Sequence
from typing import Any

from yolact_cli.errors import OutputError
from yolact_cli.runs.journal import segments_of
from yolact_cli.store import Store

_ID = re.compile(rb'\{"id":(\d+),')


class ShardIndex:
    """One shard's records by their ids. Memory is 20 bytes a record.

    Args:
        store: The run's folder.
        shard: As in the journal; ``0`` holds the pictures.
    """

    def __init__(self, store: Store, shard: str = "0") -> None:
        self._store = store
        self._segments: Sequence[str] = segments_of(store, shard)
        self._ids = array("q")
        self._of_segment = array("l")
        self._offsets = array("q")
        for number, name in enumerate(self._segments):
            self._add(number, name)
        self._place = {picture_id: place for place, picture_id in enumerate(self._ids)}

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, picture_id: object) -> bool:
        return picture_id in self._place

    def __iter__(self) -> Iterator[int]:
        """The ids in the order of their records."""
        return iter(self._ids)

    def read(self, picture_id: int) -> dict[str, Any]:
        """The record of that id.

        Raises:
            KeyError: There is none.
            OutputError: The journal was changed since.
        """
        place = self._place[picture_id]
        name = self._segments[self._of_segment[place]]
        with self._store.open(name) as file:
            file.seek(self._offsets[place])
            line = file.readline()
        try:
            record: dict[str, Any] = json.loads(line)
        except ValueError:
            record = {}
        if record.get("id") != picture_id:
            raise OutputError(f"{name} was changed while it was read.", remedy="Start again.")
        return record

    def _add(self, number: int, name: str) -> None:
        offset = 0
        with self._store.open(name) as file:
            for line in file:
                match = _ID.match(line)
                if match is None or not line.endswith(b"\n"):
                    return
                self._ids.append(int(match[1]))
                self._of_segment.append(number)
                self._offsets.append(offset)
                offset += len(line)
