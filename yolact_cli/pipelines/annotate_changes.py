"""Inputs that changed while their run lay still.

What is not labelled yet is labelled as it is now, and listed anew. What is labelled stays so, since
a change of time alone, as copying brings, is no reason to lose labels; but it is told.
"""

from dataclasses import dataclass, field, replace

from yolact_cli.pipelines.annotate_listing import RunListing
from yolact_cli.runs.journal import Journal, segments_of, video_shard
from yolact_cli.runs.listing import (
    PackedPictures,
    StoredPictures,
    write_listing,
    write_video_listing,
)
from yolact_cli.sources.changes import Listed, as_it_is_now
from yolact_cli.sources.video_kinds import without_password
from yolact_cli.store import Store


def look_for_changes(
    store: Store, listing: RunListing, journal: Journal
) -> tuple[RunListing, tuple[str, ...]]:
    """The listing of a run that goes on, as things are now, and what changed behind its labels.

    Args:
        store: The run's folder; its listing files are brought up to date.
        listing: As it was found.
        journal: The pictures that have a record.

    Returns:
        The listing, and the names of labelled pictures, and of videos that were begun, which are
        not what they were. They keep their old size and time, and so are told again.
    """
    begun = {
        video.video_id
        for video in listing.videos
        if segments_of(store, video_shard(video.video_id))
    }
    pictures, videos = _UpToDate(), _UpToDate()
    packed = PackedPictures(
        pictures.of(picture, is_done=picture.picture_id in journal) for picture in listing.pictures
    )
    if pictures.any_is_new:
        write_listing(store, packed)
    kept = [videos.of(video, is_done=video.video_id in begun) for video in listing.videos]
    if videos.any_is_new:
        bare = [replace(video, location=without_password(video.location)) for video in kept]
        write_video_listing(store, bare)
    stored = StoredPictures(store, len(packed))
    return replace(listing, pictures=stored, videos=kept), (*pictures.changed, *videos.changed)


@dataclass(slots=True)
class _UpToDate:
    """What is listed, as it is now.

    Attributes:
        any_is_new: Something has another size or time than it was listed with, and no labels.
        changed: The names of those that have labels, and changed behind them.
    """

    any_is_new: bool = False
    changed: list[str] = field(default_factory=list)

    def of(self, listed: Listed, *, is_done: bool) -> Listed:
        """What stands in the listing from now on."""
        now = as_it_is_now(listed)
        if now == listed:
            return listed
        if is_done:
            self.changed.append(listed.name)
            return listed
        self.any_is_new = True
        return now
