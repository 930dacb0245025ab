"""The book of what went in and came out, and the clock that only goes forward."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.sources.video_clock import ForwardClock
from yolact_cli.sources.video_gaps import GapBook, TickGap

STEP = 10


def gaps_of(count, *, lost=(), failed=(), damaged=(), promised=None, is_lossy=False):
    """The gaps of ``count`` frames at 0, 10, 20 …, some of which go wrong."""
    book, gaps = GapBook(STEP, is_lossy=is_lossy), []
    for number in range(count):
        pts = number * STEP
        book.send(pts)
        if number in failed:
            book.fail(pts)
        if number in failed or number in lost:
            continue
        gaps.append(book.come(pts, is_damaged=number in damaged))
    gaps.append(book.end(promised))
    return [(gap.start, gap.end) for gap in gaps if gap]


def test_a_sound_video_has_no_gap():
    assert gaps_of(9, promised=90) == []


def test_lost_frames_are_one_gap_up_to_the_next():
    assert gaps_of(9, lost={3, 4}) == [(30, 50)]
    assert gaps_of(9, failed={3, 4, 6}) == [(30, 50), (60, 70)]


def test_damaged_frames_are_a_gap_up_to_the_next_good_one():
    assert gaps_of(9, damaged={3, 4}) == [(30, 50)]
    assert gaps_of(9, damaged={3}, lost={4, 5}) == [(30, 60)]


def test_the_start_may_be_missing():
    assert gaps_of(9, lost={0, 1}) == [(0, 20)]


def test_the_end_may_be_missing():
    assert gaps_of(9, lost={7, 8}, promised=90) == [(70, 90)]
    assert gaps_of(9, lost={7, 8}) == [(70, None)]
    assert gaps_of(9, promised=200) == [(90, 200)]
    assert gaps_of(9, damaged={8}, promised=90) == [(80, 90)]


def test_frames_may_come_out_of_order_of_their_packets():
    book = GapBook(STEP)
    for pts in (0, 30, 10, 20):
        book.send(pts)
    assert [book.come(pts, is_damaged=False) for pts in (0, 10, 20, 30)] == [None] * 4
    assert book.end(40) is None


def test_packets_that_are_no_frame_of_their_own_are_no_loss():
    book = GapBook(STEP)
    for pts in range(0, 60, STEP):
        book.send(pts)
        book.send(pts + STEP // 2)  # the second field
        assert book.come(pts, is_damaged=False) is None


def test_a_picture_that_is_held_is_no_gap_but_silence_is():
    for is_lossy in (False, True):
        book = GapBook(STEP, is_lossy=is_lossy)
        book.come(0, is_damaged=False)
        gap = book.come(100, is_damaged=False)
        assert (gap and (gap.start, gap.end)) == ((10, 100) if is_lossy else None)


def test_a_gap_ends_where_the_clock_is_set_back():
    book = GapBook(STEP)
    assert book.come(0, is_damaged=False) is None
    assert book.come(1000, is_damaged=True) is None
    gap = book.restart()
    assert gap is not None
    assert (gap.start, gap.end) == (1000, 1010)
    assert book.come(0, is_damaged=False) is None
    assert book.restart() is None


def test_reading_that_broke_off_is_a_gap_with_its_reason():
    book = GapBook(STEP)
    book.come(0, is_damaged=False)
    gap = book.end(None, broke_off="The line went dead.")
    assert gap == TickGap(start=10, end=None, reason="The line went dead.")


faulty = st.sets(st.integers(0, 29))


@given(faulty, faulty, faulty)
def test_gaps_cover_what_went_wrong_and_nothing_else(lost, failed, damaged):
    gaps = gaps_of(30, lost=lost, failed=failed, damaged=damaged, promised=300)
    wrong = lost | failed | damaged
    covered = {n for n in range(30) if any(start <= n * STEP < end for start, end in gaps)}
    assert covered == wrong or len(lost | failed) == 30
    assert all(a[1] < b[0] for a, b in itertools.pairwise(gaps))


@given(st.lists(st.none() | st.integers(-1000, 5000), min_size=1))
def test_times_always_go_forward(times):
    clock = ForwardClock(STEP, 100)
    ticks = [clock.tick(time) for time in times]
    assert all(a < b for a, b in itertools.pairwise(ticks))


@given(st.sets(st.integers(0, 10_000), min_size=1))
def test_times_that_go_forward_stay_as_they_are(times):
    clock = ForwardClock(STEP, 100)
    assert [clock.tick(time) for time in sorted(times)] == sorted(times)


def test_a_clock_set_back_goes_on_a_step_later():
    clock = ForwardClock(STEP, 100)
    assert [clock.tick(time) for time in (0, 10, 500, 0, 10, 20)] == [0, 10, 500, 510, 520, 530]


def test_missing_and_repeated_times_are_filled_in():
    clock = ForwardClock(STEP, 100)
    assert [clock.tick(time) for time in (5, None, 15, 30)] == [5, 15, 16, 30]
