"""The terms put together: weights, normalisers, and what a network cannot learn from."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.initialise import initialise
from yolact_cli.network.yolact import Yolact
from yolact_cli.training.box_mask_loss import box_mask_loss, colour_edges
from yolact_cli.training.losses import LossSettings, training_losses
from yolact_cli.training.matching import match_anchors
from yolact_cli.training.sample import Sample, TrainingBatch, collate

SIDE = 64
GRID = 16


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    anchors = AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (60.0,), (64.0,)))
    config = NetworkConfig(
        backbone="efficientnet_lite0", num_classes=3, input_size=SIDE, anchors=anchors,
        fpn_channels=16, num_prototypes=4, proto_channels=8, conv_kind="separable",
    )  # fmt: skip
    made = Yolact(config).train()
    initialise(made)
    return made


@pytest.fixture
def lose(network, make_target):
    """``lose(target, ...)``: the terms for a batch of random pictures with these targets."""
    torch.manual_seed(1)
    outputs = network(torch.randn(2, 3, SIDE, SIDE))

    def build(*targets, seed=0, **settings):
        pictures = torch.randint(0, 255, (2, SIDE, SIDE, 3), dtype=torch.uint8)
        batch = TrainingBatch(pictures=pictures, targets=targets)
        found = training_losses(
            network,
            outputs,
            batch,
            LossSettings(**settings),
            generator=torch.Generator().manual_seed(seed),
        )
        return outputs, found

    return build


def encoded(boxes, anchors):
    """SSD's encoding with variances 0.1 and 0.2."""
    centre = ((boxes[:, :2] + boxes[:, 2:]) / 2 - anchors[:, :2]) / (0.1 * anchors[:, 2:])
    size = ((boxes[:, 2:] - boxes[:, :2]) / anchors[:, 2:]).log() / 0.2
    return torch.cat((centre, size), dim=1)


def test_box_class_and_mask_terms_are_over_the_positives_of_the_batch(network, lose, make_target):
    one = make_target([[0.1, 0.1, 0.6, 0.7]], [1], side=GRID)
    other = make_target([[0.3, 0.2, 0.9, 0.8], [0.0, 0.0, 0.3, 0.3]], [0, 2], side=GRID)
    outputs, found = lose(one, other)
    anchors = network.anchors(outputs)
    box = classes = mask = positives = 0
    for index, target in enumerate((one, other)):
        match = match_anchors(anchors, target)
        positive = match.labels > 0
        positives += int(positive.sum())
        rows = match.object_index[positive]
        truth = target.boxes_xyxy_norm[rows]
        offsets = outputs.box_offsets[index, positive]
        box += F.smooth_l1_loss(offsets, encoded(truth, anchors[positive]), reduction="sum")
        each = F.cross_entropy(
            outputs.class_logits[index], match.labels.clamp(min=0), reduction="none"
        )
        hardest = each[match.labels == 0].sort(descending=True).values[: 3 * int(positive.sum())]
        classes += each[positive].sum() + hardest.sum()
        for row, coefficients in zip(rows, outputs.mask_coefficients[index, positive], strict=True):
            logits = (outputs.prototypes[index] * coefficients).sum(dim=-1)
            x0, y0, x1, y1 = (target.boxes_xyxy_norm[row] * GRID).tolist()
            pixels = F.binary_cross_entropy_with_logits(
                logits, target.masks[row].float(), reduction="none"
            )
            inside = [
                pixels[y, x]
                for y in range(GRID)
                for x in range(GRID)
                if x0 - 1 <= x < x1 + 1 and y0 - 1 <= y < y1 + 1
            ]
            mask += sum(inside) / ((x1 - x0) * (y1 - y0))
    expected = {"box": 1.5 * box, "class": classes, "mask": 6.125 * mask}
    for name, value in expected.items():
        assert found[name].item() == pytest.approx((value / positives).item(), rel=1e-4), name


def test_masks_beyond_the_limit_are_drawn_and_weighed_up(lose, make_target):
    target = make_target([[0.1, 0.1, 0.6, 0.7], [0.0, 0.0, 0.9, 0.5]], [1, 2], side=GRID)
    _, whole = lose(target, target)
    drawn = [
        lose(target, target, masks_per_picture=1, seed=seed)[1]["mask"].item() for seed in range(60)
    ]
    assert len(set(drawn)) > 1
    assert sum(drawn) / len(drawn) == pytest.approx(whole["mask"].item(), rel=0.2)


def test_pictures_without_objects_still_teach_what_is_background(lose, make_target):
    outputs, found = lose(make_target(side=GRID), make_target(side=GRID))
    hardest = [
        F.cross_entropy(logits, torch.zeros(len(logits), dtype=torch.long), reduction="none")
        .sort(descending=True)
        .values[:100]
        for logits in outputs.class_logits
    ]
    assert found["class"].item() == pytest.approx(sum(h.sum() for h in hardest).item(), rel=1e-4)
    assert found["box"] == found["mask"] == 0
    sum(found.values()).backward()


def test_objects_with_only_a_box_teach_masks_where_that_is_asked_for(lose, make_target):
    target = make_target([[0.1, 0.1, 0.6, 0.7]], [1], has_mask=[False], side=GRID)
    _, without = lose(target, target)
    assert without["mask"] == 0
    assert without["box"] > 0
    assert "box_mask" not in without
    _, found = lose(target, target, box_mask_weight=0.5)
    _, doubled = lose(target, target, box_mask_weight=1.0)
    assert found["box_mask"] > 0
    assert doubled["box_mask"].item() > found["box_mask"].item()


def test_anchors_have_the_same_pixels_at_every_input_size(network):
    sides = (SIDE, 96, 128)
    firsts = [network.anchors(network(torch.randn(2, 3, side, side)))[0] * side for side in sides]
    for first in firsts[1:]:
        torch.testing.assert_close(first, firsts[0])


def test_other_input_sizes_are_learnt_from(network, make_target):
    outputs = network(torch.randn(2, 3, 96, 96))
    target = make_target([[0.1, 0.1, 0.6, 0.7]], [1], side=24)
    pictures = torch.zeros(2, 96, 96, 3, dtype=torch.uint8)
    batch = TrainingBatch(pictures=pictures, targets=(target, target))
    found = training_losses(network, outputs, batch, LossSettings(), generator=torch.Generator())
    assert all(torch.isfinite(value) for value in found.values())


def test_a_picture_with_six_hundred_objects_is_learnt_from(network):
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 0.9, (600, 2))
    boxes = np.concatenate((corners, corners + 0.1), axis=1).astype(np.float32)
    sample = Sample(
        picture=np.zeros((SIDE, SIDE, 3), np.uint8),
        boxes_xyxy_norm=boxes,
        class_ids=rng.integers(0, 3, 600),
        masks=np.zeros((600, GRID, GRID), bool),
        has_mask=np.ones(600, bool),
        is_crowd=np.zeros(600, bool),
        is_labelled=np.ones(3, bool),
    )
    batch = collate([sample, dataclasses.replace(sample, is_crowd=np.ones(600, bool))])
    assert len(batch.targets[0].class_ids) == 600
    assert len(batch.targets[1].crowd_boxes_xyxy_norm) == 600
    outputs = network(torch.randn(2, 3, SIDE, SIDE))
    found = training_losses(network, outputs, batch, LossSettings(), generator=torch.Generator())
    assert all(torch.isfinite(value) for value in found.values())


@pytest.fixture
def diamond():
    """A diamond of one colour that fills half of its box: its edges, truth and box."""
    picture = torch.full((96, 96, 3), 60, dtype=torch.uint8)
    y, x = torch.meshgrid(torch.arange(96), torch.arange(96), indexing="ij")
    inside = (y - 48).abs() + (x - 48).abs() <= 32
    picture[inside] = torch.tensor([200, 40, 40], dtype=torch.uint8)
    box = torch.tensor([[16 / 96, 16 / 96, 81 / 96, 81 / 96]])
    return colour_edges(picture, 48), inside[::2, ::2], box


def test_the_box_prefers_the_object_to_itself_and_to_less(diamond):
    edges, truth, box = diamond
    whole_box, half = torch.zeros_like(truth), truth.clone()
    whole_box[8:41, 8:41] = True
    half[24:] = False
    costs = [
        box_mask_loss(torch.where(mask, 8.0, -8.0)[None], box, edges).item()
        for mask in (truth, whole_box, half, truth & False)
    ]
    assert costs[0] < 0.05
    assert min(costs[1:]) > costs[0] + 0.05


def test_a_blob_grows_to_its_boxs_sides_and_towards_the_object(diamond):
    edges, truth, box = diamond
    y, x = torch.meshgrid(torch.arange(48.0), torch.arange(48.0), indexing="ij")
    logits = (1 - ((y - 24) ** 2 + (x - 24) ** 2).sqrt() / 8)[None].requires_grad_()
    optimizer = torch.optim.SGD([logits], lr=20, momentum=0.9)
    for _ in range(200):
        optimizer.zero_grad()
        box_mask_loss(logits, box, edges).backward()
        optimizer.step()
    found = logits[0] > 0
    for line in (found.any(dim=1).nonzero(), found.any(dim=0).nonzero()):
        assert (line.min().item(), line.max().item()) == (8, 40)
    assert (found & truth).sum() / (found | truth).sum() > 0.6
