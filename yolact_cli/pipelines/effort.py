"""How much of a run's labels people had to change, from the file that they left."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from pycocotools import mask as coco_mask

from yolact_cli.errors import BadLabelsError
from yolact_cli.formats.coco import read_coco
from yolact_cli.formats.reading import read_json
from yolact_cli.labels import LabelledPicture, ReadPicture
from yolact_cli.pipelines.picture_names import match_names
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.review.match import is_same_mask, match_objects
from yolact_cli.runs.state import RUN_RECORD
from yolact_cli.scoring.effort import Effort, ObjectOutcome, effort


def is_reviewed_run(run: Path, reviewed: Path) -> bool:
    """Whether these are a run's folder and a file in which pictures are marked as reviewed."""
    if not (run / RUN_RECORD).is_file() or not reviewed.is_file():
        return False
    document = read_json(reviewed)
    images = document.get("images") if isinstance(document, dict) else None
    return isinstance(images, list) and any(
        isinstance(image, dict) and image.get("reviewed") is True for image in images
    )


def human_effort(run: Path, reviewed: Path) -> Effort:
    """What people changed, between what the run's model had labelled and a data set of theirs.

    Objects are matched by uid, then by overlap, as when a file is taken over. Pictures that the
    file does not have count for nothing.

    Args:
        run: The run's folder; its own review is not looked at.
        reviewed: ``reviewed.json``, or a COCO data set from any tool.

    Raises:
        OutputError: The folder is no run.
        BadLabelsError: The file cannot be read, is ambiguous, or of other pictures.
    """
    labels = RunLabels.open(run)
    read = read_coco(reviewed)
    theirs = {picture.file_name: picture for picture in read.pictures}
    frames = labels.frames.detections() if labels.videos else ()
    run_names = [*(one.name for one in labels.pictures), *(frame.name for frame in frames)]
    match = match_names(theirs, run_names)
    problems = list(match.ambiguous.values())
    if not match.found and not problems:
        problems = [f"it has none of the pictures of {run}"]
    if problems:
        raise BadLabelsError(str(reviewed), problems)
    by_name = {name: theirs[file_name] for file_name, name in match.found.items()}
    return effort(_pictures(labels, by_name, reviewed))


def _pictures(
    labels: RunLabels, by_name: Mapping[str, ReadPicture], origin: Path
) -> Iterator[list[ObjectOutcome]]:
    for picture in labels.machine():
        other = by_name.get(picture.name)
        if other is None:
            continue
        if other.size_hw != picture.size_hw:
            problem = f"{other.file_name} is not of the size that it has in the run"
            raise BadLabelsError(str(origin), [problem])
        yield _outcomes(picture, other)


def _outcomes(picture: LabelledPicture, other: ReadPicture) -> list[ObjectOutcome]:
    size_hw = picture.size_hw
    names = [one.category_name for one in other.objects]
    matched = match_objects(other.objects, picture.objects, names=names, size_hw=size_hw)
    outcomes = [
        ObjectOutcome(name_before=one.category.name, name_after=None) for one in matched.missing
    ]
    for one, before in zip(other.objects, matched.pairs, strict=True):
        if before is None:
            outcomes.append(ObjectOutcome(name_before=None, name_after=one.category_name))
            continue
        outcomes.append(
            ObjectOutcome(
                name_before=before.category.name,
                name_after=one.category_name,
                iou=_iou(one.rle_counts, before.rle_counts, size_hw),
            )
        )
    return outcomes


def _iou(one: str, other: str, size_hw: tuple[int, int]) -> float:
    """1 for masks that nobody changed."""
    if is_same_mask(one, other, size_hw, exact=False):
        return 1.0
    masks = [{"size": list(size_hw), "counts": counts} for counts in (one, other)]
    return float(coco_mask.iou(masks[:1], masks[1:], [0])[0][0])
