"""A picture's labels with its review laid over them: ``labels = fold(machine, events, …)``.

What a person touched stands as the person left it, whatever the model says now; what nobody
touched is the model's, until the picture is marked done: then its labels are those that were on
the screen, and the model has no say in it any more.

An object that the model finds anew after annotating again has another uid. It is known by where it
is: one that overlaps an object of a person's by half is that object, and one that overlaps an
object that a person rejected, and is of its class, is rejected too.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pycocotools import mask as coco_mask

from yolact_cli.errors import ReviewError
from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture
from yolact_cli.review.events import ObjectRecord, ReviewEvent
from yolact_cli.review.priority import picture_priority
from yolact_cli.structures import Category

SAME_OBJECT_IOU = 0.5
"""Two masks that overlap by this much are of one object."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewedPicture:
    """A picture as it stands.

    Attributes:
        picture: With the objects that count.
        rejected: Objects that a person said are none, as far as the model still finds them.
        revision: The sequence of the last event that changed the picture; 0 where none did.
        left_out: Events about a picture of another size; their masks do not fit this one.
    """

    picture: LabelledPicture
    rejected: tuple[LabelledObject, ...] = ()
    revision: int = 0
    left_out: int = 0


def fold(
    machine: LabelledPicture,
    events: Sequence[ReviewEvent],
    categories: Mapping[str, Category],
    *,
    revision: int | None = None,
) -> ReviewedPicture:
    """The picture's labels after these events.

    Args:
        machine: As the model labelled it, with today's thresholds.
        events: Of this picture, in order, without those undone.
        categories: Every category by its name, those that people brought in too.
        revision: As :func:`yolact_cli.review.events.revisions` has it, since of what was undone
            ``events`` know nothing; None for that of the last of them.

    Raises:
        ReviewError: An event's mask is damaged.
    """
    state = _State(machine, categories)
    left_out = 0
    for event in events:
        if any(record.size_hw != machine.size_hw for record in event.records):
            left_out += 1
            continue
        try:
            state.apply(event)
        except ValueError as error:
            raise ReviewError(
                f"The review's event {event.sequence}, about {event.picture}, is damaged: {error}.",
                remedy="Nothing was changed. Put a copy of the journal back.",
            ) from error
    if revision is None:
        revision = events[-1].sequence if events else 0
    objects, is_reviewed = state.objects(), state.reviewer is not None
    priority = None if is_reviewed else machine.priority
    if objects and priority is not None:
        priority = picture_priority(objects)
    return ReviewedPicture(
        picture=replace(
            machine,
            objects=objects,
            is_reviewed=is_reviewed,
            reviewer=state.reviewer,
            priority=priority,
        ),
        rejected=state.rejected(),
        revision=revision,
        left_out=left_out,
    )


def all_categories(own: Sequence[Category], events: Iterable[ReviewEvent]) -> tuple[Category, ...]:
    """The run's categories, then those that people brought in, in the order they first came up.

    New ones get the next free ids.
    """
    found = {category.name: category for category in own}
    next_id = max((category.category_id for category in own), default=0) + 1
    for event in events:
        for record in event.records:
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
        self._rejected: dict[str, LabelledObject | None] = {}  # None: known by its uid alone
        self._is_final = False  # marked done at least once: the model has no say any more
        self.reviewer: str | None = None

    def apply(self, event: ReviewEvent) -> None:
        if event.kind == "object" and event.object is not None:
            self._put(event.object)
        elif event.kind == "reject" and event.uid is not None:
            self._reject(event.uid, event.object)
        elif event.kind == "done":
            self._finish(event)
        elif event.kind == "reopen":
            self.reviewer = None

    def objects(self) -> tuple[LabelledObject, ...]:
        """Those of the model by score, then those that people added."""
        rank = {uid: place for place, uid in enumerate(self._machine)}
        found = list(self._touched.values()) + self._untouched()
        return tuple(
            sorted(
                found,
                key=lambda one: (
                    one.score is None,
                    -(one.score or 0),
                    rank.get(one.uid, len(rank)),
                ),
            )
        )

    def rejected(self) -> tuple[LabelledObject, ...]:
        """What a person said is no object, among those that the model finds today."""
        named = [
            one for uid, one in self._rejected.items() if one is not None and uid in self._machine
        ]
        again = [one for one in self._unnamed() if self._is_rejected_anew(one)]
        return tuple(named + again)

    def _put(self, record: ObjectRecord) -> None:
        one = self._labelled(record)
        if one.area_px == 0:  # rubbed out to the last pixel
            self._reject(record.uid, None)
            return
        self._rejected.pop(record.uid, None)
        self._touched[record.uid] = one

    def _reject(self, uid: str, record: ObjectRecord | None) -> None:
        was = self._touched.pop(uid, None) or self._machine.get(uid)
        if was is None and record is not None:
            was = self._labelled(record)
        self._rejected[uid] = was

    def _finish(self, event: ReviewEvent) -> None:
        """What is not among the event's objects is none, if it was there to be seen."""
        gone = {one.uid: one for one in (*self._touched.values(), *self._untouched())}
        self._touched = {}
        self._is_final = True
        self.reviewer = event.by
        for record in event.objects:
            self._put(record)
        # Known by other uids than the model's of today; of two that overlap, one may well be none.
        kept = [one for uid, one in self._touched.items() if uid not in self._machine]
        self._rejected |= {
            uid: one
            for uid, one in gone.items()
            if uid not in self._touched and not self._is_one_of(one, kept)
        }

    def _labelled(self, record: ObjectRecord) -> LabelledObject:
        before = self._machine.get(record.uid)
        return LabelledObject(
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

    def _untouched(self) -> list[LabelledObject]:
        if self._is_final:
            return []
        theirs = [one for uid, one in self._touched.items() if uid not in self._machine]
        return [
            one
            for one in self._unnamed()
            if not self._is_one_of(one, theirs) and not self._is_rejected_anew(one)
        ]

    def _unnamed(self) -> list[LabelledObject]:
        """The model's objects of which no event speaks by their uids."""
        return [
            one
            for uid, one in self._machine.items()
            if uid not in self._touched and uid not in self._rejected
        ]

    def _is_rejected_anew(self, one: LabelledObject) -> bool:
        others = [
            other
            for uid, other in self._rejected.items()
            if other is not None
            and uid not in self._machine
            and other.category.name == one.category.name
        ]
        return self._is_one_of(one, others)

    def _is_one_of(self, one: LabelledObject, others: Sequence[LabelledObject]) -> bool:
        """Whether one of these is the same object under another uid."""
        if not others:
            return False
        ious = coco_mask.iou(
            [self._rle(one)], [self._rle(other) for other in others], [0] * len(others)
        )
        return bool(ious.max() >= SAME_OBJECT_IOU)

    def _rle(self, one: LabelledObject) -> dict[str, object]:
        return {"size": list(self._size_hw), "counts": one.rle_counts}
