"""What a run of ``annotate`` tells while it goes; progress is drawn from these."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from yolact_cli.pipelines.export import FormatReport
from yolact_cli.structures import Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """The listing is written; the network comes next.

    Attributes:
        total: Pictures in the run.
        videos: Videos in the run.
        done: Of these, done by an earlier attempt.
        labelled: Pictures that people labelled: left out (skip) or among the total (merge).
        other_extensions: Files passed over in folders, by extension.
        unreadable_folders: Folders that could not be looked into.
        earlier_runs: Folders passed over, as they hold an earlier run.
        device: Where the network runs.
        changed: Names of pictures and videos that are not what they were when they were labelled.
        ignores_existing: There are videos, and labels of people's, which count for pictures alone.
    """

    total: int
    videos: int
    done: int
    labelled: int
    other_extensions: Mapping[str, int]
    unreadable_folders: tuple[str, ...]
    earlier_runs: tuple[str, ...]
    device: str
    changed: tuple[str, ...] = ()
    ignores_existing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchDone:
    """A batch is in the journal, its files in place.

    Attributes:
        done: Pictures done so far, by this attempt and earlier ones, failures included.
        failures: Failures of this attempt so far.
        new_failures: Those of this batch.
    """

    done: int
    failures: int
    new_failures: tuple[Failure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FewBits:
    """A picture's 16-bit samples are so small that it comes out dark; told once an attempt.

    Attributes:
        name: The first such picture.
        used_bits: As many as its highest sample has.
    """

    name: str
    used_bits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchShrunk:
    """A batch did not fit into the device's memory; the run goes on with smaller ones.

    Attributes:
        device: Where the network runs.
        largest_batch: Pictures run together from now on.
    """

    device: str
    largest_batch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoBegun:
    """A video is open; its frames come next, those done by an earlier attempt too.

    Attributes:
        name: From the listing.
        num_frames: As far as the file tells.
        notes: What is done to its frames, a sentence each.
    """

    name: str
    num_frames: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FramesDone:
    """Some frames are in the journal, and drawn.

    Attributes:
        frames: Of this video so far.
        labelled: Of these, with labels.
        gaps: Of this video so far.
    """

    frames: int
    labelled: int
    gaps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoDone:
    """A video's labels and its overlay are in place.

    Attributes:
        name: From the listing.
        notes: What became of its sound, and of frames that a live source would not keep.
    """

    name: str
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """The caller asked to stop; the same request goes on from here.

    Attributes:
        done: Pictures done.
        total: Pictures in the run.
        videos_done: Videos done.
        videos: Videos in the run.
    """

    done: int
    total: int
    videos_done: int
    videos: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Everything is labelled; the files about the whole run come next, which takes its time.

    Attributes:
        pictures: In the run.
    """

    pictures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """All files are written.

    Attributes:
        manifest: As in ``manifest.json``.
        failures: The first failures of the whole run, in order; all are in ``failures.csv``.
        exports: What became of the exports.
    """

    manifest: Mapping[str, Any]
    failures: tuple[Failure, ...]
    exports: tuple[FormatReport, ...] = ()


Event = (
    Listed
    | BatchDone
    | BatchShrunk
    | FewBits
    | VideoBegun
    | FramesDone
    | VideoDone
    | Labelled
    | Stopped
    | Finished
)
