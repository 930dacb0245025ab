"""Builders and strategies for reviews: labelled pictures, events of people's, and a store in memory."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import strategies as st

from yolact_cli.geometry import rle
from yolact_cli.labels import LabelledObject, LabelledPicture
from yolact_cli.review.events import ObjectRecord, ReviewEvent
from yolact_cli.review.fold import recorded
from yolact_cli.structures import Category

SIZE_HW = (60, 80)
CATEGORIES = {
    name: Category(category_id=number, name=name)
    for number, name in enumerate(("cat", "dog", "person"), start=1)
}


def square(left: int, top: int, side: int = 10, size_hw=SIZE_HW) -> str:
    mask = np.zeros(size_hw, bool)
    mask[top : top + side, left : left + side] = True
    return rle.encode_mask(mask)


def labelled(uid: str, left: int, top: int, *, side: int = 10, name: str = "cat", **fields):
    counts = square(left, top, side)
    box = rle.tight_bbox(counts, SIZE_HW)
    x, y, width, height = box
    values = {
        "uid": uid,
        "category": CATEGORIES[name],
        "bbox_xywh_px": box,
        "area_px": rle.area_of(counts),
        "rle_counts": counts,
        "score": 0.9,
        "box_score": 0.9,
        "predicted_box_xyxy_px": (float(x), float(y), float(x + width), float(y + height)),
    }
    return LabelledObject(**(values | fields))


def picture_of(*objects: LabelledObject, name: str = "a.png", **fields) -> LabelledPicture:
    values = {"picture_id": 1, "name": name, "size_hw": SIZE_HW, "objects": objects}
    return LabelledPicture(**(values | fields))


def event(kind: str, *, sequence: int = 1, picture: str = "a.png", **fields) -> ReviewEvent:
    values = {"by": "ann", "at": "2026-01-01T00:00:00+00:00", "stroke": sequence}
    return ReviewEvent(
        kind=kind,
        picture="" if kind == "undo" else picture,
        sequence=sequence,
        **(values | fields),
    )


def record_of(one: LabelledObject, **fields) -> ObjectRecord:
    record = recorded(one, SIZE_HW)
    return ObjectRecord(**({key: getattr(record, key) for key in ObjectRecord.__slots__} | fields))


@pytest.fixture(scope="session")
def make_object() -> Callable[..., LabelledObject]:
    """``make_object(uid, left, top, side=10, name="cat", **fields)`` in an 80 x 60 picture."""
    return labelled


@pytest.fixture(scope="session")
def make_labelled() -> Callable[..., LabelledPicture]:
    """``make_labelled(*objects, name="a.png")``: 80 x 60 px."""
    return picture_of


@pytest.fixture(scope="session")
def make_event() -> Callable[..., ReviewEvent]:
    """``make_event(kind, sequence=1, picture="a.png", **fields)``."""
    return event


@pytest.fixture(scope="session")
def make_record() -> Callable[..., ObjectRecord]:
    """``make_record(object, **changed)``."""
    return record_of


@pytest.fixture(scope="session")
def categories() -> dict[str, Category]:
    """Three of them by name."""
    return CATEGORIES


_OBJECTS = st.builds(
    labelled,
    st.sampled_from(["m1", "m2", "m3", "p1", "p2"]),
    st.integers(0, 70),
    st.integers(0, 50),
    side=st.sampled_from([0, 4, 10]),
    name=st.sampled_from(sorted(CATEGORIES)),
    score=st.sampled_from([None, 0.4, 0.9]),
)
_RECORDS = st.builds(record_of, _OBJECTS, state=st.sampled_from(["accepted", "corrected", "added"]))
_EVENTS = st.one_of(
    st.builds(event, st.just("object"), object=_RECORDS),
    st.builds(
        event,
        st.just("reject"),
        uid=st.sampled_from(["m1", "m2", "p1", "nobody"]),
        object=st.none() | _RECORDS,
    ),
    st.builds(event, st.just("done"), objects=st.lists(_RECORDS, max_size=4).map(tuple)),
    st.builds(event, st.just("reopen")),
    st.builds(event, st.just("undo"), undone=st.integers(1, 8)),
)


@pytest.fixture(scope="session")
def histories() -> st.SearchStrategy[list[ReviewEvent]]:
    """Up to eight events about one picture, a stroke each."""
    return st.lists(_EVENTS, max_size=8).map(
        lambda found: [
            dataclasses.replace(one, sequence=place, stroke=place)
            for place, one in enumerate(found, start=1)
        ]
    )


@pytest.fixture(scope="session")
def machines() -> st.SearchStrategy[LabelledPicture]:
    """What a model finds in that picture: up to four objects."""
    return st.lists(_OBJECTS, max_size=4, unique_by=lambda one: one.uid).map(
        lambda found: picture_of(
            *(dataclasses.replace(one, score=0.5) for one in found if one.area_px)
        )
    )
