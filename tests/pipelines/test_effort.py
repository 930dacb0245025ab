"""What reviewers had to change of a run, from the file they left."""

import dataclasses

import pytest

from yolact_cli.errors import BadLabelsError
from yolact_cli.pipelines.apply_review import apply_review
from yolact_cli.pipelines.effort import human_effort, is_reviewed_run
from yolact_cli.review.events import ReviewEvent, now
from yolact_cli.review.fold import recorded
from yolact_cli.review.journal import ReviewJournal


@pytest.fixture
def reviewed(annotated):
    """a.png lost an object and one got another class; b.png stayed as it was."""
    events = []
    for picture in annotated.labelled():
        records = [recorded(one, picture.size_hw) for one in picture.objects]
        if picture.name == "a.png":
            other = "cat" if records[1].category_name != "cat" else "dog"
            records[1] = dataclasses.replace(records[1], category_name=other, state="corrected")
            del records[0]
        if picture.name != "sub/c.png":
            event = ReviewEvent(kind="done", picture=picture.name, by="ann", at=now(),
                                objects=tuple(records))  # fmt: skip
            events.append([event])
    ReviewJournal(annotated.store).append_strokes(events)
    return apply_review(annotated.store.root).path


def test_effort_tells_what_was_changed_in_the_pictures_of_the_file(annotated, reviewed):
    found = human_effort(annotated.store.root, reviewed)
    assert (found.pictures, found.before, found.after) == (2, 8, 7)
    assert (found.untouched, found.relabelled, found.deleted, found.added) == (6, 1, 1, 0)
    assert (found.edited, found.mean_edit_of_kept) == (0, 0)


def test_reviewed_file_of_a_run_is_known_as_one(annotated, reviewed):
    run = annotated.store.root
    assert is_reviewed_run(run, reviewed)
    assert not is_reviewed_run(run, run / "annotations.json")
    assert not is_reviewed_run(reviewed, reviewed)


def test_file_of_other_pictures_is_refused(annotated, reviewed):
    text = reviewed.read_text()
    other = reviewed.with_name("other.json")
    other.write_text(text.replace("a.png", "y.png").replace("b.png", "z.png"))
    with pytest.raises(BadLabelsError, match="none of the pictures of"):
        human_effort(annotated.store.root, other)
