"""Sources as given on the command line to the pictures of a run, in an order that never changes."""

import glob
import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from yolact_cli.errors import InputError, NoInputsError
from yolact_cli.sources.earlier_runs import is_run, run_around
from yolact_cli.sources.naming import NameBook, printable
from yolact_cli.sources.video_kinds import is_live, is_video_name, live_name, without_password
from yolact_cli.structures import ListedPicture
from yolact_cli.video import ListedVideo

_NAMES = (
    "avif bmp dds dib gif heic heif hif icns ico im j2c j2k jfif jp2 jpe jpeg jpf jpg jpx mpo msp"
    " pbm pcx pgm png pnm ppm psd qoi ras sgi sr sun tga tif tiff webp xbm xpm"
)
EXTENSIONS = frozenset(f".{name}" for name in _NAMES.split())
"""What is taken for a picture in a folder, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What the sources hold.

    Attributes:
        pictures: New ones, their ids continuing those known.
        videos: New ones likewise, told by their extension.
        other_extensions: Files passed over in folders, counted by extension (lower case).
        unreadable_folders: Folders that could not be looked into.
        earlier_runs: Folders passed over, as they hold an earlier run of yolact.
    """

    pictures: tuple[ListedPicture, ...]
    videos: tuple[ListedVideo, ...]
    other_extensions: Mapping[str, int]
    unreadable_folders: tuple[str, ...]
    earlier_runs: tuple[str, ...] = ()


def discover(
    sources: Sequence[str],
    *,
    output: Path | None = None,
    recursive: bool = True,
    list_stream: Iterable[str] | None = None,
    known: Sequence[ListedPicture] = (),
    known_videos: Sequence[ListedVideo] = (),
) -> Discovery:
    """The pictures and videos at the sources, source by source, each sorted by relative path.

    A file that several sources give is listed once. Hidden files and folders inside a folder are
    passed over, and so are earlier runs of yolact, whose overlays and frames would be taken for
    pictures; a folder in a run that is itself a source is looked into. In folders only files of
    :data:`EXTENSIONS` and videos count; a file named by itself, in a list or by a pattern with an
    extension is taken whatever it is called.

    Args:
        sources: Folders, files, glob patterns, ``@list.txt`` (a path a line, blank lines and
            those starting with ``#`` left out, relative to the list's folder), ``-``, the address
            of a stream, or ``camera:0``.
        output: The run's folder; nothing in it is ever a source.
        recursive: Look into folders of folders.
        list_stream: The lines behind ``-``; paths are relative to the working folder.
        known: The pictures of the listing so far; they are not given again.
        known_videos: The videos likewise.

    Raises:
        InputError: A source that is not there, or a list that cannot be read.
        NoInputsError: No picture and no video at all, known ones included.
    """
    walk = _Walk(output=output and Path(os.path.realpath(output)), recursive=recursive)
    before: list[ListedPicture | ListedVideo] = [*known, *known_videos]
    seen = {os.path.realpath(one.location) for one in before}
    names = NameBook(one.name for one in before)
    pictures: list[ListedPicture] = []
    videos: list[ListedVideo] = []
    for source in sources:
        for found in _of_source(source, walk, list_stream):
            real = os.path.realpath(without_password(found.location))
            if real in seen or walk.is_output(real):
                continue
            seen.add(real)
            facts = _facts(found, names.claim(found.relative, found.folder))
            if is_video_name(found.location) or is_live(found.location):
                video_id = len(known_videos) + len(videos) + 1
                videos.append(ListedVideo(video_id=video_id, **facts))
            else:
                picture_id = len(known) + len(pictures) + 1
                pictures.append(ListedPicture(picture_id=picture_id, **facts))
    if not (pictures or known or videos or known_videos):
        raise _nothing_found(sources, walk)
    return Discovery(
        pictures=tuple(pictures),
        videos=tuple(videos),
        other_extensions=dict(walk.other_extensions.most_common()),
        unreadable_folders=tuple(walk.unreadable),
        earlier_runs=tuple(map(printable, sorted(walk.runs))),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A file on its way into the listing.

    ``relative`` is its path below its source; ``folder`` the source's name, should that clash.
    """

    location: str
    relative: str
    folder: str


@dataclass(slots=True, kw_only=True)
class _Walk:
    """How folders are walked, and what was met on the way."""

    output: Path | None
    recursive: bool
    other_extensions: Counter[str] = field(default_factory=Counter)
    unreadable: list[str] = field(default_factory=list)
    runs: set[str] = field(default_factory=set)

    def is_output(self, real: str) -> bool:
        """Whether a resolved path is the run's folder or lies in it."""
        return self.output is not None and Path(real).is_relative_to(self.output)

    def takes(self, name: str) -> bool:
        """Whether a file met in a folder is a picture or video by its name; counts it when not."""
        extension = Path(name).suffix.lower()
        is_wanted = extension in EXTENSIONS or is_video_name(name)
        if not is_wanted:
            self.other_extensions[extension or "no extension"] += 1
        return is_wanted

    def passes_over(self, folder: Path | None) -> bool:
        """Whether a folder is an earlier run; takes note of it."""
        is_earlier_run = folder is not None and is_run(folder)
        if is_earlier_run and not self.is_output(os.path.realpath(str(folder))):
            self.runs.add(str(folder))
        return is_earlier_run

    def files_in(self, root: str) -> list[str]:
        """Paths below ``root`` of the pictures and videos in it, relative, with ``/``, sorted."""
        found: list[str] = []
        folders, visited = [""], {os.path.realpath(root)}
        while folders:
            relative = folders.pop()
            if self.passes_over(Path(root, relative)):
                continue
            for name, is_folder in self._entries(Path(root, relative)):
                path = f"{relative}/{name}" if relative else name
                if not is_folder:
                    found += [path] if self.takes(name) else []
                    continue
                real = os.path.realpath(Path(root, path))
                # A link to a folder is followed, but never in a circle.
                if self.recursive and real not in visited and not self.is_output(real):
                    visited.add(real)
                    folders.append(path)
        return sorted(found)

    def _entries(self, folder: Path) -> list[tuple[str, bool]]:
        try:
            with os.scandir(folder) as entries:
                visible = [entry for entry in entries if not entry.name.startswith(".")]
                return sorted((entry.name, _is_folder(entry)) for entry in visible)
        except OSError:
            self.unreadable.append(printable(str(folder)))
            return []


def _is_folder(entry: "os.DirEntry[str]") -> bool:
    """Whether an entry is a folder or a link to one; a link that only leads to itself is none."""
    try:
        return entry.is_dir()
    except OSError:  # it is listed by its name, and fails when it is opened, with a reason
        return False


def _of_source(source: str, walk: _Walk, list_stream: Iterable[str] | None) -> Iterator[_Found]:
    if source == "-":
        yield from _of_list(list_stream or (), "standard input", Path.cwd(), walk)
    elif source.startswith("@") and not os.path.lexists(source):
        path = Path(_expanded(source[1:]))
        yield from _of_list(_lines_of(path), source[1:], path.absolute().parent, walk)
    elif os.path.lexists(source):
        yield from _of_path(source, walk)
    elif is_live(source):
        yield _Found(location=source, relative=live_name(source), folder="live")
    elif glob.has_magic(source):
        yield from _of_pattern(_expanded(source), walk)
    else:
        raise InputError(
            f"{printable(source) or 'A source without a name'}: there is no such file or folder.",
            remedy="Check the spelling; patterns such as 'photos/*.jpg' are understood too.",
        )


def _of_path(path: str, walk: _Walk) -> Iterator[_Found]:
    absolute = Path(path).absolute()
    if not absolute.is_dir():
        folder = absolute.parent.resolve().name
        yield _Found(location=str(absolute), relative=absolute.name, folder=folder)
        return
    folder = absolute.resolve().name
    for relative in walk.files_in(str(absolute)):
        yield _Found(location=str(absolute / relative), relative=relative, folder=folder)


def _of_pattern(pattern: str, walk: _Walk) -> Iterator[_Found]:
    # 'photos/*.dat' names what it wants; 'photos/*' means the pictures there.
    extension = Path(pattern).suffix
    takes_all = bool(extension) and not glob.has_magic(extension)
    base = _fixed_part(pattern)
    # Path.glob knows no absolute patterns and does not pass over hidden files.
    matches = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207
    if not matches:
        raise InputError(
            f"{printable(pattern)}: no file matches this pattern.",
            remedy="Check the spelling; '**' stands for any number of folders.",
        )
    for match in matches:
        if walk.passes_over(run_around(Path(match).absolute(), below=base)):
            continue
        if Path(match).is_dir() or takes_all or walk.takes(match):
            yield from _below(_of_path(match, walk), base)


def _fixed_part(pattern: str) -> Path:
    """The folder before the first part of a pattern that has wildcards."""
    parts = Path(pattern).parts
    fixed = next(index for index, part in enumerate(parts) if glob.has_magic(part))
    return Path(*parts[:fixed]).absolute()


def _of_list(lines: Iterable[str], source: str, base: Path, walk: _Walk) -> Iterator[_Found]:
    wanted = [line.strip().removeprefix("\ufeff") for line in lines]
    paths = [base / _expanded(line) for line in wanted if line and line[0] != "#"]
    if paths and not any(os.path.lexists(path) for path in paths):
        raise InputError(
            f"{printable(source)}: none of its {len(paths)} paths is there; the first is"
            f" {printable(str(paths[0]))}.",
            remedy="Paths in a list file are relative to its folder, those piped in to yours.",
        )
    for path in paths:  # a single one that is missing is listed, and fails like a bad picture
        yield from _below(_of_path(str(path), walk), base)


def _below(found: Iterator[_Found], base: Path) -> Iterator[_Found]:
    """The same files, named by their path below ``base`` where they lie below it."""
    for one in found:
        location = Path(one.location)
        if location.is_relative_to(base):
            relative = location.relative_to(base).as_posix()
            yield _Found(location=one.location, relative=relative, folder=base.name)
        else:
            yield one


def _expanded(path: str) -> str:
    """The path with ``~`` as the home folder; as it is where there is no such user."""
    # Path.expanduser raises then, and in a list any line may begin with a tilde.
    return os.path.expanduser(path)  # noqa: PTH111


def _lines_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").split("\n")
    except OSError as error:
        raise InputError(
            f"{printable(str(path))}: the list cannot be read ({error.strerror}).",
            remedy="Give the list as @FILE, one path a line.",
        ) from error


def _facts(found: _Found, name: str) -> dict[str, Any]:
    try:
        status = Path(found.location).stat()
        size_bytes, mtime_ns = status.st_size, status.st_mtime_ns
    except (OSError, ValueError):  # it fails when it is opened, with a reason
        size_bytes = mtime_ns = 0
    return {
        "name": name,
        "location": found.location,
        "size_bytes": size_bytes,
        "mtime_ns": mtime_ns,
    }


def _nothing_found(sources: Sequence[str], walk: _Walk) -> NoInputsError:
    sentence = f"No pictures or videos found at {printable(', '.join(sources) or 'no source')}."
    if other := walk.other_extensions:
        shown = ", ".join(f"{name} {count}" for name, count in other.most_common(5))
        seen = "1 file" if other.total() == 1 else f"{other.total()} files"
        sentence += f" {seen} with other extensions seen ({printable(shown)})."
    if walk.runs:
        return NoInputsError(
            f"{sentence} {printable(min(walk.runs))} is an earlier run of yolact and passed over.",
            remedy="Name a folder in it, such as its frames, to label what lies there.",
        )
    return NoInputsError(
        sentence,
        remedy="In folders, files such as .jpg, .png, .tif, .heic or .mp4 are taken; name others"
        " by a pattern such as 'photos/*.dat'. The output folder is never looked into.",
    )
