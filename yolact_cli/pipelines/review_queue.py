"""A run's review queue: what is still to be looked at, in which order, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.review.queue import QueueEntry, in_order, queue_entry, share_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What is to be looked at.

    Attributes:
        entries: Pictures that are not marked done, first things first.
        pictures: All that are in it, or were.
        reviewed: Of these, marked done.
    """

    entries: tuple[QueueEntry, ...]
    pictures: int
    reviewed: int

    def to_record(self) -> dict[str, Any]:
        """Plain JSON types."""
        return {
            "pictures": self.pictures,
            "reviewed": self.reviewed,
            "queue": [entry.to_record() for entry in self.entries],
        }


def review_queue(
    run: Path,
    *,
    top: int | None = None,
    reviewer: str | None = None,
    reviewers: Sequence[str] = (),
) -> Queue:
    """The queue of a run, or one person's share of it.

    Args:
        run: The run's folder; it is only read.
        top: Only the first so many entries.
        reviewer: Whose share, where there are ``reviewers``.
        reviewers: Everybody who shares the queue; empty for one queue for all.

    Raises:
        OutputError: The folder is no run.
        ReviewError: Its review is damaged, or of other pictures.
        SettingsError: The reviewer is not among the others.
    """
    labels = RunLabels.open(run)
    entries = [queue_entry(picture) for picture in labels.labelled()]
    if reviewers:
        entries = share_of(entries, reviewer or "", reviewers)
    left = in_order(entry for entry in entries if not entry.is_reviewed)
    return Queue(
        entries=tuple(left[:top]), pictures=len(entries), reviewed=len(entries) - len(left)
    )
