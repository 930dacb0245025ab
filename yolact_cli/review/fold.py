"""A picture's labels with its review laid over them: ``labels = fold(journal, events)``.

What a person touched stands as the person left it, whatever the model says now; what nobody
touched is the model's, until the picture is marked done: then its labels are those that were on
the screen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture
from yolact_cli.review.events import ObjectRecord, ReviewEvent
from yolact_cli.structures import Category

# The same object found anew, after annotating again.
_SAME_OBJECT_IOU = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPicture:
    """A picture as it stands.

    Attributes:
        picture: With the objects that count.
        rejected: Objects that a person said are none, as far as the model still finds them.
        revision: The sequence of the last event that speaks of the picture; 0 where none does.
        left_out: Events about a picture of another size; their masks do not fit this one.
    """

    picture: LabelledPicture
    rejected: tuple[LabelledObject, ...] = ()
    revision: int = 0
    left_out: int = 0


def fold(
    machine: LabelledPicture, events: Sequence[ReviewEvent], categories: Mapping[str, Category]
) -> ReviewedPicture:
    """The picture's labels after these events.

    Args:
        machine: As the model labelled it, with today's thresholds.
        events: Of this picture, in order, without those undone.
        categories: Every category by its name, those that people brought in too.
    """
    state = _State(machine, categories)
    left_out = 0
    for event in events:
        if _fits(event, machine.size_hw):
            state.apply(event)
        else:
            left_out += 1
    revision = events[-1].sequence if events else 0
    return ReviewedPicture(
        picture=replace(
            machine,
            objects=state.objects(),
            is_reviewed=state.reviewer is not None,
            reviewer=state.reviewer,
        ),
        rejected=tuple(state.rejected.values()),
        revision=revision,
        left_out=left_out,
    )


def by_picture(events: Iterable[ReviewEvent]) -> dict[str, list[ReviewEvent]]:
    """Events by the name of the picture they speak of, each list in order."""
    found: dict[str, list[ReviewEvent]] = {}
    for event in events:
        found.setdefault(event.picture, []).append(event)
    return found


def all_categories(own: Sequence[Category], events: Iterable[ReviewEvent]) -> tuple[Category, ...]:
    """The run's categories, then those that people brought in, in the order they first came up.

    New ones get the next free ids.
    """
    found = {category.name: category for category in own}
    next_id = max((category.category_id for category in own), default=0) + 1
    for event in events:
        records = event.objects if event.object is None else (event.object,)
        for record in records:
            if record.category_name not in found:
                found[record.category_name] = Category(
                    category_id=next_id, name=record.category_name
                )
                next_id += 1
    return tuple(found.values())


def recorded(one: LabelledObject, size_hw: tuple[int, int]) -> ObjectRecord:
    """An object as an event holds it; one that nobody touched counts as accepted."""
    return ObjectRecord(
        uid=one.uid,
        category_name=one.category.name,
        size_hw=size_hw,
        rle_counts=one.rle_counts,
        state="accepted" if one.state == "machine" else one.state,
        score=one.score,
        box_score=one.box_score,
        predicted_box_xyxy_px=one.predicted_box_xyxy_px,
        track_id=one.track_id,
    )


class _State:
    """A picture's objects while events are gone through."""

    def __init__(self, machine: LabelledPicture, categories: Mapping[str, Category]) -> None:
        self._size_hw = machine.size_hw
        self._categories = categories
        self._machine = {one.uid: one for one in machine.objects}
        self._touched: dict[str, LabelledObject] = {}
        self._is_final = False  # marked done at least once: the model has no say any more
        self.rejected: dict[str, LabelledObject] = {}
        self.reviewer: str | None = None

    def apply(self, event: ReviewEvent) -> None:
        if event.kind == "object" and event.object is not None:
            self._put(event.object)
        elif event.kind == "reject" and event.uid is not None:
            self._reject(event.uid)
        elif event.kind == "done":
            gone = {**self._machine, **self._touched}
            self._touched = {}
            for record in event.objects:
                self._put(record)
                gone.pop(record.uid, None)
            self.rejected |= {} if self._is_final else gone
            self._is_final = True
            self.reviewer = event.by
        elif event.kind == "reopen":
            self.reviewer = None

    def objects(self) -> tuple[LabelledObject, ...]:
        """Those of the model by score, then those that people added."""
        found = list(self._touched.values()) + self._untouched()
        return tuple(sorted(found, key=lambda one: (one.score is None, -(one.score or 0.0))))

    def _put(self, record: ObjectRecord) -> None:
        self.rejected.pop(record.uid, None)
        before = self._machine.get(record.uid)
        self._touched[record.uid] = LabelledObject(
            uid=record.uid,
            category=self._categories[record.category_name],
            bbox_xywh_px=rle.tight_bbox(record.rle_counts, self._size_hw),
            area_px=rle.area_of(record.rle_counts),
            rle_counts=record.rle_counts,
            state=record.state,
            score=record.score,
            box_score=record.box_score,
            predicted_box_xyxy_px=record.predicted_box_xyxy_px,
            track_id=record.track_id,
            track_category_id=None if before is None else before.track_category_id,
        )

    def _reject(self, uid: str) -> None:
        one = self._touched.pop(uid, None) or self._machine.get(uid)
        if one is not None:
            self.rejected[uid] = one

    def _untouched(self) -> list[LabelledObject]:
        if self._is_final:
            return []
        rest = [
            one
            for uid, one in self._machine.items()
            if uid not in self._touched and uid not in self.rejected
        ]
        orphans = [one for uid, one in self._touched.items() if uid not in self._machine]
        return [one for one in rest if not self._is_found_anew(one, orphans)]

    def _is_found_anew(self, one: LabelledObject, orphans: Sequence[LabelledObject]) -> bool:
        """Whether a person has the object already, from an earlier run over the picture."""
        if not orphans:
            return False
        theirs = [self._rle(other) for other in orphans]
        ious = coco_mask.iou([self._rle(one)], theirs, [0] * len(theirs))
        return bool(ious.max() >= _SAME_OBJECT_IOU)

    def _rle(self, one: LabelledObject) -> dict[str, object]:
        return {"size": list(self._size_hw), "counts": one.rle_counts}


def _fits(event: ReviewEvent, size_hw: tuple[int, int]) -> bool:
    records = event.objects if event.object is None else (event.object,)
    return all(record.size_hw == size_hw for record in records)
