"""Identity figures against cases counted by hand."""

import json
import math

import numpy as np
import pytest
from pycocotools import mask as coco_mask

from yolact_cli.scoring.identities import IdentityScorer, together

LEFT, RIGHT, MIDDLE = (0, 0, 10, 10), (50, 0, 10, 10), (25, 0, 10, 10)


def figures_of(*frames, min_iou=0.5):
    scorer = IdentityScorer("bbox", min_iou=min_iou)
    for truth, predicted in frames:
        scorer.add(truth, predicted)
    return scorer.figures()


def test_perfect_identities():
    figures = figures_of(*[({"a": LEFT, "b": RIGHT}, {7: LEFT, 3: RIGHT})] * 4)
    assert (figures.switches, figures.matches, figures.id_true_positives) == (0, 8, 8)
    assert (figures.idf1, figures.idp, figures.idr) == (1, 1, 1)


def test_an_identity_that_changes_once_is_one_switch_and_keeps_its_longer_part():
    frames = [({"a": LEFT}, {1: LEFT})] * 6 + [({"a": LEFT}, {2: LEFT})] * 4
    figures = figures_of(*frames)
    assert (figures.switches, figures.id_true_positives) == (1, 6)
    assert figures.idf1 == pytest.approx(2 * 6 / 20)


def test_two_objects_that_swap_are_two_switches():
    before, after = (
        ({"a": LEFT, "b": RIGHT}, {1: LEFT, 2: RIGHT}),
        ({"a": LEFT, "b": RIGHT}, {2: LEFT, 1: RIGHT}),
    )
    figures = figures_of(*[before] * 3, *[after] * 1)
    assert figures.switches == 2
    assert figures.idf1 == pytest.approx(2 * 6 / 16)


def test_the_best_identities_are_chosen_for_all_at_once():
    # Alone, "a" would take 1 (5 frames of it); but then "b" has nothing. All at once: a-2 and b-1.
    frames = (
        [({"a": LEFT}, {1: LEFT})] * 5
        + [({"a": LEFT}, {2: LEFT})] * 4
        + [({"b": RIGHT}, {1: RIGHT})] * 4
    )
    assert figures_of(*frames).id_true_positives == 8


def test_a_gap_is_no_switch_but_another_identity_after_it_is():
    seen, gap = ({"a": LEFT}, {1: LEFT}), ({"a": LEFT}, {})
    assert figures_of(seen, gap, gap, seen).switches == 0
    assert figures_of(seen, gap, ({"a": LEFT}, {2: LEFT})).switches == 1


def test_missed_objects_cost_recall_and_ghosts_cost_precision():
    missed = figures_of(({"a": LEFT, "b": RIGHT}, {1: LEFT}))
    ghost = figures_of(({"a": LEFT}, {1: LEFT, 2: RIGHT}))
    assert (missed.idp, missed.idr, missed.idf1) == pytest.approx((1, 1 / 2, 2 / 3))
    assert (ghost.idp, ghost.idr, ghost.idf1) == pytest.approx((1 / 2, 1, 2 / 3))


def test_a_pair_goes_on_while_near_enough_even_where_another_overlaps_more():
    shifted = (3, 0, 10, 10)  # IoU 7/13
    figures = figures_of(({"a": LEFT}, {1: LEFT}), ({"a": LEFT}, {1: shifted, 2: LEFT}))
    assert figures.switches == 0


def test_a_pair_that_overlaps_too_little_is_no_match():
    shifted = (4, 0, 10, 10)  # IoU 6/14
    frame = ({"a": LEFT}, {1: shifted})
    assert figures_of(frame).matches == figures_of(frame).id_true_positives == 0
    assert figures_of(frame, min_iou=0.4).matches == 1


def test_overlap_of_exactly_the_threshold_counts():
    assert figures_of(({"a": LEFT}, {1: (0, 0, 10, 5)})).matches == 1


def test_masks_are_compared_as_masks():
    lower, upper = np.tri(20, dtype=np.uint8), 1 - np.tri(20, dtype=np.uint8)
    lower, upper = (coco_mask.encode(np.asfortranarray(one)) for one in (lower, upper))
    scorer = IdentityScorer("segm")
    scorer.add({"a": lower, "b": upper}, {1: upper, 2: lower})
    assert scorer.figures().idf1 == 1


def test_nothing_to_compare_gives_nan_and_null():
    figures = figures_of(({}, {}))
    assert figures.frames == 1
    assert math.isnan(figures.idf1)
    assert json.loads(json.dumps(figures.to_json()))["idf1"] is None


def test_videos_are_added_up_by_their_counts():
    good = figures_of(*[({"a": LEFT}, {1: LEFT})] * 3)
    bad = figures_of(({"a": LEFT}, {1: RIGHT}))
    both = together([good, bad])
    assert (both.frames, both.id_true_positives) == (4, 3)
    assert both.idf1 == pytest.approx(2 * 3 / 8)


def test_order_of_objects_changes_nothing():
    truth, predicted = {"a": LEFT, "b": RIGHT, "c": MIDDLE}, {1: LEFT, 2: MIDDLE, 3: RIGHT}
    turned = (dict(reversed(truth.items())), dict(reversed(predicted.items())))
    assert figures_of((truth, predicted), turned) == figures_of(*[(truth, predicted)] * 2)


@pytest.mark.parametrize("seed", range(20))
def test_global_matching_is_the_cheapest_of_all_assignments(seed):
    """Ristani's cost, FP + FN, by trying every one-to-one of whole identities."""
    from itertools import permutations

    rng = np.random.default_rng(seed)
    places = [LEFT, RIGHT, MIDDLE, (80, 0, 10, 10)]
    frames = [
        (
            {true: places[true] for true in range(4) if rng.random() < 0.8},
            {
                int(one): places[at]
                for at, one in enumerate(rng.permutation(4))
                if rng.random() < 0.8
            },
        )
        for _ in range(8)
    ]

    def cost(choice):
        found = sum(
            predicted.get(choice[true]) == place
            for truth, predicted in frames
            for true, place in truth.items()
        )
        return sum(len(truth) + len(predicted) for truth, predicted in frames) - 2 * found

    figures = figures_of(*frames)
    mistakes = figures.truth_objects + figures.predicted_objects - 2 * figures.id_true_positives
    assert mistakes == min(map(cost, permutations(range(4))))
