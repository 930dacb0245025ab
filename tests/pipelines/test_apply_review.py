"""reviewed.json: what people said, and nothing else."""

import json

import pytest

from yolact_cli.datasets.truth import read_truth
from yolact_cli.errors import DiskFullError, ReviewError
from yolact_cli.pipelines.apply_review import apply_review
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.review.events import ReviewEvent, now
from yolact_cli.review.fold import recorded
from yolact_cli.review.journal import ReviewJournal
from yolact_cli.store import LocalStore


@pytest.fixture
def mark(annotated):
    """``mark(name, keep=2)``: a person leaves that many objects and marks the picture done."""

    def write(name: str, keep: int = 2, kind: str = "done"):
        pictures = {one.name: one for one in annotated.labelled()}
        objects = pictures[name].objects[:keep] if name in pictures else ()
        records = tuple(recorded(one, pictures[name].size_hw) for one in objects)
        event = ReviewEvent(kind=kind, picture=name, by="ann", at=now(), objects=records)
        ReviewJournal(annotated.store).append([event])

    return write


def test_reviewed_file_holds_pictures_marked_done_and_only_what_people_saw(annotated, mark):
    mark("a.png")
    mark("sub/c.png", keep=0)
    applied = apply_review(annotated.store.root)
    assert (applied.pictures, applied.objects, applied.left) == (2, 2, 1)
    document = json.loads(applied.path.read_bytes())
    assert [(one["file_name"], one["reviewed"], one["reviewer"]) for one in document["images"]] == [
        ("a.png", True, "ann"),
        ("sub/c.png", True, "ann"),
    ]
    assert {one["review_state"] for one in document["annotations"]} == {"accepted"}
    truth = read_truth(applied.path)
    assert [len(picture.objects) for picture in truth.pictures] == [2, 0]


def test_same_review_gives_the_same_bytes(annotated, mark):
    mark("a.png")
    one = apply_review(annotated.store.root).path.read_bytes()
    assert apply_review(annotated.store.root).path.read_bytes() == one


def test_nothing_marked_done_is_refused_and_an_older_file_stays(annotated, mark):
    mark("a.png")
    mark("a.png", kind="reopen")
    annotated.store.put("reviewed.json", b"older")
    with pytest.raises(ReviewError, match="no picture is marked done"):
        apply_review(annotated.store.root)
    assert annotated.store.read_bytes("reviewed.json") == b"older"


def test_pictures_that_the_run_lost_are_named(annotated, mark):
    mark("a.png")
    mark("lost.png")
    assert apply_review(annotated.store.root).gone == ("lost.png",)


def test_full_disk_leaves_the_file_that_was_there(annotated, mark, monkeypatch):
    mark("a.png")
    path = apply_review(annotated.store.root).path
    before = path.read_bytes()
    mark("b.png")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DiskFullError):
        apply_review(annotated.store.root)
    assert path.read_bytes() == before
    assert LocalStore(path.parent).list_files("review") == ["review/events.jsonl"]


def test_class_that_people_brought_in_is_listed(annotated):
    picture = next(annotated.labelled())
    record = recorded(picture.objects[0], picture.size_hw)
    import dataclasses

    record = dataclasses.replace(record, category_name="yak", state="corrected")
    event = ReviewEvent(kind="done", picture=picture.name, by="", at=now(), objects=(record,))
    ReviewJournal(annotated.store).append([event])
    document = json.loads(apply_review(annotated.store.root).path.read_bytes())
    assert [one["name"] for one in document["categories"]] == ["cat", "dog", "person", "yak"]
    assert document["annotations"][0]["category_id"] == document["categories"][3]["id"]
    assert RunLabels.open(annotated.store.root).own_categories != document["categories"]
