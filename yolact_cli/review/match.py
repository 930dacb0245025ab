"""Objects of a file that came back, and the objects of the picture that they were.

By uid first, then by overlap, one to one. What a person changed shows in the pixels; but outlines
lose a little on the way through a format that has no masks, which is no change of anybody's.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, ReadObject
from yolact_cli.review.fold import SAME_OBJECT_IOU

_SAME_CLASS_BONUS = 0.05  # of two that overlap alike, the one of the same class
_LOST_IOU = 0.97  # masks that are further apart were changed, however thin the difference


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """Which object of the file is which of the picture's.

    Attributes:
        pairs: By the place in the file's list, the object it was; None for a new one.
        missing: The picture's objects that the file does not have.
    """

    pairs: tuple[LabelledObject | None, ...]
    missing: tuple[LabelledObject, ...]


def match_objects(
    read: Sequence[ReadObject],
    there: Sequence[LabelledObject],
    *,
    names: Sequence[str | None],
    size_hw: tuple[int, int],
) -> Matched:
    """Match a picture's objects one to one.

    An object of the file that has the uid of one of the picture's is that one; of several with the
    same uid (a copy keeps its attributes) the one that overlaps it most. Others are matched where
    masks overlap by half, most overlap first, and of the same class first where that is close.

    Args:
        read: Of the file.
        there: Of the picture, as it stands.
        names: What each of ``read`` is called in the run, None where that is not known yet.
        size_hw: Of the picture.
    """
    ious = _ious(read, there, size_hw)
    pairs: dict[int, int] = {}
    places = {one.uid: place for place, one in enumerate(there)}
    by_uid = [
        (ious[number, places[one.uid]], number, places[one.uid])
        for number, one in enumerate(read)
        if one.uid in places
    ]
    _take(by_uid, pairs)
    by_overlap = [
        (
            ious[number, place] + _SAME_CLASS_BONUS * (names[number] == one.category.name),
            number,
            place,
        )
        for number in range(len(read))
        for place, one in enumerate(there)
        if ious[number, place] >= SAME_OBJECT_IOU
    ]
    _take(by_overlap, pairs)
    found = set(pairs.values())
    return Matched(
        pairs=tuple(
            there[pairs[number]] if number in pairs else None for number in range(len(read))
        ),
        missing=tuple(one for place, one in enumerate(there) if place not in found),
    )


def is_same_mask(one: str, other: str, size_hw: tuple[int, int], *, exact: bool) -> bool:
    """Whether two masks are one, but for what outlines lose.

    Args:
        one: Run lengths.
        other: Run lengths.
        size_hw: Of the picture.
        exact: Every pixel counts. Else differences count as lost on the way where they are nowhere
            more than two pixels thick and the masks overlap by 97 %.
    """
    if one == other:
        return True
    size = list(size_hw)
    masks = [{"size": size, "counts": counts} for counts in (one, other)]
    iou = float(coco_mask.iou(masks[:1], masks[1:], [0])[0][0])
    if iou == 1 or exact or iou < _LOST_IOU:
        return iou == 1
    union = coco_mask.merge(masks)
    box = rle.tight_bbox(union["counts"].decode("ascii"), size_hw)
    first, second = (rle.decode_crop(counts, size_hw, bbox_xywh=box) for counts in (one, other))
    return not _has_thick_part(first ^ second)


def _has_thick_part(pixels: np.ndarray) -> bool:
    """Whether three by three pixels of it stand together somewhere."""
    rows = pixels[:-2] & pixels[1:-1] & pixels[2:]
    return bool((rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]).any())


def _ious(
    read: Sequence[ReadObject], there: Sequence[LabelledObject], size_hw: tuple[int, int]
) -> np.ndarray:
    if not read or not there:
        return np.zeros((len(read), len(there)))
    size = list(size_hw)
    theirs = [{"size": size, "counts": one.rle_counts} for one in read]
    ours = [{"size": size, "counts": one.rle_counts} for one in there]
    return np.asarray(coco_mask.iou(theirs, ours, [0] * len(ours)))


def _take(candidates: list[tuple[float, int, int]], pairs: dict[int, int]) -> None:
    """Take the best candidates, each side once; the file's order decides between equal ones."""
    taken = set(pairs.values())
    for _, number, place in sorted(candidates, key=lambda one: (-one[0], one[1], one[2])):
        if number not in pairs and place not in taken:
            pairs[number] = place
            taken.add(place)
