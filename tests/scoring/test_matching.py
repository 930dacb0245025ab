"""What becomes of detections: cases of which the end is plain."""

import numpy as np
import pytest

from yolact_cli.geometry.rle import decode_mask
from yolact_cli.scoring.matching import NOTHING, match
from yolact_cli.scoring.overlaps import overlaps
from yolact_cli.scoring.prepare import prepare

LEFT, RIGHT = (0, 0, 40, 40), (50, 50, 40, 40)


def matched(truth, results, iou_type="bbox"):
    return match(prepare(truth, results, iou_type))


def test_the_best_detection_takes_the_object(make_truth, make_results):
    results = make_results([(1, 1, (0, 0, 40, 38), 0.5), (1, 1, LEFT, 0.9)])
    found = matched(make_truth([(1, 1, LEFT)]), results)
    assert found.scores.tolist() == [0.9, 0.5]
    assert found.detection_place.tolist() == [1, 0]
    assert found.found[0].tolist() == [0, NOTHING]
    assert found.is_hit[0].tolist() == [True, False]


def test_an_overlap_is_enough_at_some_thresholds_only(make_truth, make_results):
    found = matched(make_truth([(1, 1, LEFT)]), make_results([(1, 1, (0, 0, 40, 30), 0.9)]))
    assert found.is_hit[:, 0].tolist() == [True] * 6 + [False] * 4  # IoU 0.75


def test_pictures_are_in_the_order_of_their_ids(make_truth, make_results):
    truth = make_truth([(9, 1, LEFT), (2, 1, LEFT)], images=(9, 2))
    found = matched(truth, make_results([(9, 1, LEFT, 0.9), (2, 1, LEFT, 0.1)]))
    assert found.image_ids.tolist() == [2, 9]
    assert found.scores.tolist() == [0.1, 0.9]
    assert found.object_id.tolist() == [1, 0]


def test_pairs_across_classes_are_kept(make_truth, make_results):
    found = matched(make_truth([(1, 1, LEFT)]), make_results([(1, 2, LEFT, 0.9)]))
    assert found.found[0].tolist() == [NOTHING]
    assert (found.pair_detection.tolist(), found.pair_object.tolist()) == ([0], [0])
    assert found.pair_iou.tolist() == [1.0]


def test_classes_of_one_name_are_told_apart(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT)])
    truth["categories"][1]["name"] = "class 1"
    assert matched(truth, []).class_names == ("class 1 (1)", "class 1 (2)")


def test_nothing_on_either_side_is_an_empty_record(make_truth):
    found = matched(make_truth([]), [])
    assert found.found.shape == (10, 0)
    assert found.objects_by_class.tolist() == [0, 0]
    assert [len(one) for one in found.ranking] == [0, 0]


def test_unmatched_finds_of_classes_not_labelled_whole_do_not_count(make_truth, make_results):
    truth = make_truth([(1, 1, LEFT)])
    truth["images"][0]["not_exhaustive_category_ids"] = [1]
    found = matched(truth, make_results([(1, 1, RIGHT, 0.9), (1, 1, LEFT, 0.8)]))
    assert found.counts[0].tolist() == [False, True]
    assert found.is_hit[0].tolist() == [False, True]


@pytest.mark.parametrize("seed", range(3))
def test_boundaries_overlap_as_the_paper_draws_them(random_set, seed):
    """Against masks eroded pixel by pixel (arXiv 2103.16562, section 5)."""
    cv2 = pytest.importorskip("cv2")
    truth, results = random_set(seed, pictures=1, objects=8, detections=12)
    given = prepare(truth, results, "boundary")
    sides = given.predictions["annotations"], given.truth["annotations"]

    def boundary(annotation):
        counts = annotation["segmentation"]["counts"]
        text = counts.decode() if isinstance(counts, bytes) else counts
        mask = decode_mask(text, (240, 320)).astype(np.uint8)
        width = max(1, round(0.02 * float(np.hypot(*mask.shape))))
        inner = cv2.erode(np.pad(mask, 1), np.ones((3, 3), np.uint8), iterations=width)
        return mask.astype(bool), (mask - inner[1:-1, 1:-1]).astype(bool)

    def iou(one, other):
        union = (one | other).sum()
        return (one & other).sum() / union if union else 0.0

    measured = overlaps(*sides, "boundary")
    for row, found in enumerate(sides[0]):
        for column, labelled in enumerate(sides[1]):
            if labelled["iscrowd"]:
                continue
            (mask, edge), (other_mask, other_edge) = boundary(found), boundary(labelled)
            expected = min(iou(mask, other_mask), iou(edge, other_edge))
            assert measured[row, column] == pytest.approx(expected, abs=1e-12)
