"""PNG masks, read back by Pillow and OpenCV."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image

from yolact_cli.geometry import masks, rle
from yolact_cli.structures import Category, Detections
from yolact_cli.writers.instance_png import InstancePngWriter
from yolact_cli.writers.object_png import ObjectPngWriter
from yolact_cli.writers.palette import class_colours
from yolact_cli.writers.semantic_png import SemanticPngWriter, semantic_values


@pytest.fixture
def pixels(store):
    return lambda path: cv2.imdecode(
        np.frombuffer(store.read_bytes(path), np.uint8), cv2.IMREAD_UNCHANGED
    )


@pytest.fixture
def overlapping(make_instance):
    """A better object of class 1 that covers a part of a worse one of class 0."""
    better, worse = np.zeros((2, 20, 30), bool)
    better[5:15, 5:15] = True
    worse[10:18, 10:25] = True
    instances = (make_instance(better, 0.9, 1), make_instance(worse, 0.5, 0))
    return Detections(picture_id=1, name="d/a.jpg", size_hw=(20, 30), instances=instances)


def test_instance_ids_are_16_bit_and_the_higher_score_lies_on_top(
    store, classes, make_frame, overlapping, pixels
):
    InstancePngWriter(store, classes).write(make_frame(overlapping), overlapping)

    ids = pixels("masks/d/a.jpg.instances.png")
    assert ids.dtype == np.uint16
    assert (ids[12, 12], ids[17, 20], ids[0, 0]) == (1, 2, 0)


def test_instance_ids_count_the_written_annotations(
    store, classes, make_frame, overlapping, pixels
):
    classes[1] = None

    InstancePngWriter(store, classes).write(make_frame(overlapping), overlapping)

    ids = pixels("masks/d/a.jpg.instances.png")
    np.testing.assert_array_equal(
        ids == 1, rle.decode_mask(overlapping.instances[1].rle_counts, (20, 30))
    )


def test_more_than_255_instances_keep_their_ids(store, classes, make_frame, make_instance, pixels):
    spots = np.eye(300, dtype=bool)[:, None, :]
    instances = tuple(make_instance(spot, 1 - n / 1000) for n, spot in enumerate(spots))
    detections = Detections(picture_id=1, name="a", size_hw=(1, 300), instances=instances)

    InstancePngWriter(store, classes).write(make_frame(detections), detections)

    assert pixels("masks/a.instances.png").tolist() == [list(range(1, 301))]


def test_semantic_png_has_class_ids_and_a_palette(store, classes, make_frame, overlapping):
    SemanticPngWriter(store, classes).write(make_frame(overlapping), overlapping)

    picture = Image.open(io.BytesIO(store.read_bytes("masks/d/a.jpg.semantic.png")))
    values = np.asarray(picture)
    assert picture.mode == "P"
    assert (values[12, 12], values[17, 20], values[0, 0]) == (2, 1, 0)
    assert picture.convert("RGB").getpixel((12, 12)) == tuple(class_colours(2)[1])
    assert picture.convert("RGB").getpixel((0, 0)) == (0, 0, 0)


def test_merged_classes_share_a_semantic_value(classes):
    classes[2] = classes[0]

    assert semantic_values(classes) == {0: 1, 1: 2, 2: 1}


def test_dropped_classes_are_background(store, classes, make_frame, overlapping, pixels):
    classes[0] = None

    SemanticPngWriter(store, classes).write(make_frame(overlapping), overlapping)

    values = np.asarray(Image.open(store.path_of("masks/d/a.jpg.semantic.png")))
    assert set(np.unique(values)) == {0, 2}


def test_more_than_255_classes_give_a_16_bit_png(store, make_frame, make_instance, pixels):
    classes = {n: Category(category_id=n, name=str(n)) for n in range(400)}
    instance = make_instance(np.ones((4, 4), bool), class_id=399)
    detections = Detections(picture_id=1, name="a", size_hw=(4, 4), instances=(instance,))

    SemanticPngWriter(store, classes).write(make_frame(detections), detections)

    assert pixels("masks/a.semantic.png").tolist() == [[400] * 4] * 4


def test_objects_keep_the_pixels_that_others_cover(store, classes, make_frame, overlapping, pixels):
    ObjectPngWriter(store, classes).write(make_frame(overlapping), overlapping)

    for number, instance in enumerate(overlapping.instances, start=1):
        mask = rle.decode_mask(instance.rle_counts, (20, 30))
        np.testing.assert_array_equal(pixels(f"masks/d/a.jpg.objects/{number:03d}.png"), mask * 255)


def test_picture_without_objects_gives_blank_masks_and_no_object_files(
    store, classes, make_frame, make_detections, pixels
):
    detections = make_detections(0)
    for writer in (InstancePngWriter, SemanticPngWriter, ObjectPngWriter):
        writer(store, classes).write(make_frame(detections), detections)

    assert store.list_files() == ["masks/a.jpg.instances.png", "masks/a.jpg.semantic.png"]
    assert not any(pixels(path).any() for path in store.list_files())


@pytest.mark.parametrize("writer", [InstancePngWriter, SemanticPngWriter, ObjectPngWriter])
def test_writing_again_gives_the_same_bytes(store, classes, make_frame, make_detections, writer):
    detections = make_detections(4)
    writer(store, classes).write(make_frame(detections), detections)
    before = {path: store.read_bytes(path) for path in store.list_files()}

    writer(store, classes).write(make_frame(detections), detections)

    assert before == {path: store.read_bytes(path) for path in store.list_files()}


def test_instance_png_of_a_large_picture_equals_the_painted_ids(
    store, classes, make_frame, make_detections, pixels
):
    detections = make_detections(12, size_hw=(600, 800), seed=5)

    InstancePngWriter(store, classes).write(make_frame(detections, 8, 8), detections)

    np.testing.assert_array_equal(
        pixels("masks/a.jpg.instances.png"), masks.paint_instances(detections)
    )
