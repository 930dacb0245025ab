"""Files that are not what they were when they were listed."""

import dataclasses
from pathlib import Path
from typing import TypeVar

from yolact_cli.sources.video_kinds import is_live
from yolact_cli.structures import ListedPicture
from yolact_cli.video import ListedVideo

Listed = TypeVar("Listed", ListedPicture, ListedVideo)


def as_it_is_now(listed: Listed) -> Listed:
    """The listed file with today's size and modification time; itself where it is not there."""
    if is_live(listed.location):
        return listed
    try:
        status = Path(listed.location).stat()
    except (OSError, ValueError):
        return listed
    return dataclasses.replace(listed, size_bytes=status.st_size, mtime_ns=status.st_mtime_ns)
