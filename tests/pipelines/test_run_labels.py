"""A run read back with its review laid over it."""

import json

import pytest

from yolact_cli.errors import OutputError, ReviewError
from yolact_cli.pipelines.annotate import annotate
from yolact_cli.pipelines.run_labels import RunLabels
from yolact_cli.review.events import ReviewEvent, now
from yolact_cli.review.fold import recorded
from yolact_cli.review.journal import EVENTS, ReviewJournal
from yolact_cli.settings import NmsSettings


def _reopened(labels: RunLabels) -> RunLabels:
    return RunLabels.open(labels.store.root)


def _mark_done(labels: RunLabels, name: str, keep: slice = slice(None), **changes) -> None:
    """A person keeps some of a picture's objects and marks it done."""
    picture = next(one for one in labels.labelled() if one.name == name)
    objects = tuple(recorded(one, picture.size_hw) for one in picture.objects[keep])
    event = ReviewEvent(kind="done", picture=name, by="ann", at=now(), objects=objects)
    ReviewJournal(labels.store).append([event])


def test_labels_of_a_run_nobody_reviewed_are_its_annotations(annotated):
    labels = annotated
    written = json.loads((labels.store.root / "annotations.json").read_bytes())
    pictures = list(labels.labelled())
    assert [one.name for one in pictures] == [one["file_name"] for one in written["images"]]
    found = [one.uid for picture in pictures for one in picture.objects]
    assert found == [one["uid"] for one in written["annotations"]]
    assert labels.is_finished
    assert [one.name for one in labels.categories] == ["cat", "dog", "person"]


def test_single_pictures_are_read_as_in_the_stream(annotated):
    labels = annotated
    for picture in labels.machine():
        assert labels.machine_picture(picture.picture_id) == picture
    for missing in (3, 9):  # one that failed, one that there is not
        with pytest.raises(KeyError):
            labels.machine_picture(missing)


def test_single_frames_are_read_as_in_the_stream(run, make_clip, make_photos, tmp_path):
    run(make_photos("a.png"), make_clip("a.mp4", frames=3), make_clip("b.mp4", frames=2))
    labels = RunLabels.open(tmp_path / "run")
    pictures = list(labels.machine())
    assert [picture.place is not None for picture in pictures] == [False] + [True] * 5
    assert [labels.machine_picture(one.picture_id) for one in reversed(pictures)] == pictures[::-1]


def test_annotating_again_keeps_reviews_and_pictures_marked_done(annotated, make_request, tmp_path):
    labels = annotated
    _mark_done(labels, "a.png", slice(1, 3))
    theirs = [one.uid for one in next(_reopened(labels).labelled()).objects]
    journal = labels.store.read_bytes(EVENTS)
    labels.store.put("reviewed.json", b"what a person made")
    again = make_request(
        tmp_path / "photos", labels={"nms": NmsSettings(max_detections=1)}, overwrite=True
    )
    for _ in annotate(again):
        pass
    assert labels.store.read_bytes(EVENTS) == journal
    assert labels.store.read_bytes("reviewed.json") == b"what a person made"
    first, second, *_ = _reopened(labels).labelled()
    assert ([one.uid for one in first.objects], first.is_reviewed) == (theirs, True)
    assert (len(second.objects) <= 1, second.is_reviewed) == (True, False)


def test_picture_that_changed_its_size_since_is_the_models_again(annotated, make_request, tmp_path):
    labels = annotated
    _mark_done(labels, "a.png", slice(0, 1))
    photos = tmp_path / "photos"
    (photos / "b.png").replace(photos / "a.png")  # 67 rows where there were 60
    for _ in annotate(make_request(photos, overwrite=True)):
        pass
    first = next(_reopened(labels).reviewed())
    assert (first.left_out, first.picture.is_reviewed) == (1, False)
    assert first.picture.objects


def test_review_of_another_run_is_refused(annotated):
    labels = annotated
    event = ReviewEvent(kind="done", picture="z.png", by="ann", at=now())
    ReviewJournal(labels.store).append([event])
    with pytest.raises(ReviewError, match=r"1 other pictures, such as z\.png"):
        _reopened(labels)


def test_review_that_knows_some_of_the_pictures_is_taken(annotated):
    labels = annotated
    _mark_done(labels, "b.png")
    event = ReviewEvent(kind="done", picture="z.png", by="ann", at=now())
    ReviewJournal(labels.store).append([event])
    assert [one.is_reviewed for one in _reopened(labels).labelled()] == [False, True, False]


def test_unfinished_run_can_be_read(annotated):
    labels = annotated
    (labels.store.root / "manifest.json").unlink()
    labels = _reopened(labels)
    assert not labels.is_finished
    assert len(list(labels.labelled())) == 3


@pytest.mark.parametrize("record", [None, b"no json", b'{"format": 1, "settings": {}}'])
def test_folder_that_is_no_run_is_refused(tmp_path, record):
    if record is not None:
        (tmp_path / "run.json").write_bytes(record)
    with pytest.raises(OutputError, match=r"no run of yolact|damaged|does not say"):
        RunLabels.open(tmp_path)


def test_file_instead_of_a_folder_is_refused(tmp_path):
    (tmp_path / "file").write_text("text")
    with pytest.raises(OutputError, match="no run of yolact"):
        RunLabels.open(tmp_path / "file")


def test_record_that_moved_since_it_was_looked_up_is_told(annotated):
    labels = annotated
    labels.machine_picture(2)
    path = next((labels.store.root / "journal").iterdir())
    path.write_bytes(path.read_bytes()[7:])
    with pytest.raises(OutputError, match="changed while it was read"):
        labels.machine_picture(2)
