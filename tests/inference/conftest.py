"""Builders of candidates, boxes and scores."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from yolact_cli.structures import Candidates


@pytest.fixture
def make_candidates() -> Callable[..., Candidates]:
    """``make_candidates(boxes, ...)``: smooth random prototypes, falling scores."""

    def build(
        boxes=((0.1, 0.2, 0.6, 0.9),),
        *,
        scores=None,
        mask_ious=None,
        grid_hw=(20, 20),
        seed=0,
        prototypes=None,
    ) -> Candidates:
        rng = np.random.default_rng(seed)
        n, k = len(boxes), 4
        coarse = rng.normal(0, 1, (k, 1, 5, 5))
        smooth = torch.nn.functional.interpolate(
            torch.from_numpy(coarse), size=grid_hw, mode="bicubic"
        )
        default = smooth[:, 0].permute(1, 2, 0).numpy().astype(np.float32)
        falling = np.linspace(0.95, 0.5, n) if scores is None else scores
        return Candidates(
            boxes_xyxy_norm=np.array(boxes, np.float32).reshape(n, 4),
            scores=np.array(falling, np.float32),
            class_ids=np.arange(n) % 3,
            mask_coefficients=rng.uniform(-1, 1, (n, k)).astype(np.float32) * 3,
            mask_ious=None if mask_ious is None else np.array(mask_ious, np.float32),
            prototypes=default if prototypes is None else prototypes,
        )

    return build


@pytest.fixture
def make_scored_boxes() -> Callable[..., tuple[torch.Tensor, torch.Tensor]]:
    """``make_scored_boxes(n, classes, seed)``: clustered boxes and softmax-like scores."""

    def build(n: int = 60, classes: int = 3, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
        generator = torch.Generator().manual_seed(seed)
        centres = torch.rand((n, 2), generator=generator).mul(4).round().div(5)
        sizes = 0.15 + 0.1 * torch.rand((n, 2), generator=generator)
        scores = torch.randn((n, classes + 1), generator=generator).mul(2).softmax(1)[:, 1:]
        return torch.cat((centres, centres + sizes), dim=1), scores

    return build
