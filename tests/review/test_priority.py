"""Priorities say what a person should look at, and why."""

import dataclasses

import pytest

from yolact_cli.review.fold import fold
from yolact_cli.review.priority import WEIGHTS, ClassSizes, with_priorities


@pytest.fixture
def rank(make_labelled):
    """``rank(object, ...)``: the picture of these objects, with priorities."""

    def build(*objects, sizes=None, **fields):
        picture = make_labelled(*objects, **fields)
        return with_priorities(picture, sizes=sizes or ClassSizes(), score_threshold=0.3)

    return build


@pytest.fixture
def reasons(rank):
    def build(*objects, **fields):
        return dict(rank(*objects, **fields).objects[0].priority.reasons)

    return build


def test_weights_sum_to_one():
    assert sum(WEIGHTS.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("score", "value"), [(1.0, 0.0), (0.3, 0.5), (0.65, 0.25), (0.1, 0.5), (None, 0.5)]
)
def test_score_near_the_threshold_is_half_of_a_priority(rank, make_object, score, value):
    one = make_object("u", 20, 20, score=score)
    assert rank(one).objects[0].priority.value == pytest.approx(value)


def test_sure_object_that_fills_its_box_has_no_reason(reasons, make_object):
    assert reasons(make_object("u", 20, 20, score=1.0)) == {}


def test_mask_that_is_not_the_predicted_box_is_a_reason(reasons, make_object):
    one = make_object("u", 20, 20, score=1.0, predicted_box_xyxy_px=(20, 20, 40, 30))
    assert reasons(one) == {"mask and box differ": pytest.approx(0.075)}


def test_hollow_mask_is_a_reason(reasons, make_object):
    one = dataclasses.replace(make_object("u", 20, 20, score=1.0), area_px=30)
    assert reasons(one) == {"mask has gaps": pytest.approx(0.075)}


def test_overlaps_are_told_by_class(reasons, make_object):
    one = make_object("u", 20, 20, score=1.0)
    dog, cat = make_object("d", 25, 20, name="dog"), make_object("c", 20, 22)
    assert reasons(one, dog, cat) == {
        "overlaps another cat": pytest.approx(0.08),
        "overlaps dog": pytest.approx(0.05),
    }


def test_border_is_a_reason(reasons, make_object):
    assert reasons(make_object("u", 0, 20, score=1.0)) == {"touches the border": 0.05}
    assert reasons(make_object("u", 70, 20, score=1.0)) == {"touches the border": 0.05}
    assert reasons(make_object("u", 1, 20, score=1.0)) == {}


def test_size_unusual_for_the_class_is_a_reason(reasons, make_object, make_labelled):
    usual = [make_object(f"u{number}", 20, 20, side=10) for number in range(12)]
    sizes = ClassSizes([make_labelled(*usual)])
    large, small = (make_object("u", 5, 5, side=side, score=1.0) for side in (40, 2))
    assert reasons(large, sizes=sizes) == {"unusually large for cat": pytest.approx(0.1)}
    assert reasons(small, sizes=sizes) == {"unusually small for cat": pytest.approx(0.1)}
    few = ClassSizes([make_labelled(*usual[:9])])
    assert reasons(large, sizes=few) == {}


def test_sizes_are_those_of_numpy(make_object, make_labelled):
    numpy = pytest.importorskip("numpy")
    sides = [4, 6, 9, 14, 20, 24, 30, 34, 36, 40, 44, 50]
    pictures = [make_labelled(make_object("u", 0, 0, side=side)) for side in sides]
    logs = numpy.log(numpy.array(sides) / numpy.sqrt(60 * 80))
    expected = (logs[0] - logs.mean()) / logs.std()
    found = ClassSizes(pictures).deviation(pictures[0].objects[0], (60, 80))
    assert found == pytest.approx(expected)


def test_disagreement_with_the_mirrored_picture_takes_three_tenths(rank, make_object):
    one = make_object("u", 20, 20, score=0.3, mirror_disagreement=0.5)
    priority = rank(one).objects[0].priority
    assert priority.value == pytest.approx(0.35 + 0.15)
    assert priority.reasons == (("score 0.30", 0.35), ("differs in the mirrored picture", 0.15))


def test_reasons_sum_to_the_value_strongest_first(rank, make_object):
    one = make_object("u", 0, 0, score=0.5, mirror_disagreement=0.7)
    priority = rank(one, make_object("d", 5, 5, name="dog")).objects[0].priority
    shares = [share for _, share in priority.reasons]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(priority.value, abs=0.003)


def test_picture_counts_as_its_worst_object(rank, make_object):
    sure, unsure = make_object("a", 20, 20, score=1.0), make_object("b", 40, 40, score=0.3)
    assert rank(sure, unsure).priority == rank(sure, unsure).objects[1].priority


def test_picture_in_which_nothing_was_found_is_worth_a_look(rank):
    assert (rank().priority.value, rank().priority.reasons[0][0]) == (0.5, "nothing was found")


def test_what_people_looked_at_has_no_priority(rank, make_object):
    one = make_object("u", 20, 20, score=0.4, state="accepted")
    assert rank(one).objects[0].priority is None
    assert rank(one).priority is None
    assert rank(make_object("u", 20, 20, score=0.4), is_reviewed=True).priority is None


def test_priority_of_a_picture_falls_as_its_objects_are_looked_at(
    rank, make_object, make_event, make_record, categories
):
    bad, good = make_object("a", 20, 20, score=0.3), make_object("b", 40, 40, score=0.9)
    machine = rank(good, bad)
    accept = make_event("object", object=make_record(bad))
    assert fold(machine, [accept], categories).picture.priority == machine.objects[0].priority
    done = make_event("done", sequence=2, objects=(make_record(good),))
    assert fold(machine, [accept, done], categories).picture.priority is None
