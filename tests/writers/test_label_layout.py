"""Where labels go."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.writers.label_layout import LabelRequest, place_labels

BOUNDS = (200, 150)


@st.composite
def requests(draw):
    x, y = draw(st.integers(0, 199)), draw(st.integers(0, 149))
    width, height = draw(st.integers(1, 200 - x)), draw(st.integers(1, 150 - y))
    return LabelRequest(
        size_wh=(draw(st.integers(10, 70)), draw(st.integers(8, 20))),
        box=(x, y, width, height),
        centre_xy=(x + width // 2, y + height // 2),
        top_xy=(x + draw(st.integers(0, width - 1)), y),
        bottom_xy=(x + draw(st.integers(0, width - 1)), y + height - 1),
    )


@pytest.fixture
def request_at():
    def build(x, y, size_wh=(40, 10)):
        return LabelRequest(
            size_wh=size_wh,
            box=(x, y, 20, 20),
            centre_xy=(x + 10, y + 10),
            top_xy=(x + 10, y),
            bottom_xy=(x + 10, y + 20),
        )

    return build


@given(st.lists(requests(), max_size=15))
def test_labels_lie_inside_the_picture_and_apart(labels):
    corners = place_labels(labels, bounds_wh=BOUNDS)

    placed = [
        (corner, label.size_wh)
        for label, corner in zip(labels, corners, strict=True)
        if corner is not None
    ]
    for (x, y), (width, height) in placed:
        assert 0 <= x <= BOUNDS[0] - width
        assert 0 <= y <= BOUNDS[1] - height
    for ((ax, ay), (aw, ah)), ((bx, by), (bw, bh)) in itertools.combinations(placed, 2):
        assert ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay


def test_lonely_label_sits_on_top_of_its_object(request_at):
    assert place_labels([request_at(50, 60)], bounds_wh=BOUNDS) == [(40, 50)]


def test_label_at_the_upper_edge_stays_inside(request_at):
    assert place_labels([request_at(0, 0)], bounds_wh=BOUNDS) == [(0, 0)]


def test_first_label_gets_the_best_place(request_at):
    alone = place_labels([request_at(50, 60)], bounds_wh=BOUNDS)

    crowded = place_labels([request_at(50, 60)] * 3, bounds_wh=BOUNDS)

    assert crowded[0] == alone[0]


def test_worst_labels_go_without_where_there_is_no_room(request_at):
    corners = place_labels([request_at(50, 60)] * 30, bounds_wh=BOUNDS)

    assert corners[0] is not None
    assert corners[-1] is None


def test_label_larger_than_the_picture_has_no_place(request_at):
    assert place_labels([request_at(0, 0, size_wh=(300, 10))], bounds_wh=BOUNDS) == [None]


def test_labels_may_overlap_where_that_is_allowed(request_at):
    corners = place_labels([request_at(50, 60)] * 30, bounds_wh=BOUNDS, max_hidden=100.0)

    assert None not in corners


def test_the_first_free_place_is_taken(request_at):
    above, beside = place_labels([request_at(80, 80)] * 2, bounds_wh=BOUNDS)
    assert above == (70, 70)
    assert beside == (70, 85)  # the middle of the object, which comes next


def test_a_crowded_label_lies_where_least_of_it_is_hidden(request_at):
    wide, small = request_at(0, 0, size_wh=(200, 140)), request_at(80, 130, size_wh=(40, 12))
    assert place_labels([wide, small], bounds_wh=BOUNDS, max_hidden=0.0)[1] is None
    (_, top), (_, low) = place_labels([wide, small], bounds_wh=BOUNDS, max_hidden=0.5)
    assert (top, low) == (0, 138)  # two of twelve rows, at the picture's lower edge
