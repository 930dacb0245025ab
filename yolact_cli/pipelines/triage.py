"""Whether a run's review queue is worth it, where the truth is known."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pycocotools import mask as coco_mask

from yolact_cli.datasets.segmentation import compressed_rle
from yolact_cli.datasets.truth import read_truth
from yolact_cli.errors import BadCocoError
from yolact_cli.labels import LabelledPicture
from yolact_cli.pipelines.picture_names import match_names
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.scoring.triage import Inspection
from yolact_cli.structures import Truth, TruthObject, TruthPicture

MATCH_IOU = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class _TrueObject:
    name: str
    rle: Mapping[str, Any]
    is_ignored: bool


def inspection_of(run: Path, truth: Path, *, least_score: float = 0.0) -> Inspection:
    """A run's objects with their priorities, and which of them are wrong.

    One is wrong that matches no true object of its class at mask IoU 0.5, each true one being
    matched once, best scores first. Objects in regions that truth leaves open are left out.

    Args:
        run: The run's folder; reviews are not looked at.
        truth: A COCO data set of its pictures; classes it shares with the run count.
        least_score: Leave out objects below this, as if the run had been made so.

    Raises:
        OutputError: The folder is no run.
        BadCocoError: The truth cannot be trusted, or is of other pictures.
    """
    ground = read_truth(truth)
    labels = RunLabels.open(run)
    listed = {picture.file_name: picture for picture in ground.pictures}
    names = match_names(listed, [picture.name for picture in labels.pictures])
    if not names.found:
        raise BadCocoError(str(truth), ["it has none of the run's pictures"])
    by_name = {picture: listed[name] for name, picture in names.found.items()}
    class_names = {category.name for category in labels.own_categories}
    rows: list[tuple[int, float, bool]] = []
    missed: list[int] = []
    for picture in labels.machine():
        if picture.name not in by_name:
            continue
        true = _true_objects(by_name[picture.name], ground, class_names)
        wrong, left = _outcome(picture, true, least_score)
        rows += [(len(missed), value, is_wrong) for value, is_wrong in wrong]
        missed.append(left)
    return Inspection(
        picture=np.array([row[0] for row in rows], np.int64),
        value=np.array([row[1] for row in rows], np.float64),
        is_wrong=np.array([row[2] for row in rows], bool),
        missed=np.array(missed, np.int64),
    )


def _true_objects(picture: TruthPicture, truth: Truth, class_names: set[str]) -> list[_TrueObject]:
    size_hw = picture.height, picture.width
    found = []
    for one in picture.objects:
        name = truth.categories[one.class_id].name
        if name in class_names:
            is_ignored = one.is_crowd or one.segmentation is None
            found.append(_TrueObject(name=name, rle=_rle(one, size_hw), is_ignored=is_ignored))
    return found


def _rle(one: TruthObject, size_hw: tuple[int, int]) -> Mapping[str, Any]:
    if one.segmentation is not None:
        return compressed_rle(one.segmentation, size_hw)
    x, y, width, height = one.bbox_xywh_px
    box = np.array([x, y, x + width, y, x + width, y + height, x, y + height], np.float64)
    return compressed_rle((box,), size_hw)


def _outcome(
    picture: LabelledPicture, true: Sequence[_TrueObject], least_score: float
) -> tuple[list[tuple[float, bool]], int]:
    """Priority and wrongness of each object, and how many true ones were not found."""
    taken: set[int] = set()
    outcome = []
    size = list(picture.size_hw)
    for one in picture.objects:
        if (one.score or 0.0) < least_score:
            continue
        own = {"size": size, "counts": one.rle_counts}
        places = [place for place, other in enumerate(true) if other.name == one.category.name]
        others = [true[place] for place in places]
        crowds = [int(other.is_ignored) for other in others]
        ious = coco_mask.iou([own], [other.rle for other in others], crowds) if others else [[]]
        free = [
            (iou, place)
            for iou, place in zip(ious[0], places, strict=True)
            if iou >= MATCH_IOU and place not in taken
        ]
        real = [pair for pair in free if not true[pair[1]].is_ignored]
        if real:
            taken.add(max(real)[1])
        elif free:
            continue
        outcome.append((one.priority.value if one.priority else 0.0, not real))
    to_find = sum(not one.is_ignored for one in true)
    return outcome, to_find - len(taken)
