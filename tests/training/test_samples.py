"""Views keep pixels, boxes and masks together; samples depend on their place alone."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yolact_cli.datasets.segmentation import decode_mask
from yolact_cli.settings import AugmentSettings
from yolact_cli.training.augment import keep_objects, mosaic_views, random_view, whole_view
from yolact_cli.training.dataset import SampleShape, TrainingDataset, TrainingPictures, mask_size
from yolact_cli.training.order import TrainingOrder, repeat_factors
from yolact_cli.training.view import View

SIDE = 64


def bright_box(size_hw, box):
    picture = np.zeros((*size_hw, 3), np.uint8)
    x0, y0, x1, y1 = box
    picture[y0:y1, x0:x1] = 255
    return picture


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_pixels_box_and_mask_of_a_random_view_agree(seed):
    rng = np.random.default_rng(seed)
    size_hw, box = (90, 120), (30, 20, 90, 70)
    picture = bright_box(size_hw, box)
    view = random_view(size_hw, np.array([[60.0, 45.0]]), AugmentSettings(max_expand=2.0), rng)
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    view.draw(picture, canvas)
    (wanted,) = view.transform_boxes(np.array([box], np.float64))
    x0, y0, x1, y1 = (wanted * SIDE).clip(0, SIDE)
    lit = np.argwhere(canvas[..., 0] > 127)
    assert abs(lit[:, 1].min() - x0) <= 1.5
    assert abs(lit[:, 1].max() + 1 - x1) <= 1.5
    assert abs(lit[:, 0].min() - y0) <= 1.5
    assert abs(lit[:, 0].max() + 1 - y1) <= 1.5
    mask = view.transform_mask(picture[..., 0] > 0, side=SIDE)
    assert (mask != (canvas[..., 0] > 127)).sum() <= 2 * (x1 - x0 + y1 - y0) + 4


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_window_between_pixels_is_enlarged_without_moving_them(is_mirrored):
    picture = bright_box((24, 24), (8, 9, 15, 16))
    view = View(
        window_xyxy_px=(5.6, 6.5, 17.4, 18.3),
        target_xyxy=(0.0, 0.0, 1.0, 1.0),
        is_mirrored=is_mirrored,
    )
    canvas = np.zeros((320, 320, 3), np.uint8)
    view.draw(picture, canvas)
    lit = np.argwhere(canvas[..., 0] > 127)
    (wanted,) = view.transform_boxes(np.array([[8.0, 9.0, 15.0, 16.0]])) * 320
    found = (lit[:, 1].min(), lit[:, 0].min(), lit[:, 1].max() + 1, lit[:, 0].max() + 1)
    assert np.abs(np.array(found) - wanted).max() <= 1


def test_a_mirrored_view_is_the_plain_one_from_behind():
    picture = bright_box((40, 40), (5, 10, 15, 30))
    plain = whole_view((40, 40))
    mirrored = dataclasses.replace(plain, is_mirrored=True)
    canvases = [np.zeros((40, 40, 3), np.uint8) for _ in range(2)]
    for view, canvas in zip((plain, mirrored), canvases, strict=True):
        view.draw(picture, canvas)
    assert (canvases[1] == canvases[0][:, ::-1]).all()
    masks = [view.transform_mask(picture[..., 0] > 0, side=20) for view in (plain, mirrored)]
    assert (masks[1] == masks[0][:, ::-1]).all()


def test_a_mosaics_pictures_stay_in_their_quarters():
    views = mosaic_views([(40, 60)] * 4, AugmentSettings(), np.random.default_rng(0))
    canvas = np.zeros((SIDE, SIDE, 3), np.uint8)
    for shade, view in enumerate(views, start=1):
        view.draw(np.full((40, 60, 3), 50 * shade, np.uint8), canvas)
        mask = view.transform_mask(np.ones((40, 60), bool), side=SIDE)
        assert (canvas[mask] == 50 * shade).mean() > 0.95
    assert (canvas > 0).all()


def test_an_object_whose_centre_is_cut_off_is_ignored_and_one_out_of_sight_goes():
    view = View(window_xyxy_px=(50.0, 0.0, 100.0, 100.0), target_xyxy=(0.0, 0.0, 1.0, 1.0))
    boxes = view.transform_boxes(
        np.array([[60, 10, 90, 40], [10, 10, 80, 90], [0, 0, 40, 40]], np.float64)
    )
    clipped, stays, is_ignored = keep_objects(boxes, view)
    assert stays.tolist() == [True, True, False]
    assert is_ignored[stays].tolist() == [False, True]
    assert clipped.min() >= 0


@pytest.fixture
def dataset(make_truth_picture):
    pictures = [
        make_truth_picture([(10, 10, 30 + n, 20)], [n % 3], image_id=n, masks=n % 2 == 0)
        for n in range(6)
    ]

    def build(sizes=(SIDE,), *, seed=3, batch_size=2):
        source = TrainingPictures(
            pictures=pictures,
            read_picture=lambda p: np.full((p.height, p.width, 3), 20 * p.image_id, np.uint8),
            decode_mask=lambda p, o: decode_mask(o.segmentation, (p.height, p.width)),
        )
        shape = SampleShape(
            input_sizes=sizes, batch_size=batch_size, num_classes=3, mean=(1.0, 2.0, 3.0)
        )
        order = TrainingOrder(np.ones(6), seed=seed)
        return TrainingDataset(source, order, shape, augment=AugmentSettings(mosaic=0.5))

    return build


def test_a_sample_is_a_function_of_seed_and_place(dataset):
    one, other = dataset(), dataset()
    other[3], other[0]
    for index in (5, 0, 11):
        for field in dataclasses.fields(one[index]):
            np.testing.assert_array_equal(
                getattr(one[index], field.name), getattr(other[index], field.name)
            )
    assert (one[5].picture != dataset(seed=4)[5].picture).any()


def test_pictures_of_one_batch_have_one_size_and_batches_differ(dataset):
    samples = dataset(sizes=(64, 96))
    sides = [len(samples[index].picture) for index in range(20)]
    assert sides[0::2] == sides[1::2]
    assert set(sides) == {64, 96}
    assert samples[0].masks.shape[1] == mask_size(sides[0])


def test_masks_are_known_only_where_they_were_drawn(dataset):
    for index in range(12):
        sample = dataset()[index]
        drawn = sample.masks.any(axis=(1, 2))
        assert not drawn[~sample.has_mask].any()
        assert drawn[sample.has_mask].all()


def test_an_epoch_has_every_picture_once_in_an_order_of_its_own():
    order = TrainingOrder(np.ones(50), seed=0)
    places = [order.place(index) for index in range(100)]
    assert [epoch for epoch, _ in places] == [0] * 50 + [1] * 50
    first, second = ([number for _, number in places[s : s + 50]] for s in (0, 50))
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_pictures_of_rare_classes_come_more_often(make_truth_picture):
    pictures = [make_truth_picture([(1, 1, 9, 9)], [0], image_id=n) for n in range(99)]
    pictures.append(make_truth_picture([(1, 1, 9, 9)], [1], image_id=99))
    factors = repeat_factors(pictures, threshold=0.09)
    assert factors[0] == 1
    assert factors[-1] == pytest.approx(3)
    order = TrainingOrder(factors, seed=0)
    epoch = [number for e, number in map(order.place, range(200)) if e == 0]
    assert epoch.count(99) == 3


def test_a_mask_too_thin_to_leave_a_pixel_counts_as_box_only(make_truth_picture):
    picture = make_truth_picture([(20, 30, 40, 2), (10, 60, 90, 120)], size_hw=(200, 200))
    source = TrainingPictures(
        pictures=[picture],
        read_picture=lambda p: np.zeros((p.height, p.width, 3), np.uint8),
        decode_mask=lambda p, o: decode_mask(o.segmentation, (p.height, p.width)),
    )
    shape = SampleShape(input_sizes=(SIDE,), batch_size=1, num_classes=1, mean=(0.0, 0.0, 0.0))
    plain = AugmentSettings(mosaic=0.0, crop=False, mirror=False, max_expand=1.0)
    dataset = TrainingDataset(source, TrainingOrder(np.ones(1), seed=0), shape, augment=plain)
    sample = dataset[0]
    assert sample.has_mask.tolist() == [False, True]
    assert len(sample.boxes_xyxy_norm) == 2
