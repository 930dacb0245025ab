"""Polygons of masks, painted back by the rasterisers of those who read them."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw
from pycocotools import mask as coco_mask

from yolact_cli.geometry import rle
from yolact_cli.geometry.outlines import crack_rings
from yolact_cli.geometry.polygons import object_parts, part_ring, polygon_parts, single_ring

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@st.composite
def any_masks(draw):
    """Noise of any density, so with holes, islands in holes, and pixels that touch by a corner."""
    size_hw = draw(st.tuples(st.integers(1, 16), st.integers(1, 16)))
    noise = draw(arrays(np.uint8, size_hw, elements=st.integers(0, 9)))
    return noise < draw(st.integers(0, 10))


def discs(size_hw, *circles):
    """``discs((h, w), (y, x, r, value), …)``, painted one over another."""
    mask = np.zeros(size_hw, bool)
    y, x = np.ogrid[: size_hw[0], : size_hw[1]]
    for centre_y, centre_x, radius, value in circles:
        mask[(y - centre_y) ** 2 + (x - centre_x) ** 2 <= radius**2] = value
    return mask


def coco_raster(ring, size_hw):
    flat = np.asarray(ring, float).ravel().tolist()
    return coco_mask.decode(coco_mask.frPyObjects([flat], *map(int, size_hw)))[..., 0] > 0


def painted(rings, size_hw):
    canvas = np.zeros(size_hw, np.uint8)
    cv2.fillPoly(canvas, [ring.astype(np.int32) for ring in rings], 1)
    return canvas > 0


def iou(first, second):
    return (first & second).sum() / max((first | second).sum(), 1)


@given(any_masks())
@settings(max_examples=300, deadline=None)
def test_exact_edge_polygons_are_the_mask_to_pycocotools(mask):
    found = np.zeros_like(mask)
    for part in polygon_parts(mask, "edge", is_exact=True):
        solid = coco_raster(part.outer, mask.shape)
        for hole in part.holes:
            solid &= ~coco_raster(hole, mask.shape)
        found |= solid
    np.testing.assert_array_equal(found, mask)


@given(any_masks())
@settings(max_examples=300, deadline=None)
def test_exact_centre_polygons_are_the_mask_to_fillpoly(mask):
    parts = polygon_parts(mask, "centre", is_exact=True)
    rings = [ring for part in parts for ring in (part.outer, *part.holes)]
    np.testing.assert_array_equal(painted(rings, mask.shape), mask)


@given(any_masks())
@settings(max_examples=100, deadline=None)
def test_pillow_paints_a_centre_polygon_as_fillpoly_does(mask):
    for part in polygon_parts(mask, "centre", is_exact=True):
        canvas = Image.new("L", mask.shape[::-1])
        corners = [tuple(map(int, corner)) for corner in part.outer]
        ImageDraw.Draw(canvas).polygon(corners, outline=1, fill=1)
        np.testing.assert_array_equal(np.array(canvas) > 0, painted([part.outer], mask.shape))


@given(any_masks())
@settings(max_examples=300, deadline=None)
def test_slits_keep_holes_open_in_one_ring_a_part(mask):
    edge = [part_ring(part) for part in polygon_parts(mask, "edge", is_exact=True)]
    found = np.zeros_like(mask)
    for ring in edge:
        found |= coco_raster(ring, mask.shape)
    np.testing.assert_array_equal(found, mask)

    found = np.zeros_like(mask)
    for part in polygon_parts(mask, "centre", is_exact=True):
        found |= painted([part_ring(part)], mask.shape)
    np.testing.assert_array_equal(found, mask)


@given(any_masks())
@settings(max_examples=200, deadline=None)
def test_one_edge_ring_is_the_whole_mask_to_pycocotools(mask):
    ring = single_ring(polygon_parts(mask, "edge", is_exact=True))
    found = coco_raster(ring, mask.shape) if len(ring) else np.zeros_like(mask)
    np.testing.assert_array_equal(found, mask)


@given(any_masks())
@settings(max_examples=200, deadline=None)
def test_one_centre_ring_adds_lines_between_parts_and_nothing_else(mask):
    parts = polygon_parts(mask, "centre", is_exact=True)
    found = painted([single_ring(parts)], mask.shape) if parts else np.zeros_like(mask)
    assert not (mask & ~found).any()
    if len(parts) < 2:
        np.testing.assert_array_equal(found, mask)


def test_two_discs_are_joined_where_they_are_closest():
    mask = discs((40, 80), (20, 15, 10, True), (20, 60, 10, True))
    ring = single_ring(polygon_parts(mask, "centre", is_exact=True))
    added = painted([ring], mask.shape) & ~mask
    assert added.sum() == 60 - 10 - (15 + 10) - 1


@given(any_masks())
@settings(max_examples=100, deadline=None)
def test_parts_and_holes_are_those_of_opencv(mask):
    contours, tree = cv2.findContours(
        np.pad(mask, 1).astype(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE
    )
    parents = [] if tree is None else tree[0, :, 3].tolist()
    expected = sorted(parents.count(place) for place, parent in enumerate(parents) if parent < 0)
    parts = polygon_parts(mask, "edge", is_exact=True)
    assert sorted(len(part.holes) for part in parts) == expected
    assert len(contours) == len(crack_rings(mask))


def test_an_empty_mask_has_no_part():
    assert polygon_parts(np.zeros((5, 4), bool), "edge") == ()
    assert single_ring(()).shape == (0, 2)


@pytest.mark.parametrize("convention", ["edge", "centre"])
def test_one_pixel_and_a_line_have_three_points_and_come_back(convention):
    for mask in (np.ones((1, 1), bool), np.ones((1, 5), bool), np.eye(4, dtype=bool)):
        [part] = polygon_parts(mask, convention)
        assert len(part.outer) >= 3
        back = (
            coco_raster(part.outer, mask.shape)
            if convention == "edge"
            else painted([part.outer], mask.shape)
        )
        np.testing.assert_array_equal(back, mask)


def test_rectangles_have_four_corners_whatever_their_size():
    mask = np.zeros((300, 400), bool)
    mask[20:250, 30:390] = True
    [edge] = polygon_parts(mask, "edge")
    assert sorted(map(tuple, edge.outer.tolist())) == [(30, 20), (30, 250), (390, 20), (390, 250)]
    [centre] = polygon_parts(mask, "centre")
    assert sorted(map(tuple, centre.outer.tolist())) == [
        (30, 20), (30, 249), (389, 20), (389, 249),
    ]  # fmt: skip


def test_small_objects_keep_every_corner():
    mask = discs((40, 40), (20, 20, 17, True))
    assert 0 < mask.sum() <= 1024
    [default] = polygon_parts(mask, "edge")
    [exact] = polygon_parts(mask, "edge", is_exact=True)
    np.testing.assert_array_equal(default.outer, exact.outer)


@pytest.mark.parametrize("convention", ["edge", "centre"])
def test_simplified_polygons_keep_holes_and_stay_in_the_box(convention):
    mask = discs((200, 300), (100, 150, 90, True), (100, 120, 30, False), (100, 120, 12, True))
    parts = polygon_parts(mask, convention, offset_xy=(7, 3))
    assert [len(part.holes) for part in parts] == [1, 0]
    corners = np.concatenate([part.outer for part in parts]) - (7, 3)
    top, last = np.flatnonzero(mask.any(axis=1))[[0, -1]]
    extra = 1 if convention == "edge" else 0
    assert corners[:, 1].min() >= top - 0.5
    assert corners[:, 1].max() <= last + extra + 0.5
    ring = single_ring(polygon_parts(mask, convention))
    raster = coco_raster if convention == "edge" else lambda one, size: painted([one], size)
    assert iou(raster(ring, mask.shape), mask) > 0.985
    exact = sum(part.vertices for part in polygon_parts(mask, convention, is_exact=True))
    assert len(ring) < exact / 4


def test_run_lengths_give_polygons_in_the_pictures_coordinates():
    mask = np.zeros((40, 60), bool)
    mask[10:30, 20:50] = True
    counts = rle.encode_mask(mask)
    box = rle.tight_bbox(counts, mask.shape)
    [part] = object_parts(counts, mask.shape, bbox_xywh_px=box, convention="edge")
    np.testing.assert_array_equal(coco_raster(part.outer, mask.shape), mask)


def test_polygons_run_clockwise_and_holes_the_other_way():
    mask = discs((60, 60), (30, 30, 25, True), (30, 30, 10, False))
    for convention in ("edge", "centre"):
        [part] = polygon_parts(mask, convention)

        def signed(ring):
            x, y = ring.T
            return (x * np.roll(y, -1) - y * np.roll(x, -1)).sum() / 2

        assert signed(part.outer) > 0 > signed(part.holes[0])


def test_noise_of_many_parts_is_done_in_time():
    mask = np.random.default_rng(0).random((60, 80)) < 0.4
    for convention in ("edge", "centre"):
        parts = polygon_parts(mask, convention)
        assert len(single_ring(parts)) >= sum(part.vertices for part in parts)
