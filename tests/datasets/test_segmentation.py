"""Run lengths read here agree with the mask library's."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from yolact_cli.datasets.segmentation import run_lengths, segmentation_json


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_run_lengths_are_those_of_the_mask(height, width, seed):
    coarse = np.random.default_rng(seed).random((height, width)) > 0.5
    mask = np.asfortranarray(coarse.repeat(7, 0).repeat(3, 1), np.uint8)
    runs = run_lengths(coco_mask.encode(mask)["counts"].decode())
    values = np.arange(runs.size) % 2
    assert (np.repeat(values, runs) == mask.ravel(order="F")).all()


def test_no_counts_are_no_runs():
    assert run_lengths("").size == 0


def test_segmentations_go_back_to_json_unchanged():
    rle = {"size": [1, 2], "counts": [1, 1]}
    assert segmentation_json(rle) == rle
    assert segmentation_json((np.array([0.0, 0, 1, 0, 1, 1]),)) == [[0, 0, 1, 0, 1, 1]]
