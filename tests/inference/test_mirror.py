"""What a look at the mirrored picture says of the first."""

import dataclasses

import numpy as np
import pytest

from yolact_cli.inference.mirror import with_mirror_check
from yolact_cli.structures import Detections

SIZE_HW = (40, 60)


@pytest.fixture
def found(make_instance):
    """``found((left, top, side, class_id, score), ...)``: detections of squares."""

    def build(*squares):
        instances = []
        for number, (left, top, side, class_id, score) in enumerate(squares):
            mask = np.zeros(SIZE_HW, bool)
            mask[top : top + side, left : left + side] = True
            mask[top, left] = False  # so that left is not right
            instances.append(make_instance(mask, score, class_id, uid=f"{number:012x}"))
        return Detections(picture_id=1, name="a", size_hw=SIZE_HW, instances=tuple(instances))

    return build


def _mirrored(detections, make_instance):
    from yolact_cli.geometry.rle import decode_mask

    turned = tuple(
        make_instance(decode_mask(one.rle_counts, SIZE_HW)[:, ::-1], one.score, one.class_id)
        for one in detections.instances
    )
    return dataclasses.replace(detections, instances=turned)


def _disagreements(detections, mirrored):
    checked = with_mirror_check(detections, mirrored)
    return [one.mirror_disagreement for one in checked.instances]


def test_objects_found_again_do_not_disagree(found, make_instance):
    detections = found((5, 5, 10, 0, 0.9), (30, 10, 20, 1, 0.5))
    assert _disagreements(detections, _mirrored(detections, make_instance)) == [0.0, 0.0]


def test_object_not_found_again_disagrees_wholly(found):
    detections = found((5, 5, 10, 0, 0.9))
    assert _disagreements(detections, found()) == [1.0]
    assert _disagreements(detections, found((45, 5, 10, 1, 0.9))) == [1.0]


def test_disagreement_grows_with_a_smaller_score_and_overlap(found, make_instance):
    detections = found((5, 5, 10, 0, 0.8))
    weaker = dataclasses.replace(detections.instances[0], score=0.4)
    mirrored = dataclasses.replace(detections, instances=(weaker,))
    assert _disagreements(detections, _mirrored(mirrored, make_instance)) == [0.5]
    moved = _mirrored(found((10, 5, 10, 0, 0.8)), make_instance)
    assert 0.6 < _disagreements(detections, moved)[0] < 0.75


def test_nothing_found_stays_nothing(found):
    assert with_mirror_check(found(), found((5, 5, 10, 0, 0.9))).instances == ()
