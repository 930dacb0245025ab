"""How much an object and a picture need a person's look, from what is known without truth.

An object's priority is a weighted sum of parts, each in [0, 1], so that a person can see what it
is made of:

- ``score``, weight 0.5: (1 - score) / (1 - threshold); 1 at the run's score threshold, 0 for a
  sure one.
- ``mask``, 0.15: half of it is how far the mask's tight box is not the box that the network
  predicted, 2 * (1 - IoU), at most 1; half how hollow the mask is, 0 where it fills 80 % of its
  tight box, 1 at 30 %.
- ``overlap``, 0.1: the share of it, or of the other one, that lies in an object of another class,
  the most over all objects.
- ``duplicate``, 0.1: the same with objects of its own class.
- ``size``, 0.1: among the run's objects of its class, 0 within one standard deviation of the mean
  of log(sqrt(mask area / picture area)), 1 from three on; 0 in classes of fewer than 10 objects.
- ``border``, 0.05: 1 where the mask touches the picture's border.

Where the picture was also looked at mirrored (``annotate --mirror-check``), 0.3 times the
disagreement with that is added to 0.7 times the sum.

A picture's priority is the highest of its objects', and one half where nothing was found: only a
person can tell whether something was missed there. What people have looked at has none.

The weights are round numbers, chosen on one set of photographs and tried on another; see
``examples/06_triage.py`` for what they are worth.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pycocotools import mask as coco_mask

from yolact_cli.labels import LabelledObject, LabelledPicture, Priority

WEIGHTS: Mapping[str, float] = {
    "score": 0.5,
    "mask": 0.15,
    "overlap": 0.1,
    "duplicate": 0.1,
    "size": 0.1,
    "border": 0.05,
}
MIRROR_WEIGHT = 0.3
EMPTY_PICTURE = Priority(value=0.5, reasons=(("nothing was found", 0.5),))

_SOLID, _HOLLOW = 0.8, 0.3  # shares of the tight box that the mask fills
_USUAL, _UNUSUAL = 1.0, 3.0  # standard deviations
_FEW_OBJECTS = 10
_LEAST_DEVIATION = 0.25  # of log side: classes whose few objects happen to be alike
_DECIMALS = 3


class ClassSizes:
    """How large the objects of each class are in a run; memory is a few numbers a class."""

    def __init__(self, pictures: Iterable[LabelledPicture] = ()) -> None:
        self._moments: dict[str, tuple[int, float, float]] = {}
        for picture in pictures:
            self.add(picture)

    def add(self, picture: LabelledPicture) -> None:
        """Count a picture's objects (Welford's running mean and sum of squares)."""
        for one in picture.objects:
            count, mean, squares = self._moments.get(one.category.name, (0, 0.0, 0.0))
            side = _log_side(one, picture.size_hw)
            new_mean = mean + (side - mean) / (count + 1)
            squares += (side - mean) * (side - new_mean)
            self._moments[one.category.name] = count + 1, new_mean, squares

    def deviation(self, one: LabelledObject, size_hw: tuple[int, int]) -> float:
        """How many standard deviations the object is larger than its class; 0 in a small class."""
        count, mean, squares = self._moments.get(one.category.name, (0, 0.0, 0.0))
        if count < _FEW_OBJECTS:
            return 0.0
        spread = max(math.sqrt(squares / count), _LEAST_DEVIATION)
        return (_log_side(one, size_hw) - mean) / spread


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    share: float
    reason: str


def with_priorities(
    picture: LabelledPicture, *, sizes: ClassSizes, score_threshold: float
) -> LabelledPicture:
    """The picture and its objects with their priorities; what people have looked at gets none.

    Args:
        picture: As it stands.
        sizes: Of all pictures of the run.
        score_threshold: Below which the run has no objects, [0, 1).
    """
    if picture.is_reviewed:
        return picture
    overlaps = _overlaps(picture)
    objects = tuple(
        replace(
            one,
            priority=_priority(
                [
                    _score_part(one, score_threshold),
                    _mask_part(one),
                    *_overlap_parts(overlaps[place]),
                    _size_part(one, sizes.deviation(one, picture.size_hw)),
                    _border_part(one, picture.size_hw),
                ],
                one,
            ),
        )
        if one.state == "machine"
        else one
        for place, one in enumerate(picture.objects)
    )
    return replace(picture, objects=objects, priority=picture_priority(objects))


def picture_priority(objects: Iterable[LabelledObject]) -> Priority | None:
    """The highest of the objects'; that of an empty picture for none; None where none has any."""
    everything = list(objects)
    if not everything:
        return EMPTY_PICTURE
    found = [one.priority for one in everything if one.priority is not None]
    return max(found, key=lambda one: one.value, default=None)


def _priority(parts: list[_Part], one: LabelledObject) -> Priority:
    if one.mirror_disagreement is not None:
        kept = 1 - MIRROR_WEIGHT
        parts = [replace(part, share=part.share * kept) for part in parts]
        share = MIRROR_WEIGHT * one.mirror_disagreement
        parts.append(_Part(share=share, reason="differs in the mirrored picture"))
    shares = [(part.reason, round(part.share, _DECIMALS)) for part in parts]
    reasons = sorted((one for one in shares if one[1] > 0), key=lambda one: -one[1])
    value = round(sum(part.share for part in parts), _DECIMALS)
    return Priority(value=min(value, 1.0), reasons=tuple(reasons))


def _score_part(one: LabelledObject, threshold: float) -> _Part:
    score = 0.0 if one.score is None else one.score
    share = WEIGHTS["score"] * _clipped((1 - score) / (1 - threshold))
    return _Part(share=share, reason=f"score {score:.2f}")


def _mask_part(one: LabelledObject) -> _Part:
    x, y, width, height = one.bbox_xywh_px
    filled = one.area_px / max(width * height, 1)
    hollow = _clipped((_SOLID - filled) / (_SOLID - _HOLLOW))
    gap = hollow
    if one.predicted_box_xyxy_px is not None:
        tight = (float(x), float(y), float(x + width), float(y + height))
        gap = _clipped(2 * (1 - _box_iou(tight, one.predicted_box_xyxy_px)))
    share = WEIGHTS["mask"] * (gap + hollow) / 2
    return _Part(share=share, reason="mask and box differ" if gap > hollow else "mask has gaps")


def _overlap_parts(most: tuple[tuple[float, str], tuple[float, str]]) -> list[_Part]:
    (other, other_name), (same, same_name) = most
    return [
        _Part(share=WEIGHTS["overlap"] * other, reason=f"overlaps {other_name}"),
        _Part(share=WEIGHTS["duplicate"] * same, reason=f"overlaps another {same_name}"),
    ]


def _size_part(one: LabelledObject, deviation: float) -> _Part:
    share = WEIGHTS["size"] * _clipped((abs(deviation) - _USUAL) / (_UNUSUAL - _USUAL))
    kind = "large" if deviation > 0 else "small"
    return _Part(share=share, reason=f"unusually {kind} for {one.category.name}")


def _border_part(one: LabelledObject, size_hw: tuple[int, int]) -> _Part:
    x, y, width, height = one.bbox_xywh_px
    is_cut = x <= 0 or y <= 0 or x + width >= size_hw[1] or y + height >= size_hw[0]
    return _Part(share=WEIGHTS["border"] * is_cut, reason="touches the border")


def _overlaps(picture: LabelledPicture) -> list[tuple[tuple[float, str], tuple[float, str]]]:
    """For each object the most it shares with one of another class and of its own, and of which.

    The share is of the smaller one's area.
    """
    objects = picture.objects
    if not objects:
        return []
    size = list(picture.size_hw)
    masks = [{"size": size, "counts": one.rle_counts} for one in objects]
    ious = coco_mask.iou(masks, masks, [0] * len(masks)).tolist()
    found = []
    for place, one in enumerate(objects):
        most = {True: (0.0, ""), False: (0.0, "")}
        for there, other in enumerate(objects):
            iou = ious[place][there]
            if there == place or iou <= 0:
                continue
            shared_px = iou * (one.area_px + other.area_px) / (1 + iou)
            share = _clipped(shared_px / max(min(one.area_px, other.area_px), 1))
            is_same = one.category == other.category
            most[is_same] = max(most[is_same], (share, other.category.name))
        found.append((most[False], most[True]))
    return found


def _box_iou(
    one: tuple[float, float, float, float], other: tuple[float, float, float, float]
) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    union = sum(areas) - shared
    return shared / union if union > 0 else 0.0


def _log_side(one: LabelledObject, size_hw: tuple[int, int]) -> float:
    return math.log(max(one.area_px, 1) / (size_hw[0] * size_hw[1])) / 2


def _clipped(value: float) -> float:
    return min(max(value, 0.0), 1.0)
