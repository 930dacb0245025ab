"""Files that people may edit in place: one that changed since we wrote it is never replaced.

A hidden index in the folder, ``.yolact-<name>.jsonl``, notes the SHA-256 of each file before it
comes into place. A file is ours to replace, or to remove when it is no longer wanted, only while
its contents are still noted there. Writing the same contents again touches nothing.
"""

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from yolact_cli.errors import OutputError
from yolact_cli.store import LocalStore

FORMAT = 1
"""Of the index."""
SHOWN = 20
"""Names of files kept that are remembered; the others are only counted."""


@dataclass(slots=True, kw_only=True)
class FileTally:
    """What became of a folder's files.

    Attributes:
        written: New, or replaced.
        unchanged: There already with the same contents.
        removed: Of an earlier export, no longer wanted, and as we wrote them.
        kept: That stood in the way and were left as they are: edited since, or not ours.
        kept_names: The first of those, relative to the folder.
    """

    written: int = 0
    unchanged: int = 0
    removed: int = 0
    kept: int = 0
    kept_names: list[str] = field(default_factory=list)


class KeptFiles(LocalStore):
    """A store that leaves files alone which are not, or no longer, as we wrote them.

    Args:
        ledger: Of the folder that this store is, or is below of.
        root: The folder; the ledger's own where left out.
    """

    def __init__(self, ledger: "Ledger", root: Path | None = None) -> None:
        super().__init__(root or ledger.root)
        self._ledger = ledger

    def below(self, folder: str) -> "KeptFiles":
        """The same, of a folder in this one; an empty name gives this one again."""
        return KeptFiles(self._ledger, self.path_of(folder)) if folder else self

    def put(self, path: str, data: bytes) -> None:
        """Write a file whole, unless it is not ours to replace, or has these contents already."""
        if self._ledger.has(self.path_of(path), hashlib.sha256(data).hexdigest()):
            return
        super().put(path, data)

    def delete(self, path: str) -> None:
        """Remove a file if it is as we wrote it."""
        target = self.path_of(path)
        if self._ledger.is_ours(target):
            super().delete(path)

    def _settle(self, part: Path, target: Path) -> None:
        digest = _digest_of(part)
        assert digest is not None  # noqa: S101 - it was just written
        if self._ledger.claim(target, digest):
            part.replace(target)
        else:
            part.unlink()


class Ledger:
    """The index of a folder while it is being written. Made by :func:`open_ledger`.

    Attributes:
        root: The folder.
        tally: Counts so far.
    """

    def __init__(self, root: Path, name: str, *, overwrite: bool) -> None:
        self.root = root.absolute()
        self.tally = FileTally()
        self._overwrite = overwrite
        self._files = LocalStore(self.root)
        self._index = f".yolact-{name}.jsonl"
        self._before = _read_index(self._files, self._index)
        self._intents: BinaryIO | None = None
        self._new: BinaryIO | None = None

    def has(self, target: Path, digest: str) -> bool:
        """Whether the file is there with these contents; if so it is counted and noted."""
        if digest != _digest_of(target):
            return False
        self.tally.unchanged += 1
        self._settled(self._name_of(target), digest)
        return True

    def is_ours(self, target: Path) -> bool:
        """Whether the file is there as we wrote it."""
        return _digest_of(target) in self._before.get(self._name_of(target), ())

    def claim(self, target: Path, digest: str) -> bool:
        """Whether new contents may come into this place; what was decided is counted and noted."""
        if self.has(target, digest):
            return False
        name = self._name_of(target)
        is_free = not os.path.lexists(target)
        if not (is_free or self._overwrite or self.is_ours(target)):
            self._keep(name)
            return False
        # Noted before it is done: a kill in between must not make our own file a stranger's.
        self._intend(name, digest)
        self._settled(name, digest)
        self.tally.written += 1
        return True

    def finish(self, *, remove_others: bool) -> None:
        """Make the index that of this export.

        Args:
            remove_others: Remove files of earlier exports that this one did not write, if they
                are as we wrote them; otherwise they stay, and stay noted.
        """
        for name, digests in list(self._before.items()):
            found = _digest_of(self._files.path_of(name))
            if found is None:
                continue
            if remove_others and found in digests:
                self._files.delete(name)
                self.tally.removed += 1
            else:
                self._carry(name, digests)
        self._replace_index()

    def close(self) -> None:
        """Let go of the files that are open."""
        for stream in (self._intents, self._new):
            if stream is not None:
                stream.close()
        self._intents = self._new = None
        with contextlib.suppress(OSError):
            self._new_path.unlink(missing_ok=True)

    def _keep(self, name: str) -> None:
        self.tally.kept += 1
        if len(self.tally.kept_names) < SHOWN:
            self.tally.kept_names.append(name)
        self._carry(name, self._before.pop(name, ()))

    def _carry(self, name: str, digests: tuple[str, ...]) -> None:
        for digest in digests:
            self._write_new(name, digest)

    def _settled(self, name: str, digest: str) -> None:
        self._before.pop(name, None)
        self._write_new(name, digest)

    def _intend(self, name: str, digest: str) -> None:
        if self._intents is None:
            path = self._files.path_of(self._index)
            if not path.exists():
                self._files.put(self._index, _line(_HEADER))
            self._intents = path.open("ab", buffering=0)
            self._intents.write(b"\n")  # ends a line that a kill has torn
        self._intents.write(_entry(name, digest))

    def _write_new(self, name: str, digest: str) -> None:
        if self._new is None:
            self.root.mkdir(parents=True, exist_ok=True)
            self._new = self._new_path.open("wb")
            self._new.write(_line(_HEADER))
        self._new.write(_entry(name, digest))

    def _replace_index(self) -> None:
        if self._new is None:  # nothing of ours is left
            self._files.delete(self._index)
            return
        self._new.close()
        self._new = None
        if _digest_of(self._new_path) != _digest_of(self._files.path_of(self._index)):
            with self._files.put_stream(self._index) as stream, self._new_path.open("rb") as new:
                while piece := new.read(1 << 20):
                    stream.write(piece)

    @property
    def _new_path(self) -> Path:
        return self._files.path_of(f"{self._index}.part")

    def _name_of(self, target: Path) -> str:
        return target.relative_to(self.root).as_posix()


@contextlib.contextmanager
def open_ledger(root: Path, name: str, *, overwrite: bool = False) -> Iterator[Ledger]:
    """The ledger of what ``name`` wrote into a folder; closed at the end of the block.

    Args:
        root: The folder; it need not be there yet.
        name: Of what is written: a folder may hold several, blind to each other.
        overwrite: Replace files whatever they hold.

    Raises:
        OutputError: The index is of another version.
    """
    ledger = Ledger(root, name, overwrite=overwrite)
    try:
        yield ledger
    finally:
        ledger.close()


_HEADER = {"yolact_export": FORMAT}


def _read_index(files: LocalStore, index: str) -> dict[str, tuple[str, ...]]:
    """For each file what we wrote or meant to write into it; a torn last line is left out."""
    found: dict[str, tuple[str, ...]] = {}
    if not files.exists(index):
        return found
    with files.open(index) as stream:
        if _parsed(stream.readline()) != _HEADER:
            raise OutputError(
                f"{files.path_of(index)}: not an index of this version of yolact.",
                remedy="Export into another folder.",
            )
        for line in stream:
            match _parsed(line):
                case {"path": str(name), "sha256": str(digest)} if _is_inside(files, name):
                    found[name] = (*found.get(name, ()), digest)
    return found


def _is_inside(files: LocalStore, name: str) -> bool:
    try:
        files.path_of(name)
    except ValueError:
        return False
    return True


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _entry(name: str, digest: str) -> bytes:
    return _line({"path": name, "sha256": digest})


def _line(record: Any) -> bytes:
    return json.dumps(record).encode("ascii") + b"\n"


def _digest_of(path: Path) -> str | None:
    """The SHA-256 of a file, or of where a link leads; None where there is no file."""
    if path.is_symlink():
        return hashlib.sha256(b"link:" + os.fsencode(path.readlink())).hexdigest()
    if not path.is_file():
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be read to see whether it was edited ({error.strerror}).",
            remedy="Change its permissions, or export into another folder.",
        ) from error
