"""The pictures of a run: those listed before, those new since, and those people labelled."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from yolact_cli.errors import NoInputsError
from yolact_cli.pipelines.annotate_request import AnnotateRequest
from yolact_cli.pipelines.existing import ExistingLabels, without_labelled
from yolact_cli.runs.listing import (
    PackedPictures,
    Pictures,
    StoredPictures,
    extend_video_listing,
    write_listing,
)
from yolact_cli.sources.discover import discover
from yolact_cli.sources.video_kinds import without_password
from yolact_cli.store import Store
from yolact_cli.structures import ListedPicture, TruthPicture
from yolact_cli.video import ListedVideo


@dataclass(frozen=True, slots=True, kw_only=True)
class RunListing:
    """What a run is about.

    Attributes:
        pictures: In order of their ids, 1 to n; left in the run's folder once they are written.
        videos: In order of their ids, 1 to n.
        known: How many of the pictures were listed by an earlier attempt.
        known_videos: The videos that were.
        labelled: Of the pictures, what people put into them (merge), by picture id.
        labelled_count: Pictures that people labelled, those left out (skip) included.
        other_extensions: Files passed over in folders, by extension.
        unreadable_folders: Folders that could not be looked into.
        earlier_runs: Folders passed over, as they hold an earlier run.
    """

    pictures: Pictures
    videos: Sequence[ListedVideo]
    known: int
    known_videos: Sequence[ListedVideo]
    labelled: Mapping[int, TruthPicture]
    labelled_count: int
    other_extensions: Mapping[str, int]
    unreadable_folders: tuple[str, ...]
    earlier_runs: tuple[str, ...]


def look_for_inputs(
    request: AnnotateRequest,
    known: Sequence[ListedPicture],
    known_videos: Sequence[ListedVideo] = (),
) -> RunListing:
    """The run's pictures and videos, new ones behind those known; nothing is written.

    Args:
        request: What to look for, and where.
        known: The listing so far.
        known_videos: The listing of videos so far.

    Raises:
        InputError: No pictures, or a source that is not there.
        BadCocoError: The labels that people made cannot be trusted.
    """
    found = discover(
        request.sources,
        output=request.output,
        recursive=request.recursive,
        list_stream=request.list_stream,
        known=known,
        known_videos=known_videos,
    )
    pictures = [*known, *found.pictures]
    # Listed without passwords, and opened with them.
    addresses = {without_password(source): source for source in request.sources}
    videos = [
        replace(video, location=addresses.get(video.location, video.location))
        for video in (*known_videos, *found.videos)
    ]
    listing = RunListing(
        pictures=pictures,
        videos=videos,
        known=len(known),
        known_videos=known_videos,
        labelled={},
        labelled_count=0,
        other_extensions=found.other_extensions,
        unreadable_folders=found.unreadable_folders,
        earlier_runs=found.earlier_runs,
    )
    if request.existing is None:
        return listing
    labelled = ExistingLabels(request.existing.path).match(pictures)
    if request.existing.keep == "merge":
        return replace(listing, labelled=labelled, labelled_count=len(labelled))
    new = without_labelled(found.pictures, labelled, first_id=len(known) + 1)
    if not (known or new or videos):
        raise NoInputsError(
            f"All {len(found.pictures)} pictures are labelled already.",
            remedy="Look for more in them with --keep merge.",
        )
    left_out = len(found.pictures) - len(new)
    return replace(listing, pictures=[*known, *new], labelled_count=left_out)


def packed(listing: RunListing) -> RunListing:
    """The same, its pictures in as little memory as it takes, until they are written.

    What is loaded after them would else lie behind them, and their memory stay the process's.
    """
    return replace(listing, pictures=PackedPictures(listing.pictures))


def stored(store: Store, listing: RunListing) -> RunListing:
    """Write what is new into the run's folder; the listing with its pictures left there.

    Args:
        store: The run's folder.
        listing: Everything, what is written already first.
    """
    if not listing.known or len(listing.pictures) > listing.known:
        write_listing(store, listing.pictures)
    added = [
        replace(video, location=without_password(video.location))
        for video in listing.videos[len(listing.known_videos) :]
    ]
    extend_video_listing(store, listing.known_videos, added)
    return replace(listing, pictures=StoredPictures(store, len(listing.pictures)))
