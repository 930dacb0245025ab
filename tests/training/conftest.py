"""Builders of training targets."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from yolact_cli.structures import TruthObject, TruthPicture
from yolact_cli.training.sample import Target


@pytest.fixture
def make_target() -> Callable[..., Target]:
    """Build a target: ``make_target(boxes, class_ids, crowds=, has_mask=, labelled=, side=)``."""

    def build(
        boxes=(), class_ids=(), *, crowds=(), has_mask=None, labelled=None, side=20, classes=3
    ) -> Target:
        boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
        crowds = torch.tensor(crowds, dtype=torch.float32).reshape(-1, 4)
        masks = torch.zeros(len(boxes), side, side, dtype=torch.bool)
        for mask, (x0, y0, x1, y1) in zip(
            masks, (boxes * side).round().int().tolist(), strict=True
        ):
            mask[y0:y1, x0:x1] = True
        known = (
            torch.ones(len(boxes), dtype=torch.bool) if has_mask is None else torch.tensor(has_mask)
        )
        masks[~known] = False
        looked_for = torch.ones(classes, dtype=torch.bool)
        if labelled is not None:
            looked_for[:] = False
            looked_for[list(labelled)] = True
        return Target(
            boxes_xyxy_norm=boxes,
            class_ids=torch.tensor(class_ids, dtype=torch.long),
            masks=masks,
            has_mask=known,
            crowd_boxes_xyxy_norm=crowds,
            crowd_class_ids=torch.zeros(len(crowds), dtype=torch.long),
            is_labelled=looked_for,
        )

    return build


@pytest.fixture
def make_truth_picture() -> Callable[..., TruthPicture]:
    """Build a truth picture: ``make_truth_picture(boxes_xywh, class_ids, size_hw=, masks=)``."""

    def build(
        boxes_xywh=(), class_ids=None, *, size_hw=(60, 80), masks=True, image_id=1
    ) -> TruthPicture:
        class_ids = class_ids or [0] * len(boxes_xywh)
        objects = []
        for number, ((x, y, w, h), class_id) in enumerate(zip(boxes_xywh, class_ids, strict=True)):
            outline = np.array([x, y, x + w, y, x + w, y + h, x, y + h], np.float64)
            objects.append(
                TruthObject(
                    annotation_id=number,
                    category_id=class_id + 1,
                    class_id=class_id,
                    bbox_xywh_px=(float(x), float(y), float(w), float(h)),
                    segmentation=(outline,) if masks else None,
                    is_crowd=False,
                    area_px=float(w * h),
                )
            )
        return TruthPicture(
            image_id=image_id,
            file_name=f"{image_id}.png",
            width=size_hw[1],
            height=size_hw[0],
            objects=tuple(objects),
        )

    return build
