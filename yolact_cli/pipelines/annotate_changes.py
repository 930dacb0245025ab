"""Inputs that changed while their run lay still.

What is not labelled yet is labelled as it is now, and listed anew. What is labelled stays so, since
a change of time alone, as copying brings, is no reason to lose labels; but it is told.
"""

from collections.abc import Sequence
from dataclasses import replace

from yolact_cli.pipelines.annotate_listing import RunListing
from yolact_cli.runs.journal import Journal, segments_of, video_shard
from yolact_cli.runs.listing import StoredPictures, write_listing, write_video_listing
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
    known = list(listing.pictures)
    pictures, old_pictures = _sorted_out(known, [p.picture_id in journal for p in known])
    videos, old_videos = _sorted_out(listing.videos, [v.video_id in begun for v in listing.videos])
    if pictures != known:
        write_listing(store, pictures)
    if videos != list(listing.videos):
        bare = [replace(video, location=without_password(video.location)) for video in videos]
        write_video_listing(store, bare)
    stored = StoredPictures(store, len(pictures))
    return replace(listing, pictures=stored, videos=videos), (*old_pictures, *old_videos)


def _sorted_out(
    listed: Sequence[Listed], are_done: Sequence[bool]
) -> tuple[list[Listed], list[str]]:
    """Those listed, brought up to date where nothing is done; names of changed ones where it is."""
    kept: list[Listed] = []
    names: list[str] = []
    for one, is_done in zip(listed, are_done, strict=True):
        now = as_it_is_now(one)
        if is_done and now != one:
            names.append(one.name)
        kept.append(one if is_done else now)
    return kept, names
