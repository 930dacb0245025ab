"""What reviewers send back, and what becomes of a run's review."""

import dataclasses

import numpy as np
import pytest

from yolact_cli.datasets.class_map import ClassMap
from yolact_cli.errors import ReviewError, RunLockedError
from yolact_cli.geometry import rle
from yolact_cli.labels import ReadLabels, ReadObject, ReadPicture
from yolact_cli.pipelines.import_labels import ImportRequest, import_labels
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.review.journal import EVENTS
from yolact_cli.runs.lock import locked


@pytest.fixture
def sent(annotated):
    """The file that comes back when nobody changed anything: ``sent(name, ...)``."""

    def build(*names: str, with_uids: bool = True) -> ReadLabels:
        pictures = [one for one in annotated.labelled() if not names or one.name in names]
        return ReadLabels(
            origin="back.json",
            pictures=tuple(
                ReadPicture(
                    file_name=picture.name,
                    size_hw=picture.size_hw,
                    objects=tuple(
                        ReadObject(
                            place=f"object {number}",
                            category_name=one.category.name,
                            rle_counts=one.rle_counts,
                            uid=one.uid if with_uids else None,
                        )
                        for number, one in enumerate(picture.objects)
                    ),
                )
                for picture in pictures
            ),
        )

    return build


@pytest.fixture
def take(annotated):
    """``take(file, **fields)``: import it."""

    def run(read: ReadLabels, **fields):
        return import_labels(read, ImportRequest(run=annotated.store.root, **fields))

    return run


def _with(read: ReadLabels, number: int, **fields) -> ReadLabels:
    """The file with one picture changed."""
    pictures = list(read.pictures)
    pictures[number] = dataclasses.replace(pictures[number], **fields)
    return dataclasses.replace(read, pictures=tuple(pictures))


def _square(size_hw, left=30, top=20, side=12) -> str:
    mask = np.zeros(size_hw, bool)
    mask[top : top + side, left : left + side] = True
    return rle.encode_mask(mask)


def _states(annotated, name="a.png"):
    labels = RunLabels.open(annotated.store.root)
    picture = next(one for one in labels.labelled() if one.name == name)
    return picture, [(one.uid, one.state) for one in picture.objects]


@pytest.mark.parametrize("with_uids", [True, False])
def test_file_nobody_changed_marks_pictures_done_as_they_are(annotated, sent, take, with_uids):
    before = list(annotated.labelled())
    report = take(sent(with_uids=with_uids), reviewer="ann")
    objects = sum(len(picture.objects) for picture in before)
    assert report.changes.to_record() == {
        "kept": objects, "moved": 0, "relabelled": 0, "added": 0, "deleted": 0,
    }  # fmt: skip
    assert (report.pictures, report.marked, report.unchanged) == (3, 3, 0)
    after = list(RunLabels.open(annotated.store.root).labelled())
    assert [(one.is_reviewed, one.reviewer) for one in after] == [(True, "ann")] * 3
    assert [[one.uid for one in picture.objects] for picture in after] == [
        [one.uid for one in picture.objects] for picture in before
    ]


def test_same_file_again_changes_nothing(annotated, sent, take):
    read = sent()
    first = read.pictures[0]
    read = _with(read, 0, objects=first.objects[1:])
    take(read)
    journal = annotated.store.read_bytes(EVENTS)
    report = take(read)
    assert (report.marked, report.unchanged) == (0, 3)
    assert report.changes.is_none
    assert annotated.store.read_bytes(EVENTS) == journal


def test_changes_are_told_apart_and_stand_in_the_review(annotated, sent, take):
    read = sent("a.png")
    one, two, three, *rest = read.pictures[0].objects
    assert rest
    size_hw = read.pictures[0].size_hw
    moved = dataclasses.replace(one, rle_counts=_square(size_hw))
    name = next(x for x in ("cat", "dog", "person") if x != two.category_name)
    relabelled = dataclasses.replace(two, category_name=name)
    added = ReadObject(place="new", category_name="cat", rle_counts=_square(size_hw, 1, 1, 3))
    report = take(_with(read, 0, objects=(moved, relabelled, three, added)))
    assert report.changes.to_record() == {
        "kept": 1, "moved": 1, "relabelled": 1, "added": 1, "deleted": len(rest),
    }  # fmt: skip
    picture, states = _states(annotated)
    assert dict(states[:-1]) == {
        one.uid: "corrected", two.uid: "corrected", three.uid: "accepted",
    }  # fmt: skip
    assert states[-1][1] == "added"
    assert picture.reviewer == "import:back.json"
    found = {one.uid: one for one in picture.objects}
    assert found[one.uid].rle_counts == moved.rle_counts
    assert found[one.uid].predicted_box_xyxy_px is None
    assert found[two.uid].category.name == name


def test_pictures_that_the_file_does_not_have_stay_as_they_are(annotated, sent, take):
    assert take(sent("b.png")).pictures == 1
    labels = RunLabels.open(annotated.store.root)
    assert [one.is_reviewed for one in labels.labelled()] == [False, True, False]


def test_picture_without_objects_is_a_reviewed_one_without_any(annotated, sent, take):
    report = take(_with(sent("a.png"), 0, objects=()))
    assert report.changes.deleted == 4
    picture, states = _states(annotated)
    assert (picture.is_reviewed, states) == (True, [])


def test_what_outlines_lose_is_no_correction_unless_asked(annotated, sent, take):
    read = sent("a.png")
    one = read.pictures[0].objects[0]
    size_hw = read.pictures[0].size_hw
    square = _square(size_hw, 5, 5, 45)
    take(_with(read, 0, objects=(dataclasses.replace(one, rle_counts=square),)))
    thinner = rle.decode_mask(square, size_hw)
    thinner[5, 5:50] = False
    again = dataclasses.replace(one, rle_counts=rle.encode_mask(thinner))
    assert take(_with(read, 0, objects=(again,))).unchanged == 1
    assert take(_with(read, 0, objects=(again,)), exact=True, overwrite=True).changes.moved == 1


def test_done_picture_is_only_changed_when_asked(annotated, sent, take):
    read = sent("a.png", "b.png")
    take(read, reviewer="ann")
    other = _with(read, 1, objects=read.pictures[1].objects[1:])
    journal = annotated.store.read_bytes(EVENTS)
    with pytest.raises(
        ReviewError, match=r"differs from what is marked done in 1 picture:\n.*b\.png, done by ann"
    ):
        take(other)
    assert annotated.store.read_bytes(EVENTS) == journal
    report = take(other, overwrite=True)
    assert (report.marked, report.unchanged, report.changes.deleted) == (1, 1, 1)


def test_object_that_was_deleted_can_come_back(annotated, sent, take):
    read = sent("a.png")
    take(_with(read, 0, objects=read.pictures[0].objects[1:]))
    report = take(read, overwrite=True)
    assert (report.marked, report.changes.added) == (1, 1)
    assert len(_states(annotated)[1]) == 4


def test_copies_with_the_same_uid_are_objects_of_their_own(annotated, sent, take):
    read = sent("a.png")
    one = read.pictures[0].objects[0]
    size_hw = read.pictures[0].size_hw
    copy = dataclasses.replace(one, rle_counts=_square(size_hw, 60, 40, 6))
    report = take(_with(read, 0, objects=(copy, one, one)))
    assert (report.changes.kept, report.changes.added) == (1, 2)
    _, states = _states(annotated)
    assert len({uid for uid, _ in states}) == 3


def test_names_in_other_folders_are_found_and_ambiguous_ones_refused(annotated, sent, take):
    read = _with(sent("sub/c.png"), 0, file_name="export/sub/c.png")
    assert take(read).pictures == 1
    again = dataclasses.replace(read.pictures[0], file_name="other/sub/c.png")
    both = dataclasses.replace(read, pictures=(*read.pictures, again))
    with pytest.raises(ReviewError, match=r"could both be sub/c\.png"):
        take(both)


def test_file_of_other_pictures_is_refused(annotated, sent, take):
    read = _with(sent("a.png"), 0, file_name="z.png")
    with pytest.raises(
        ReviewError, match=r"none of the run's pictures, but 1 others such as z\.png"
    ):
        take(read)
    assert not annotated.store.exists(EVENTS)


def test_pictures_that_the_run_has_no_labels_of_are_named(sent, take):
    read = sent("a.png")
    bad = dataclasses.replace(read.pictures[0], file_name="bad.png", objects=())
    report = take(dataclasses.replace(read, pictures=(*read.pictures, bad)))
    assert report.unknown == ("bad.png",)


def test_picture_of_another_size_is_refused_by_name(sent, take):
    with pytest.raises(ReviewError, match=r"a\.png is 80x60 px in the run and 8x6 px in the file"):
        take(_with(sent("a.png"), 0, size_hw=(6, 8), objects=()))


def test_picture_twice_in_the_file_is_refused(sent, take):
    read = sent("a.png")
    with pytest.raises(ReviewError, match="in the file twice"):
        take(dataclasses.replace(read, pictures=read.pictures * 2))


def test_unknown_class_is_refused_with_the_closest_or_brought_in(annotated, sent, take):
    read = sent("a.png")
    strange = dataclasses.replace(read.pictures[0].objects[0], category_name="persons")
    read = _with(read, 0, objects=(strange,))
    with pytest.raises(ReviewError, match="no class 'persons'; did you mean 'person'"):
        take(read)
    report = take(read, new_classes=True)
    assert report.new_classes == ("persons",)
    names = [one.name for one in RunLabels.open(annotated.store.root).categories]
    assert names == ["cat", "dog", "person", "persons"]


def test_class_map_is_reversed_and_shared_names_go_by_the_object(sent, take):
    read = sent("a.png")
    assert {one.category_name for one in read.pictures[0].objects} == {"person"}
    class_map = ClassMap(names={"cat": "Tom", "dog": "Animal", "person": "Animal"})
    renamed = tuple(
        dataclasses.replace(one, category_name="Animal") for one in read.pictures[0].objects
    )
    report = take(_with(read, 0, objects=renamed), class_map=class_map)
    assert report.changes.is_none
    size_hw = read.pictures[0].size_hw
    added = ReadObject(
        place="object 9", category_name="Animal", rle_counts=_square(size_hw, 1, 1, 3)
    )
    with pytest.raises(ReviewError, match=r"'Animal' could be dog or person \(object 9\)"):
        take(_with(read, 0, objects=(*renamed, added)), class_map=class_map)


def test_run_that_is_being_written_is_left_alone(annotated, sent, take):
    read = sent()
    with locked(annotated.store.root), pytest.raises(RunLockedError):
        take(read)


def test_what_the_reader_did_not_understand_is_passed_on(sent, take):
    read = dataclasses.replace(sent("a.png"), not_understood=("image 1: a cuboid",))
    assert take(read).to_record()["not_understood"] == ["image 1: a cuboid"]
