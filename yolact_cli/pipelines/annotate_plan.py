"""What a run would do, without doing any of it."""

import dataclasses
from dataclasses import asdict, dataclass
from typing import Any

from yolact_cli.pipelines.annotate_listing import RunListing, look_for_inputs
from yolact_cli.pipelines.annotate_request import AnnotateRequest, run_identity
from yolact_cli.pipelines.runtime_choice import choose_runtime, with_runtime
from yolact_cli.runs.journal import read_journal
from yolact_cli.runs.listing import read_listing, read_video_listing
from yolact_cli.runs.state import RunState, check_output
from yolact_cli.settings import WriteKind
from yolact_cli.store import LocalStore
from yolact_cli.zoo.checksum import weights_checksum

# What a photograph of about a megapixel and three objects comes to: sizes measured on a hundred
# photographs of 0.3 megapixels, masks and overlays scaled up (`du -b` of a run's parts).
BYTES_A_PICTURE: dict[WriteKind, int] = {
    "coco": 5_000,
    "results": 4_500,
    "overlay": 250_000,
    "masks": 15_000,
    "objects": 12_000,
    "coco-panoptic": 8_000,
    "cvat": 9_000,
    "label-studio": 10_000,
    "labelme": 6_000,
    "yolo": 9_000,
    "voc": 15_000,
    "datumaro": 7_000,
    "cutouts": 1_100_000,
}
_ALWAYS_BYTES = 5_000
"""The journal's and the listing's share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnotatePlan:
    """Counts of what a run would read and write.

    Attributes:
        pictures: In the run.
        videos: In the run; how many frames they have is known only by decoding them, so that they
            are in no other figure here.
        done: Of these, in the journal of the unfinished run in the folder.
        source_bytes: Size of the picture files still to be read.
        expected_bytes: Rough size of what would be written for them.
        labelled: Pictures that people labelled: left out (skip) or among the pictures (merge).
        other_files: Files passed over in folders.
        output: The run's folder.
        resumes: Whether an unfinished run would be gone on with.
    """

    pictures: int
    videos: int
    done: int
    source_bytes: int
    expected_bytes: int
    labelled: int
    other_files: int
    output: str
    resumes: bool

    def to_record(self) -> dict[str, Any]:
        """The plan as plain JSON types."""
        return asdict(self)


def plan_annotation(request: AnnotateRequest) -> AnnotatePlan:
    """Look for the pictures and into the output folder; write nothing, run nothing.

    Raises:
        YolactError: What would stop the run at its start.
    """
    store = LocalStore(request.output)
    choice = choose_runtime(request.model.card, request.settings, device=request.device)
    request = dataclasses.replace(request, settings=with_runtime(request.settings, choice))
    identity = run_identity(request, weights_sha256=weights_checksum(request.model))
    state = check_output(store, identity, overwrite=request.overwrite)
    resumes = state is RunState.UNFINISHED and not request.overwrite
    known = read_listing(store) if resumes else []
    known_videos = read_video_listing(store) if resumes else []
    done = {record["id"] for record in read_journal(store)} if resumes else set()
    return _plan(request, look_for_inputs(request, known, known_videos), done, resumes=resumes)


def _plan(
    request: AnnotateRequest, listing: RunListing, done: set[int], *, resumes: bool
) -> AnnotatePlan:
    left = [picture for picture in listing.pictures if picture.picture_id not in done]
    bytes_a_picture = _ALWAYS_BYTES + sum(BYTES_A_PICTURE.get(kind, 0) for kind in request.write)
    return AnnotatePlan(
        pictures=len(listing.pictures),
        videos=len(listing.videos),
        done=len(listing.pictures) - len(left),
        source_bytes=sum(picture.size_bytes for picture in left),
        expected_bytes=bytes_a_picture * len(left),
        labelled=listing.labelled_count,
        other_files=sum(listing.other_extensions.values()),
        output=str(request.output),
        resumes=resumes,
    )
