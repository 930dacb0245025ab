"""Who may decode when, across processes: here, threads stand for them."""

import multiprocessing
import threading

import pytest

from yolact_cli.sources.budget import Budget
from yolact_cli.sources.gate import BYTES_A_PIXEL, WIDE_BYTES_A_PIXEL
from yolact_cli.sources.room import HeldFrames, Room

SOON_S, LONG_S = 0.05, 10


@pytest.fixture
def make_budget():
    """``make_budget(**held)``: room for decoding 3,000 pixels, and for 10,000 bytes of frames."""

    def build(*, before=None, **held):
        room = Room(total_bytes=4 * 1000 * BYTES_A_PIXEL, held=HeldFrames(**held))
        return Budget(room, multiprocessing.get_context("spawn"), before=before)

    return build


@pytest.fixture
def entering():
    """``entering(budget, pixels, id)``: a thread that wants in; it is over once it has entered."""
    threads = []

    def begin(budget, pixels, picture_id, bytes_a_pixel=BYTES_A_PIXEL):
        thread = threading.Thread(
            target=budget.enter,
            args=((pixels, 1), "a.png"),
            kwargs={"picture_id": picture_id, "bytes_a_pixel": bytes_a_pixel},
            daemon=True,  # one that waits for ever is a failure, and no end of the tests
        )
        thread.start()
        threads.append(thread)
        return thread

    yield begin
    for thread in threads:
        thread.join(LONG_S)
        assert not thread.is_alive()


def waits(thread):
    thread.join(SOON_S)
    return thread.is_alive()


@pytest.fixture
def enter():
    """``enter(budget, pixels, id)``: what a picture that need not wait takes up."""

    def begin(budget, pixels, picture_id):
        return budget.enter(
            (pixels, 1), "a.png", bytes_a_pixel=BYTES_A_PIXEL, picture_id=picture_id
        )

    return begin


def test_pictures_that_fit_together_go_together(make_budget, entering):
    budget = make_budget()
    assert not waits(entering(budget, 2000, 1))
    assert not waits(entering(budget, 1000, 2))


def test_deep_picture_takes_the_place_of_several(make_budget, entering, enter):
    budget = make_budget()
    taken_up = enter(budget, 1001, 1)
    deep = entering(budget, 850, 2, WIDE_BYTES_A_PIXEL)
    assert waits(deep)
    budget.leave(taken_up, frame_bytes=0)
    deep.join(LONG_S)
    assert not deep.is_alive()


def test_picture_that_does_not_fit_waits_for_another_to_be_done(make_budget, entering, enter):
    budget = make_budget()
    taken_up = enter(budget, 2500, 1)
    second = entering(budget, 1000, 2)
    assert waits(second)
    budget.leave(taken_up, frame_bytes=0)
    second.join(LONG_S)
    assert not second.is_alive()


def test_picture_that_the_receiver_waits_for_goes_once_no_other_is_decoded(
    make_budget, entering, enter
):
    """However large it is, and however many frames behind it wait."""
    budget = make_budget()
    later = enter(budget, 2500, 7)
    first = entering(budget, 9000, 6)
    budget.await_picture(6)
    assert waits(first)
    budget.leave(later, frame_bytes=10_001)
    first.join(LONG_S)
    assert not first.is_alive()


def test_nothing_is_decoded_while_frames_that_wait_fill_their_part(make_budget, entering, enter):
    budget = make_budget()
    budget.leave(enter(budget, 1, 1), frame_bytes=10_001)
    second = entering(budget, 1, 2)
    assert waits(second)
    budget.take(10_001)
    second.join(LONG_S)
    assert not second.is_alive()


def test_room_for_a_frame_is_kept_while_its_picture_is_decoded(make_budget, entering, enter):
    budget = make_budget(preview_max_px=0)
    budget.leave(enter(budget, 1, 1), frame_bytes=5000)
    taken_up = enter(budget, 1500, 2)  # its preview will have 4,500 bytes
    third = entering(budget, 200, 3)
    assert waits(third)
    budget.leave(taken_up, frame_bytes=0)
    third.join(LONG_S)
    assert not third.is_alive()


@pytest.mark.parametrize("count", [1, 2])
def test_frames_that_the_receiver_holds_leave_less_for_decoding(
    make_budget, entering, enter, count
):
    budget = make_budget(count=count)
    budget.leave(enter(budget, 1, 1), frame_bytes=10_000)
    budget.take(10_000)
    second = entering(budget, 2001, 2)
    for _ in range(count - 1):
        assert waits(second)
        budget.take(0)
    assert waits(second)
    budget.take(0)  # the oldest is let go of
    second.join(LONG_S)
    assert not second.is_alive()


def test_frames_that_the_receiver_held_when_workers_died_still_count(make_budget, entering, enter):
    died = make_budget()
    died.leave(enter(died, 1, 1), frame_bytes=10_000)
    died.take(10_000)
    budget = make_budget(before=died)
    second = entering(budget, 2001, 2)
    assert waits(second)
    budget.take(0)
    second.join(LONG_S)
    assert not second.is_alive()
