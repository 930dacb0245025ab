"""What of a picture shows a mistake, and in how many bytes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.writers.mistake_pictures import mistake_figure, small_jpeg
from yolact_cli.writers.mistake_view import box_ring, mask_rings, window_around
from yolact_cli.writers.score_records import Mistake, Outline

sides = st.integers(1, 5000)
edges = st.floats(-100, 6000)
extents = st.floats(0, 6000)


@given(st.tuples(sides, sides), st.lists(st.tuples(edges, edges, extents, extents), min_size=1))
def test_a_window_lies_within_its_picture(size_hw, boxes):
    left, top, width, height = window_around(boxes, size_hw)
    assert 0 <= left < left + width <= size_hw[1]
    assert 0 <= top < top + height <= size_hw[0]


@given(st.integers(0, 500), st.integers(0, 300), st.integers(1, 140), st.integers(1, 180))
def test_a_window_holds_what_the_mistake_is_about(x, y, w, h):
    left, top, width, height = window_around([(x, y, w, h)], (480, 640))
    assert left <= x
    assert top <= y
    assert x + w <= left + width
    assert y + h <= top + height


def test_a_small_object_is_shown_closer_but_not_alone():
    assert window_around([(320, 240, 4, 4)], (480, 640)) == (226, 170, 192, 144)


def test_a_mask_with_a_hole_has_two_rings_in_px_of_the_picture():
    crop = np.ones((30, 40), bool)
    crop[10:20, 10:20] = False
    rings = mask_rings(crop, (100, 50), window=(0, 0, 480, 360))
    assert len(rings) == 2
    assert rings[0].min(axis=0).tolist() == [100, 50]
    assert np.concatenate(rings).max(axis=0).tolist() == [139, 79]


@pytest.mark.parametrize("size_hw", [(1, 1), (2000, 20), (36, 48), (1500, 2000)])
def test_even_noise_gives_a_small_jpeg(size_hw):
    noise = np.random.default_rng(0).integers(0, 256, (*size_hw, 3), dtype=np.uint8)
    assert len(small_jpeg(noise)) <= 60_000


def test_a_figure_has_both_sides_and_escapes_what_it_says():
    ring = box_ring((1, 2, 3, 4))
    figure = mistake_figure(
        Mistake(
            picture="<b>.jpg",
            window=(0, 0, 8, 6),
            is_whole=False,
            pixels=None,
            truth=(Outline(role="chosen", rings=(ring,)),),
            predicted=(Outline(role="absent", rings=(ring,)), Outline(role="other", rings=())),
            truth_words='"cat"',
            predicted_words="nothing came near",
            note="",
        ),
        "k",
    )
    assert "&lt;b&gt;.jpg" in figure
    assert "truth: &quot;cat&quot;, in &lt;b&gt;.jpg" in figure
    assert 'class=absent d="M1,2 4,2 4,6 1,6Z">' in figure
    assert "<small>part of the picture</small>" in figure
