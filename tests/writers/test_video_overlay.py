"""What is drawn on a video's frames."""

import itertools

import numpy as np
import pytest

from yolact_cli.writers.label_text import LabelFont
from yolact_cli.writers.video_overlay import DrawnObject, draw_tracked

SIZE_HW = (240, 320)


@pytest.fixture
def box_object(make_instance):
    """A filled box as an object: ``box_object(x, y, w, h, track_id)``."""

    def build(x, y, w, h, track_id=1, *, size_hw=SIZE_HW, class_id=0, name="car", score=0.87):
        mask = np.zeros(size_hw, bool)
        mask[y : y + h, x : x + w] = True
        instance = make_instance(mask, score, class_id)
        return DrawnObject(instance=instance, track_id=track_id, name=name, score=score)

    return build


def grey(size_hw=SIZE_HW):
    return np.full((*size_hw, 3), 128, np.uint8)


def colour_inside(drawn):
    """At (120, 160), inside of all boxes below and away from lines and labels."""
    return tuple(int(channel) for channel in drawn[120, 160])


def test_the_frame_itself_is_drawn_on_and_without_objects_stays_as_it_is(box_object):
    frame = grey()

    assert draw_tracked(frame, []) is frame
    assert (frame == 128).all()
    assert draw_tracked(frame, [box_object(50, 60, 200, 120)]) is frame
    assert not (frame == 128).all()


def test_nothing_is_drawn_far_from_an_object(box_object):
    drawn = draw_tracked(grey(), [box_object(100, 80, 40, 40)])

    changed_y, changed_x = np.nonzero((drawn != 128).any(axis=2))
    assert changed_y.min() >= 50
    assert changed_y.max() <= 124
    assert changed_x.min() >= 96
    assert changed_x.max() <= 230


def test_tint_covers_as_much_as_asked(box_object):
    item = box_object(50, 60, 200, 120)

    none, half, full = (
        np.array(colour_inside(draw_tracked(grey(), [item], mask_opacity=opacity)))
        for opacity in (0, 0.5, 1)
    )

    assert (none == 128).all()
    np.testing.assert_allclose(half, (128 + full) / 2, atol=1)


def test_identity_gives_the_colour_wherever_the_object_is_and_whatever_its_class(box_object):
    here = draw_tracked(grey(), [box_object(50, 60, 200, 120, 7)])
    there = draw_tracked(grey(), [box_object(90, 70, 200, 120, 7, class_id=2, score=0.4)])

    assert colour_inside(here) == colour_inside(there)


def test_identities_near_each_other_have_different_colours(box_object):
    colours = [
        colour_inside(draw_tracked(grey(), [box_object(50, 60, 200, 120, number)]))
        for number in range(20)
    ]

    for one, other in itertools.combinations(colours, 2):
        assert max(abs(a - b) for a, b in zip(one, other, strict=True)) >= 4


def test_object_without_identity_has_its_classes_colour(box_object):
    first, second, other = (
        colour_inside(draw_tracked(grey(), [box_object(x, 60, 200, 120, None, class_id=number)]))
        for x, number in ((50, 1), (60, 1), (50, 2))
    )

    assert first == second != other


def test_any_identity_has_a_colour(box_object):
    drawn = draw_tracked(grey(), [box_object(50, 60, 200, 120, 10**9)])

    assert colour_inside(drawn) != (128, 128, 128)


def test_order_of_the_objects_changes_nothing(box_object):
    objects = [box_object(40 + 30 * i, 50 + 10 * i, 90, 90, i) for i in range(4)]

    drawn = draw_tracked(grey(), objects)

    np.testing.assert_array_equal(draw_tracked(grey(), objects[::-1]), drawn)


def test_scores_that_change_places_do_not_change_what_lies_on_top(box_object):
    def draw(first, second):
        return draw_tracked(
            grey(),
            [
                box_object(50, 60, 150, 120, 1, score=first, name=""),
                box_object(80, 90, 150, 120, 2, score=second, name=""),
            ],
        )

    one, other = draw(0.5, 0.9), draw(0.9, 0.5)

    # below the labels
    np.testing.assert_array_equal(one[110:], other[110:])


@pytest.mark.parametrize(
    ("x", "y"), [(0, 0), (280, 0), (0, 200), (280, 200)], ids=["nw", "ne", "sw", "se"]
)
def test_labels_stay_inside_the_frame(box_object, x, y):
    plain = draw_tracked(grey(), [box_object(x, y, 40, 40, name="")])
    named = draw_tracked(grey(), [box_object(x, y, 40, 40, name="bicycle")])

    # all letters of the longer label are there: more is drawn, nothing is cut off at an edge
    assert (named != plain).any(axis=2).sum() > 200


def test_label_moves_with_its_object_and_never_jumps(box_object):
    def label_top(y):
        without = draw_tracked(grey(), [box_object(100, y, 60, 60, name="")], mask_opacity=0)
        drawn = draw_tracked(grey(), [box_object(100, y, 60, 60, name="mm")], mask_opacity=0)
        return np.nonzero((drawn != without).any(axis=2))[0].min()

    tops = [label_top(y) for y in range(60)]

    assert all(0 <= after - before <= 1 for before, after in itertools.pairwise(tops))


def test_number_and_percent_are_shown(box_object, monkeypatch):
    texts = []
    monkeypatch.setattr(
        LabelFont, "draw_chip", lambda self, image, text, **places: texts.append(text)
    )

    draw_tracked(grey(), [box_object(50, 90, 90, 90, 3), box_object(60, 95, 90, 90, None)])

    assert texts == ["car 87%", "car 3 87%"]


def test_lines_grow_with_the_frame(box_object):
    def width_of_line(scale):
        size_hw = (240 * scale, 320 * scale)
        item = box_object(40 * scale, 80 * scale, 240 * scale, 120 * scale, size_hw=size_hw)
        drawn = draw_tracked(grey(size_hw), [item], mask_opacity=0)
        return (drawn[140 * scale, : 160 * scale] != 128).any(axis=1).sum()

    assert width_of_line(6) > width_of_line(1)


@pytest.mark.parametrize("size_hw", [(1, 1), (2, 300), (300, 2), (9, 9)])
def test_tiny_frames_are_drawn_without_labels(box_object, size_hw):
    item = box_object(0, 0, *size_hw[::-1], size_hw=size_hw)

    assert draw_tracked(grey(size_hw), [item]).shape == (*size_hw, 3)


def test_hole_in_a_mask_stays_untinted(make_instance):
    mask = np.zeros(SIZE_HW, bool)
    mask[60:180, 50:250] = True
    mask[100:140, 130:190] = False
    item = DrawnObject(instance=make_instance(mask), track_id=1, name="ring", score=0.5)

    drawn = draw_tracked(grey(), [item])

    assert colour_inside(drawn) == (128, 128, 128)
    assert tuple(drawn[150, 80]) != (128, 128, 128)


def test_empty_mask_is_left_out(make_instance):
    item = DrawnObject(
        instance=make_instance(np.zeros(SIZE_HW, bool)), track_id=1, name="gone", score=0.5
    )

    assert (draw_tracked(grey(), [item]) == 128).all()


def test_mask_of_another_size_is_refused(box_object):
    with pytest.raises(ValueError, match="mask"):
        draw_tracked(grey((100, 100)), [box_object(10, 10, 20, 20)])
