"""What is taken for what."""

import pytest

from yolact_cli.scoring.confusion import confusion_matrix
from yolact_cli.scoring.matching import match
from yolact_cli.scoring.operating import kept_points
from yolact_cli.scoring.prepare import prepare

LEFT, RIGHT, FAR = (0, 0, 40, 40), (50, 50, 40, 40), (0, 60, 20, 20)


@pytest.fixture
def matrix(make_truth, make_results):
    def build(objects, results, threshold=0.0):
        matches = match(prepare(make_truth(objects), make_results(results), "bbox"))
        return confusion_matrix(matches, {}, threshold)

    return build


def test_rows_are_what_it_is_and_columns_what_it_is_taken_for(matrix):
    found = matrix(
        [(1, 1, LEFT), (1, 2, RIGHT), (2, 1, LEFT)],
        [(1, 1, LEFT, 0.9), (1, 1, RIGHT, 0.8), (2, 2, FAR, 0.7)],
    )
    assert found.counts.tolist() == [[1, 0, 1], [1, 0, 0], [0, 1, 0]]
    (worst,) = found.most_confused()
    assert (worst.actual, worst.predicted, worst.count) == ("class 2", "class 1", 1)


def test_a_hit_of_the_right_class_goes_before_a_better_score_of_another(matrix):
    found = matrix([(1, 1, LEFT)], [(1, 2, LEFT, 0.9), (1, 1, LEFT, 0.3)])
    assert found.counts.tolist() == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_scores_at_the_threshold_are_left_out(matrix):
    found = matrix([(1, 1, LEFT)], [(1, 1, LEFT, 0.5)], threshold=0.5)
    assert found.counts.tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]


def test_a_duplicate_is_a_false_alarm(matrix):
    found = matrix([(1, 1, LEFT)], [(1, 1, LEFT, 0.9), (1, 1, LEFT, 0.8)])
    assert found.counts.tolist() == [[1, 0, 0], [0, 0, 0], [1, 0, 0]]


@pytest.mark.parametrize("seed", range(4))
def test_rows_and_columns_add_up_to_the_table_of_classes(random_set, seed):
    truth, results = random_set(seed, objects=40, detections=150)
    matches = match(prepare(truth, results, "segm"))
    points = kept_points(matches, {}, 0.4)
    counts = confusion_matrix(matches, {}, 0.4).counts
    assert counts[-1, -1] == 0
    for place, point in enumerate(points.values()):
        assert counts[place, place] == point.hits
        assert counts[place].sum() == point.objects
        assert counts[:, place].sum() == point.predictions
