"""Overlays."""

import dataclasses
import io

import numpy as np
import pytest
from PIL import Image

from yolact_cli.errors import OutputError
from yolact_cli.structures import Category, Detections
from yolact_cli.writers import overlay
from yolact_cli.writers.overlay import OverlayStyle, OverlayWriter, draw_overlay
from yolact_cli.writers.palette import object_colour

STYLE = OverlayStyle()


@pytest.fixture
def one_object(make_instance):
    """A square in the middle of a picture of the given size."""

    def build(size_hw):
        mask = np.zeros(size_hw, bool)
        mask[size_hw[0] // 4 : -size_hw[0] // 4, size_hw[1] // 4 : -size_hw[1] // 4] = True
        instances = (make_instance(mask, 0.9, 1),)
        return Detections(picture_id=1, name="a.png", size_hw=size_hw, instances=instances)

    return build


@pytest.fixture
def draw(classes):
    def build(detections, preview_hw, style=STYLE, classes=classes):
        preview = np.full((*preview_hw, 3), 90, np.uint8)
        return draw_overlay(preview, detections, classes=classes, style=style)

    return build


@pytest.mark.parametrize(
    ("preview_hw", "expected"),
    [
        ((600, 800), (600, 800)),
        ((90, 120), (360, 480)),
        ((1500, 2000), (1200, 1600)),
        ((2000, 20), (1600, 16)),
        ((1, 1), (480, 480)),
        ((1, 5000), (1, 1600)),
    ],
    ids=["as it is", "enlarged", "reduced", "narrow", "one pixel", "one row"],
)
def test_overlay_has_a_readable_and_bounded_size(draw, make_detections, preview_hw, expected):
    assert draw(make_detections(3, size_hw=preview_hw), preview_hw).shape == (*expected, 3)


def test_overlay_keeps_the_previews_size_when_asked(draw, make_detections):
    style = OverlayStyle(max_side_px=None, min_side_px=1)

    assert draw(make_detections(2), (1700, 20), style).shape == (1700, 20, 3)
    assert draw(make_detections(2), (9, 12), style).shape == (9, 12, 3)


def test_mask_is_tinted_with_the_objects_colour(draw, one_object):
    image = draw(one_object((600, 800)), (600, 800))

    expected = 90 + 0.4 * (np.array(object_colour(1, 0)) - 90)
    np.testing.assert_allclose(image[350, 300], expected, atol=1)
    np.testing.assert_array_equal(image[20, 20], [90, 90, 90])


def test_masks_are_scaled_to_a_smaller_preview(draw, one_object):
    image = draw(one_object((3000, 4000)), (600, 800))

    changed = (image != 90).any(axis=2)
    assert changed[160:440, 210:590].all()
    assert not changed[460:].any()


def test_every_object_of_a_class_has_its_own_colour(draw, make_instance):
    masks = np.zeros((2, 600, 800), bool)
    masks[0, 100:500, 100:300] = masks[1, 100:500, 500:700] = True
    instances = tuple(make_instance(mask, 0.9, 1) for mask in masks)

    image = draw(
        Detections(picture_id=1, name="a", size_hw=(600, 800), instances=instances), (600, 800)
    )

    assert (image[480, 200] != image[480, 600]).any()


def test_preview_is_left_as_it_was(classes, one_object):
    preview = np.full((600, 800, 3), 90, np.uint8)

    draw_overlay(preview, one_object((600, 800)), classes=classes, style=STYLE)

    assert (preview == 90).all()


def test_dropped_classes_are_not_drawn(draw, classes, one_object):
    classes[1] = None

    assert (draw(one_object((600, 800)), (600, 800), classes=classes) == 90).all()


@pytest.mark.parametrize("place", [(0, 0), (0, 3999), (2999, 0), (2999, 3999)])
def test_single_pixel_of_a_large_picture_is_still_seen(draw, make_instance, place):
    mask = np.zeros((3000, 4000), bool)
    mask[place] = True
    detections = Detections(
        picture_id=1, name="a", size_hw=(3000, 4000), instances=(make_instance(mask),)
    )

    assert (draw(detections, (600, 800)) != 90).any()


def test_hundred_objects_on_a_small_picture_are_drawn(draw, make_detections):
    assert draw(make_detections(100, size_hw=(60, 80)), (60, 80)).shape == (360, 480, 3)


def test_label_stands_at_the_largest_part_of_a_mask(draw, make_instance):
    mask = np.zeros((600, 800), bool)
    mask[300:500, 100:300] = True
    mask[100:103, 700:703] = True  # a speck, higher up
    instances = (make_instance(mask, 0.9, 1),)
    image = draw(
        Detections(picture_id=1, name="a", size_hw=(600, 800), instances=instances), (600, 800)
    )
    changed = (image != 90).any(axis=2)
    assert changed[280:295, 65:135].mean() > 0.5  # at its highest point, the left corner
    assert changed[:200, 500:].sum() < 200


def test_name_in_any_script_is_drawn(draw, one_object):
    shown = [
        draw(one_object((600, 800)), (600, 800), classes={1: Category(category_id=1, name=name)})
        for name in ("ü", "人", "\uffff")
    ]

    assert (shown[0] != shown[1]).any()
    assert (shown[1] != shown[2]).any()


def test_written_file_is_a_jpeg_of_the_drawn_picture(store, classes, make_frame, one_object):
    detections = one_object((600, 800))

    OverlayWriter(store, classes).write(make_frame(detections), detections)

    data = store.read_bytes("overlays/a.png.overlay.jpg")
    picture = Image.open(io.BytesIO(data))
    assert (picture.format, picture.size) == ("JPEG", (800, 600))


def test_jpeg_keeps_the_order_of_the_colours(store, classes, make_frame, make_detections):
    red = np.zeros((500, 500, 3), np.uint8)
    red[..., 0] = 200
    detections = make_detections(0, size_hw=(500, 500))

    OverlayWriter(store, classes).write(make_frame(detections, preview=red), detections)

    picture = Image.open(io.BytesIO(store.read_bytes("overlays/a.jpg")))
    np.testing.assert_allclose(picture.getpixel((250, 250)), (200, 0, 0), atol=4)


def test_picture_too_wide_for_a_jpeg_is_refused(store, classes, make_frame, make_detections):
    detections = make_detections(0, size_hw=(1, 65_600))
    writer = OverlayWriter(store, classes, OverlayStyle(max_side_px=None))

    with pytest.raises(OutputError, match="65600x1 pixels does not fit into a jpg"):
        writer.write(make_frame(detections, preview=np.zeros((1, 65_600, 3), np.uint8)), detections)


def test_frame_without_a_preview_is_refused(store, classes, make_frame, make_detections):
    detections = make_detections(1)
    frame = dataclasses.replace(make_frame(detections), preview=None)

    with pytest.raises(ValueError, match="without a preview"):
        OverlayWriter(store, classes).write(frame, detections)


def test_a_tint_is_as_strong_as_a_pixel_is_covered():
    canvas = np.full((4, 6, 3), 100, np.uint8)
    coverage = np.array([[0, 51, 255], [128, 255, 0]], np.uint8)
    shape = overlay._Shape(
        box=(2, 1, 3, 2), coverage=coverage, contours=[], colour=(200, 0, 100), name="", score=1.0
    )
    overlay._tint(canvas, shape, 0.5)
    assert canvas[1:3, 2:5, 0].tolist() == [[100, 110, 150], [125, 150, 100]]
    assert canvas[1:3, 2:5, 1].tolist() == [[100, 90, 50], [75, 50, 100]]
    assert (canvas[..., 2] == 100).all()
    assert (np.delete(canvas, (1, 2), axis=0) == 100).all()
