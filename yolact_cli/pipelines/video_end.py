"""What is known of a video once all of it was seen; its file says that nothing is left to do."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from yolact_cli.errors import OutputError
from yolact_cli.runs.journal import FOLDER, video_shard
from yolact_cli.store import Store
from yolact_cli.structures import Failure
from yolact_cli.video import ListedVideo, VideoGap


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoEnd:
    """A video that was gone through.

    Attributes:
        size_hw: Of its frames in px, or None for one that could not be read.
        frames: Shown in the overlay.
        dropped: Left out of a live source, which would not wait.
        labelled: Of those shown, with labels in the journal.
        gaps: Times of which there is no good frame.
        notes: What was done to its pictures and its sound, a sentence each.
        failure: Why it could not be read, or not to its end.
    """

    size_hw: tuple[int, int] | None
    frames: int = 0
    dropped: int = 0
    labelled: int = 0
    gaps: tuple[VideoGap, ...] = ()
    notes: tuple[str, ...] = ()
    failure: Failure | None = field(default=None)

    def failures(self, video: ListedVideo) -> list[Failure]:
        """The video's failure and its gaps, as lines for people."""
        found = [] if self.failure is None else [self.failure]
        return found + [_gap_failure(video, gap) for gap in self.gaps]


def write_video_end(store: Store, video: ListedVideo, end: VideoEnd) -> None:
    """Mark a video as done.

    Raises:
        OutputError: The store cannot take the file.
    """
    record = {
        "size": end.size_hw and list(end.size_hw),
        "frames": end.frames,
        "dropped": end.dropped,
        "labelled": end.labelled,
        "gaps": [_gap_record(gap) for gap in end.gaps],
        "notes": list(end.notes),
        "failure": end.failure and end.failure.to_record(),
    }
    text = json.dumps(record, allow_nan=False)
    store.put(_path(video), text.encode("ascii") + b"\n")


def read_video_end(store: Store, video: ListedVideo) -> VideoEnd | None:
    """What :func:`write_video_end` wrote, or None for a video that is not done.

    Raises:
        OutputError: The file is damaged.
    """
    if not store.exists(_path(video)):
        return None
    try:
        record = json.loads(store.read_bytes(_path(video)))
        size, failure = record["size"], record["failure"]
        return VideoEnd(
            size_hw=None if size is None else (size[0], size[1]),
            frames=record["frames"],
            dropped=record["dropped"],
            labelled=record["labelled"],
            gaps=tuple(map(_gap_from_record, record["gaps"])),
            notes=tuple(record["notes"]),
            failure=None if failure is None else Failure.from_record(failure),
        )
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise OutputError(
            f"{_path(video)} is damaged.",
            remedy="Start again with --overwrite, or in another folder.",
        ) from error


def _path(video: ListedVideo) -> str:
    return f"{FOLDER}/{video_shard(video.video_id)}-end.json"


def _gap_record(gap: VideoGap) -> dict[str, Any]:
    end_s = None if gap.end_s is None else str(gap.end_s)
    return {"start": str(gap.start_s), "end": end_s, "reason": gap.reason}


def _gap_from_record(record: Mapping[str, Any]) -> VideoGap:
    end = record["end"]
    return VideoGap(
        start_s=Fraction(record["start"]),
        end_s=None if end is None else Fraction(end),
        reason=record["reason"],
    )


def _gap_failure(video: ListedVideo, gap: VideoGap) -> Failure:
    end = "the end" if gap.end_s is None else _clock(gap.end_s)
    span = _clock(gap.start_s) if gap.end_s == gap.start_s else f"{_clock(gap.start_s)} to {end}"
    return Failure(
        picture_id=video.video_id,
        name=video.name,
        stage="gap",
        error="VideoGap",
        message=f"{video.name}: {span}: {gap.reason}",
    )


def _clock(time_s: Fraction) -> str:
    minutes, seconds = divmod(round(float(time_s), 3), 60)
    return f"{int(minutes)}:{seconds:06.3f}"
