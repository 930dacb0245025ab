"""Who may decode when, across processes: here, threads stand for them."""

import multiprocessing
import threading

import pytest

from yolact_cli.sources.budget import Budget
from yolact_cli.sources.room import BYTES_A_PIXEL, Room

SOON_S, LONG_S = 0.05, 10


@pytest.fixture
def make_budget():
    """``make_budget(held=1)``: room for decoding 3,000 pixels, and for 8,000 bytes of frames."""

    def build(held=1):
        room = Room(total_bytes=4 * 1000 * BYTES_A_PIXEL)
        return Budget(room, multiprocessing.get_context("spawn"), held=held)

    return build


@pytest.fixture
def entering():
    """``entering(budget, pixels, id)``: a thread that wants in; it is over once it has entered."""
    threads = []

    def begin(budget, pixels, picture_id):
        thread = threading.Thread(
            target=budget.enter,
            args=((pixels, 1), "a.png"),
            kwargs={"picture_id": picture_id},
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


def test_pictures_that_fit_together_go_together(make_budget, entering):
    budget = make_budget()
    assert not waits(entering(budget, 2000, 1))
    assert not waits(entering(budget, 1000, 2))


def test_picture_that_does_not_fit_waits_for_another_to_be_done(make_budget, entering):
    budget = make_budget()
    held_bytes = budget.enter((2500, 1), "a.png", picture_id=1)
    second = entering(budget, 1000, 2)
    assert waits(second)
    budget.leave(held_bytes, frame_bytes=0)
    second.join(LONG_S)
    assert not second.is_alive()


def test_picture_that_the_receiver_waits_for_goes_in_any_case(make_budget, entering):
    budget = make_budget()
    budget.enter((2500, 1), "later.png", picture_id=7)
    first = entering(budget, 9000, 6)
    assert waits(first)
    budget.await_picture(6)
    first.join(LONG_S)
    assert not first.is_alive()


@pytest.mark.parametrize("held", [1, 2])
def test_nothing_is_decoded_while_frames_that_wait_fill_their_part(make_budget, entering, held):
    budget = make_budget(held)
    budget.leave(budget.enter((1, 1), "a.png", picture_id=1), frame_bytes=8001)
    second = entering(budget, 1, 2)
    for _ in range(held):  # the receiver keeps it, and then takes others
        budget.take(8001)
        assert waits(second)
    budget.take(0)
    second.join(LONG_S)
    assert not second.is_alive()
