"""Cross-entropy with hard negatives, and what is not known to be background."""

import pytest
import torch
from torch.nn import functional as F

from yolact_cli.training.class_loss import class_loss

ALL = torch.ones(3, dtype=torch.bool)


def test_positives_and_three_hard_negatives_each_are_counted():
    torch.manual_seed(0)
    logits = torch.randn(50, 4)
    labels = torch.zeros(50, dtype=torch.long)
    labels[:2] = torch.tensor([1, 3])
    labels[2:6] = -1
    each = F.cross_entropy(logits, labels.clamp(min=0), reduction="none")
    expected = each[:2].sum() + each[6:].sort(descending=True).values[:6].sum()
    assert class_loss(logits, labels, ALL) == pytest.approx(expected.item(), rel=1e-5)


def test_a_picture_without_objects_gives_a_hundred_hard_negatives():
    torch.manual_seed(1)
    logits = torch.randn(300, 4)
    each = F.cross_entropy(logits, torch.zeros(300, dtype=torch.long), reduction="none")
    expected = each.sort(descending=True).values[:100].sum()
    found = class_loss(logits, torch.zeros(300, dtype=torch.long), ALL)
    assert found == pytest.approx(expected.item(), rel=1e-5)


def test_a_negative_may_be_any_class_that_was_not_looked_for():
    torch.manual_seed(2)
    logits = torch.randn(30, 4)
    labelled = torch.tensor([False, True, False])
    may_be = logits.softmax(dim=1)[:, [0, 1, 3]].sum(dim=1)
    expected = -may_be.log().sum()
    found = class_loss(logits, torch.zeros(30, dtype=torch.long), labelled)
    assert found == pytest.approx(expected.item(), rel=1e-4)


def test_confidence_in_a_class_that_was_not_looked_for_costs_nothing():
    logits = torch.zeros(10, 4)
    logits[:, 1] = 30.0
    labels = torch.zeros(10, dtype=torch.long)
    assert class_loss(logits, labels, torch.tensor([False, True, True])) < 1e-4
    assert class_loss(logits, labels, ALL) > 100
