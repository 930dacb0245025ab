"""TIDE's six kinds on cases made for each, with what they cost counted by hand."""

import json
import math

import pytest

from yolact_cli.scoring.errors_by_kind import KINDS, error_breakdown, label_errors
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.prepare import prepare

LEFT, RIGHT, FAR = (0, 0, 40, 40), (50, 50, 40, 40), (0, 60, 20, 20)
BESIDE_LEFT = (0, 20, 40, 40)  # IoU with LEFT 1/3
ON_LEFT = (0, 0, 40, 36)  # 0.9


@pytest.fixture
def errors(make_truth, make_results):
    def build(objects, results, **options):
        truth = make_truth(objects, **options)
        return error_breakdown(match(prepare(truth, make_results(results), "bbox")))

    return build


def counts(breakdown):
    return {kind: one.count for kind, one in breakdown.buckets.items() if one.count}


def cost(breakdown, kind):
    return pytest.approx(breakdown.buckets[kind].ap50_cost)


def test_perfect_predictions_have_no_errors(errors):
    found = errors([(1, 1, LEFT), (1, 2, RIGHT)], [(1, 1, LEFT, 0.9), (1, 2, RIGHT, 0.8)])
    assert counts(found) == {}
    assert found.ap50 == pytest.approx(1)
    assert {one.ap50_cost for one in found.buckets.values()} == {0.0}
    assert list(found.buckets) == list(KINDS)


def test_the_wrong_class_in_the_right_place(errors):
    found = errors([(1, 1, LEFT)], [(1, 2, LEFT, 0.9)])
    assert counts(found) == {"class": 1}
    assert cost(found, "class") == 1
    (example,) = found.buckets["class"].examples
    assert (example.predicted, example.actual) == ("class 2", "class 1")
    assert (example.image_id, example.result_place, example.annotation_id) == (1, 0, 0)
    assert found.buckets["class"].count_by_class == {"class 2": 1}


def test_the_right_class_beside_its_place(errors):
    found = errors([(1, 1, LEFT)], [(1, 1, BESIDE_LEFT, 0.9)])
    assert counts(found) == {"localisation": 1}
    assert cost(found, "localisation") == 1
    assert found.buckets["localisation"].examples[0].iou == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("top", "kind"),  # of a square of 40 px above one: IoU (40 - top) / (40 + top)
    [(32, "localisation"), (33, "background")],  # 0.111, 0.096
)
def test_a_tenth_of_overlap_parts_the_misplaced_from_background(errors, top, kind):
    found = errors([(1, 1, LEFT)], [(1, 1, (0, top, 40, 40), 0.9)])
    assert counts(found)[kind] == 1


def test_the_wrong_class_beside_its_place(errors):
    found = errors([(1, 1, LEFT)], [(1, 2, BESIDE_LEFT, 0.9)])
    # Nothing came near enough to the object, so that it is missed as well.
    assert counts(found) == {"both": 1, "missed": 1}
    assert cost(found, "both") == 0


def test_an_object_found_twice(errors):
    found = errors(
        [(1, 1, LEFT), (1, 1, RIGHT)],
        [(1, 1, LEFT, 0.9), (1, 1, ON_LEFT, 0.8), (1, 1, RIGHT, 0.7)],
    )
    assert counts(found) == {"duplicate": 1}
    # Precision is 1 for the first half of the recalls (51 of 101) and 2/3 for the rest.
    assert found.ap50 == pytest.approx((51 + 50 * 2 / 3) / 101)
    assert cost(found, "duplicate") == 1 - found.ap50


def test_a_find_where_nothing_is(errors):
    found = errors([(1, 1, LEFT)], [(1, 1, FAR, 0.9), (1, 1, LEFT, 0.8)])
    assert counts(found) == {"background": 1}
    assert cost(found, "background") == 0.5
    assert found.buckets["background"].examples[0].annotation_id is None


def test_an_object_that_nothing_came_near(errors):
    found = errors([(1, 1, LEFT), (1, 1, RIGHT)], [(1, 1, LEFT, 0.9)])
    assert counts(found) == {"missed": 1}
    assert cost(found, "missed") == 1 - 51 / 101
    assert found.buckets["missed"].examples[0].score is None
    assert found.buckets["missed"].count_by_class == {"class 1": 1}


def test_of_missed_objects_the_largest_is_the_worst(errors):
    found = errors([(1, 1, FAR), (1, 1, LEFT), (2, 1, FAR)], [])
    assert [one.annotation_id for one in found.buckets["missed"].examples] == [1, 0, 2]


def test_a_class_that_is_missed_whole_costs_its_whole_share(errors):
    found = errors([(1, 1, LEFT), (1, 2, RIGHT)], [(1, 1, LEFT, 0.9)])
    assert found.ap50 == pytest.approx(0.5)
    assert cost(found, "missed") == 0.5


def test_of_two_mendings_of_one_object_only_the_better_counts(errors):
    found = errors(
        [(1, 1, LEFT), (1, 1, RIGHT)],
        [(1, 2, LEFT, 0.9), (1, 2, ON_LEFT, 0.8), (1, 1, RIGHT, 0.7)],
    )
    assert counts(found) == {"class": 2}
    assert cost(found, "class") == 1 - found.ap50


def test_what_beside_an_object_that_is_found_goes_when_mended(errors):
    found = errors([(1, 1, LEFT)], [(1, 1, BESIDE_LEFT, 0.9), (1, 1, LEFT, 0.8)])
    assert counts(found) == {"localisation": 1}
    assert cost(found, "localisation") == 0.5


def test_mending_gives_no_object_that_is_found_a_second_find(errors):
    # One detection beside a found object, one of the wrong class on it: neither may count twice.
    found = errors(
        [(1, 1, LEFT), (1, 1, RIGHT)],
        [(1, 1, LEFT, 0.9), (1, 2, ON_LEFT, 0.8), (1, 1, BESIDE_LEFT, 0.7)],
    )
    assert counts(found) == {"class": 1, "localisation": 1, "missed": 1}
    assert found.ap50 == pytest.approx(51 / 101)
    assert cost(found, "class") == 0
    assert cost(found, "localisation") == 0


def test_false_positives_and_negatives_are_told_as_two_sums(errors):
    found = errors([(1, 1, LEFT), (1, 1, RIGHT)], [(1, 1, FAR, 0.9), (1, 1, LEFT, 0.8)])
    assert found.ap50 == pytest.approx(51 / 101 / 2)
    assert found.false_positive_cost == pytest.approx(51 / 101 - found.ap50)
    assert found.false_negative_cost == pytest.approx(0.5 - found.ap50)


def test_finds_in_regions_to_be_ignored_are_no_mistakes(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT), (1, 1, RIGHT)])
    truth["annotations"][1]["iscrowd"] = 1
    results = make_results([(1, 1, (55, 55, 10, 10), 0.9), (1, 1, LEFT, 0.8)])
    assert counts(error_breakdown(match(prepare(truth, results, "segm")))) == {}


def test_nothing_at_all_has_no_errors_and_no_figure(errors):
    found = errors([], [])
    assert counts(found) == {}
    assert math.isnan(found.ap50)
    assert json.loads(json.dumps(found.to_json()))["ap50"] is None


@pytest.mark.parametrize("seed", range(5))
def test_every_mistake_has_one_kind_and_every_object_one_end(random_set, seed):
    truth, results = random_set(seed, objects=40, detections=120)
    matches = match(prepare(truth, results, "segm"))
    labels = label_errors(matches)
    is_wrong = matches.counts[0] & ~matches.is_hit[0]
    assert ((labels.kind >= 0) == is_wrong).all()
    breakdown = error_breakdown(matches)
    assert (
        sum(one.count for one in breakdown.buckets.values())
        == is_wrong.sum() + labels.is_missed.sum()
    )
    assert all(
        one.ap50_cost >= -1e-12 for kind, one in breakdown.buckets.items() if kind != "missed"
    )
