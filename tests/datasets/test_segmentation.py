"""The forms a mask can have, brought to the two of the records."""

import numpy as np

from yolact_cli.datasets.segmentation import (
    check_segmentation,
    compressed_rle,
    decode_mask,
    segmentation_json,
)

SIZE_HW = (10, 20)
RUNS = {"size": [10, 20], "counts": [23, 5, 5, 5, 162]}
POLYGON = [2.0, 3.0, 4.0, 3.0, 4.0, 8.0, 2.0, 8.0]


def test_polygons_and_runs_give_the_same_mask():
    from_polygon = decode_mask(check_segmentation(POLYGON, SIZE_HW), SIZE_HW)
    from_runs = decode_mask(check_segmentation(RUNS, SIZE_HW), SIZE_HW)
    assert (from_polygon == from_runs).all()
    assert from_runs[3:8, 2:4].all()
    assert from_runs.sum() == 10


def test_parts_of_an_object_are_united():
    apart = [POLYGON, [coordinate + 1 for coordinate in POLYGON]]
    assert decode_mask(check_segmentation(apart, SIZE_HW), SIZE_HW).sum() == 16


def test_lists_of_runs_are_compressed():
    segmentation = check_segmentation(RUNS, SIZE_HW)
    assert isinstance(segmentation["counts"], str)
    assert compressed_rle(segmentation, SIZE_HW) == segmentation
    assert check_segmentation(segmentation, SIZE_HW) == segmentation


def test_empty_masks_are_accepted_where_asked():
    empty = {"size": [10, 20], "counts": [200]}
    assert not decode_mask(check_segmentation(empty, SIZE_HW, allow_empty=True), SIZE_HW).any()


def test_segmentations_go_back_to_json_unchanged():
    segmentation = check_segmentation(RUNS, SIZE_HW)
    assert segmentation_json(segmentation) == segmentation
    assert segmentation_json((np.array(POLYGON),)) == [POLYGON]
