"""The review journal loses nothing that was confirmed, and shows nothing that was not."""

import contextlib
import errno
import os

import pytest

from yolact_cli.errors import DiskFullError, ReviewError
from yolact_cli.review.events import live_events
from yolact_cli.review.journal import EVENTS, ReviewJournal, read_events
from yolact_cli.store import LocalStore


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path / "run")


@pytest.fixture
def act(make_event, make_record, make_object):
    """``act("a.png")``: an object of it was accepted."""

    def build(picture: str = "a.png", uid: str = "u1"):
        return make_event("object", picture=picture, object=make_record(make_object(uid, 5, 5)))

    return build


def pictures(store) -> list[str]:
    return [event.picture for event in read_events(store)]


def test_journal_gives_back_what_was_appended(store, act, make_event, make_record, make_object):
    journal = ReviewJournal(store)
    given = [
        act(),
        make_event("reject", uid="u2", object=make_record(make_object("u2", 0, 0))),
        make_event("done", objects=(make_record(make_object("u1", 5, 5), track_id=3),)),
        make_event("reopen"),
    ]
    written = journal.append(given) + journal.append([make_event("undo", undone=1)])
    assert list(read_events(store)) == written
    assert [(one.sequence, one.stroke, one.more) for one in written] == [
        (1, 1, 3),
        (2, 1, 2),
        (3, 1, 1),
        (4, 1, 0),
        (5, 5, 0),
    ]


def test_journal_of_nobody_is_empty(store):
    assert list(read_events(store)) == []
    assert ReviewJournal(store).append([]) == []
    assert not store.exists(EVENTS)


def test_journal_opened_again_goes_on_counting(store, act):
    ReviewJournal(store).append([act("a.png")])
    ReviewJournal(store).append([act("b.png")])
    assert [event.sequence for event in read_events(store)] == [1, 2]


@pytest.mark.parametrize("kept", ["half of the last line", "the header", "half of the header"])
def test_torn_stroke_does_not_count_and_is_cut_off(store, act, kept):
    ReviewJournal(store).append([act("a.png"), act("b.png")])
    whole = store.read_bytes(EVENTS)
    header = whole.index(b"\n") + 1
    size = {"half of the last line": len(whole) - 9, "the header": header}.get(kept, header - 3)
    store.put(EVENTS, whole[:size])
    assert pictures(store) == []
    ReviewJournal(store).append([act("c.png")])
    assert pictures(store) == ["c.png"]


def test_stroke_of_which_whole_lines_are_missing_does_not_count(store, act):
    journal = ReviewJournal(store)
    journal.append([act("a.png")])
    journal.append([act("b.png"), act("c.png")])
    lines = store.read_bytes(EVENTS).splitlines(keepends=True)
    store.put(EVENTS, b"".join(lines[:-1]))
    assert pictures(store) == ["a.png"]
    ReviewJournal(store).append([act("d.png")])
    assert pictures(store) == ["a.png", "d.png"]


def test_process_killed_at_any_byte_leaves_whole_strokes(store, act):
    journal = ReviewJournal(store)
    journal.append([act("a.png")])
    before = len(store.read_bytes(EVENTS))
    journal.append([act("b.png"), act("b.png", "u2")])
    whole = store.read_bytes(EVENTS)
    for size in range(before, len(whole), 5):
        store.path_of(EVENTS).write_bytes(whole[:size])
        assert pictures(store) == ["a.png"]


@pytest.mark.parametrize("can_cut", [True, False])
def test_full_disk_takes_nothing_and_leaves_a_journal_to_go_on_with(
    store, act, monkeypatch, can_cut
):
    journal = ReviewJournal(store)
    journal.append([act("a.png")])
    append = LocalStore.append

    def full(self, path, data, **options):
        append(self, path, data[: len(data) // 2], **options)
        raise DiskFullError("no space left")

    def refuse(self, path, size_bytes):
        raise DiskFullError("not even for that")

    with monkeypatch.context() as patched:
        patched.setattr(LocalStore, "append", full)
        if not can_cut:
            patched.setattr(LocalStore, "truncate", refuse)
        with pytest.raises(DiskFullError, match="no space"):
            journal.append([act("b.png"), act("c.png")])
    assert pictures(store) == ["a.png"]
    journal.append([act("d.png")])
    assert pictures(store) == ["a.png", "d.png"]


def test_full_disk_is_told_as_such(store, act, monkeypatch):
    def refuse(descriptor):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    journal = ReviewJournal(store)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", refuse)
        with pytest.raises(DiskFullError):
            journal.append([act()])
    assert journal.append([act()])[0].sequence == 1


def test_process_killed_in_the_middle_of_appending_can_be_followed(store, act, monkeypatch):
    class Killed(BaseException):
        pass

    def die(self, path, data, **options):
        raise Killed

    journal = ReviewJournal(store)
    with monkeypatch.context() as patched, contextlib.suppress(Killed):
        patched.setattr(LocalStore, "append", die)
        journal.append([act()])
    journal.append([act("b.png")])
    assert pictures(store) == ["b.png"]


def test_journal_that_another_program_wrote_meanwhile_is_refused(store, act):
    journal = ReviewJournal(store)
    journal.append([act("a.png")])
    ReviewJournal(store).append([act("b.png")])
    with pytest.raises(ReviewError, match="changed by another program"):
        journal.append([act("c.png")])
    assert pictures(store) == ["a.png", "b.png"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: [lines[0], b"{}\n", *lines[2:]], id="nothing in it"),
        pytest.param(lambda lines: [lines[0], b"[" * 99_999 + b"\n", *lines[2:]], id="deep"),
        pytest.param(lambda lines: [lines[0], b"\xff\n", *lines[2:]], id="no text"),
        pytest.param(lambda lines: [lines[0], *lines[2:]], id="a line missing"),
        pytest.param(lambda lines: [lines[0], lines[1], *lines[1:]], id="a line twice"),
        pytest.param(
            lambda lines: [lines[0], lines[1].replace(b'"object"', b'"tickle"', 1), *lines[2:]],
            id="unknown kind",
        ),
        pytest.param(
            lambda lines: [lines[0], lines[1].replace(b"[60,80]", b"[-60,80]"), *lines[2:]],
            id="no size",
        ),
        pytest.param(
            lambda lines: [lines[0], lines[1].replace(b"0.9", b"NaN"), *lines[2:]], id="no number"
        ),
        pytest.param(
            lambda lines: [lines[0], lines[1].replace(b'"u1"', b"7"), *lines[2:]], id="no uid"
        ),
        pytest.param(lambda lines: [b"hello\n", *lines[1:]], id="header"),
    ],
)
def test_damaged_journal_is_refused_and_left_alone(store, act, change):
    journal = ReviewJournal(store)
    for name in ("a.png", "b.png"):
        journal.append([act(name)])
    damaged = b"".join(change(store.read_bytes(EVENTS).splitlines(keepends=True)))
    store.put(EVENTS, damaged)
    with pytest.raises(ReviewError, match=r"damaged|out of order"):
        ReviewJournal(store)
    assert store.read_bytes(EVENTS) == damaged


def test_journal_of_an_unknown_version_is_refused(store, act):
    ReviewJournal(store).append([act()])
    later = store.read_bytes(EVENTS).replace(b'"format":1', b'"format":2')
    store.put(EVENTS, later)
    with pytest.raises(ReviewError, match="format 2, and this version knows 1"):
        ReviewJournal(store)
    assert store.read_bytes(EVENTS) == later


def test_undo_takes_back_a_whole_stroke(store, act, make_event):
    journal = ReviewJournal(store)
    journal.append([act("a.png")])
    journal.append([act("b.png"), act("c.png")])
    journal.append([make_event("undo", undone=2)])
    assert [event.picture for event in live_events(read_events(store))] == ["a.png"]


def test_names_that_are_no_text_survive(store, act):
    name = os.fsdecode(b"caf\xe9.png")
    ReviewJournal(store).append([act(name)])
    assert pictures(store) == [name]
