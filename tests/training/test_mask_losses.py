"""Masks from masks, masks from boxes, and the semantic term."""

import pytest
import torch
from torch.nn import functional as F

from yolact_cli.network.mask_rescoring import MaskIouNet
from yolact_cli.training.box_mask_loss import box_mask_loss, colour_edges
from yolact_cli.training.mask_loss import crop_windows, dice_loss, mask_iou_loss, mask_loss
from yolact_cli.training.semantic_loss import semantic_loss, semantic_truth


def test_the_mask_term_is_cross_entropy_in_the_grown_box_over_the_boxs_area(make_target):
    torch.manual_seed(0)
    target = make_target([[0.2, 0.3, 0.6, 0.5]], [0])
    logits = torch.randn(1, 20, 20)
    each = F.binary_cross_entropy_with_logits(logits, target.masks.float(), reduction="none")
    expected = each[0, 5:11, 3:13].sum() / (8 * 4)
    found = mask_loss(logits, target.masks, target.boxes_xyxy_norm)
    assert found == pytest.approx(expected.item(), rel=1e-5)


def test_the_overlap_term_is_one_less_dice_in_the_box(make_target):
    target = make_target([[0.2, 0.2, 0.6, 0.6], [0.5, 0.1, 0.9, 0.4]], [0, 1])
    truth, boxes = target.masks, target.boxes_xyxy_norm
    perfect = torch.where(truth, 30.0, -30.0)
    outside = torch.where(crop_windows(boxes, (20, 20)), perfect, torch.full_like(perfect, 30.0))
    assert dice_loss(perfect, truth, boxes) == pytest.approx(0, abs=1e-6)
    assert dice_loss(outside, truth, boxes) == pytest.approx(0, abs=1e-6)
    assert dice_loss(-perfect, truth, boxes) == pytest.approx(2)
    half = truth.clone()
    half[:, :, ::2] = False
    expected = 2 - sum(2 * h.sum() / (h.sum() + t.sum()) for h, t in zip(half, truth, strict=True))
    assert dice_loss(torch.where(half, 30.0, -30.0), truth, boxes) == pytest.approx(float(expected))


def test_an_unsure_network_is_drawn_towards_thin_objects_by_overlap_alone(make_target):
    """Where a fifth of a box is object and nothing tells which, pixels say no and overlap yes."""
    target = make_target([[0.0, 0.0, 1.0, 1.0]], [0])
    thin = torch.zeros_like(target.masks)
    thin[:, :, ::5] = True
    bias = torch.tensor(-1.0, requires_grad=True)
    logits = bias.expand(1, 20, 20)
    boxes = target.boxes_xyxy_norm
    (by_pixel,) = torch.autograd.grad(mask_loss(logits, thin, boxes), bias)
    (by_overlap,) = torch.autograd.grad(dice_loss(logits, thin, boxes), bias)
    assert by_pixel > 0 > by_overlap


def test_masks_without_a_pixel_have_no_overlap_to_learn_from(make_target):
    target = make_target([[0.2, 0.2, 0.6, 0.6]], [0])
    logits = torch.randn(1, 20, 20, requires_grad=True)
    dice_loss(logits, torch.zeros_like(target.masks), target.boxes_xyxy_norm).backward()
    assert not logits.grad.any()
    assert dice_loss(torch.zeros(0, 8, 8), torch.zeros(0, 8, 8).bool(), torch.zeros(0, 4)) == 0


def test_the_crop_keeps_pixels_by_the_references_rule():
    inside = crop_windows(torch.tensor([[0.25, 0.5, 0.5, 0.75]]), (8, 8), grow_px=0.0)
    assert inside[0].nonzero().tolist() == [[4, 2], [4, 3], [5, 2], [5, 3]]


def test_masks_are_learnt_from_a_box_where_colours_differ():
    side = 24
    picture = torch.full((48, 48, 3), 30, dtype=torch.uint8)
    picture[16:32, 12:36] = 220
    picture[12:36, 20:28] = 220  # a cross; its box is the whole of both bars
    truth = torch.zeros(side, side, dtype=torch.bool)
    truth[8:16, 6:18] = True
    truth[6:18, 10:14] = True
    boxes = torch.tensor([[12 / 48, 12 / 48, 36 / 48, 36 / 48]])
    # Prototypes as a network has them: smooth, and none of them the object itself.
    bright = torch.where(picture[::2, ::2, 0] > 100, 1.0, -1.0)
    prototypes = torch.stack(
        (bright, torch.ones(side, side), torch.linspace(-1, 1, side).expand(side, -1))
    )
    coefficients = torch.tensor([[0.1, 0.2, 0.5]], requires_grad=True)
    optimizer = torch.optim.Adam([coefficients], lr=0.1)
    edges = colour_edges(picture, side)
    for _ in range(200):
        optimizer.zero_grad()
        loss = box_mask_loss(torch.einsum("nk,khw->nhw", coefficients, prototypes), boxes, edges)
        loss.backward()
        optimizer.step()
    found = torch.einsum("nk,khw->hw", coefficients, prototypes) > 0
    assert (found & truth).sum() / (found | truth).sum() > 0.95


def test_no_boxes_cost_nothing():
    edges = torch.zeros(4, 8, 8, dtype=torch.bool)
    assert box_mask_loss(torch.zeros(0, 8, 8), torch.zeros(0, 4), edges) == 0


def test_semantic_truth_ignores_unlabelled_classes_and_the_inside_of_bare_boxes(make_target):
    target = make_target(
        [[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1]], [0, 1], has_mask=[True, False], labelled=[0, 1]
    )
    truth, known = semantic_truth(target, (10, 10))
    assert truth[0, :5, :5].all()
    assert truth.sum() == 25
    assert known[0].all()
    assert not known[1, 5:, 5:].any()
    assert known[1, :4, :4].all()
    assert not known[2].any()


def test_what_is_not_known_costs_nothing_in_the_semantic_term(make_target):
    target = make_target([[0.5, 0.5, 1, 1]], [1], has_mask=[False], labelled=[1])
    logits = torch.full((1, 3, 10, 10), -20.0)
    logits[0, 1, 5:, 5:] = 20.0
    logits[0, 2] = 20.0
    assert semantic_loss(logits, [target]) < 1e-4


def test_a_mask_iou_net_learns_the_overlap_of_large_masks_only(make_target):
    torch.manual_seed(0)
    target = make_target([[0, 0, 0.9, 0.9], [0, 0, 0.02, 0.02]], [0, 1], side=64)
    net = MaskIouNet(3)
    logits = torch.where(target.masks, 5.0, -5.0).requires_grad_()
    loss = mask_iou_loss(net, logits, target, torch.tensor([0, 1]))
    loss.backward()
    assert logits.grad is not None
    assert logits.grad[0].abs().sum() > 0
    assert logits.grad[1].abs().sum() == 0
    only_small = mask_iou_loss(net, logits[1:], target, torch.tensor([1]))
    assert only_small == 0


def test_the_mask_iou_term_is_summed_over_masks(make_target):
    torch.manual_seed(0)
    target = make_target([[0, 0, 0.9, 0.9], [0.1, 0.2, 0.8, 0.9]], [0, 1], side=64)
    net = MaskIouNet(3)
    logits = torch.where(target.masks, 5.0, -5.0) + torch.randn(2, 64, 64)
    both = mask_iou_loss(net, logits, target, torch.tensor([0, 1]))
    each = [mask_iou_loss(net, logits[n : n + 1], target, torch.tensor([n])) for n in (0, 1)]
    assert both.item() == pytest.approx(sum(each).item(), rel=1e-4)
