"""Boxes as tensors: formats, overlap, and the coding the head regresses.

Symbols: ``n`` and ``m`` boxes. Coordinates are pixel edges or fractions of the picture; nothing
here adds one to a width.
"""

import torch
from jaxtyping import Float
from torch import Tensor

# Scales of the regressed centre and size. Source: SSD (arXiv 1512.02325), kept by YOLACT.
CENTRE_VARIANCE = 0.1
SIZE_VARIANCE = 0.2


def cxcywh_to_xyxy(boxes_cxcywh: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """The same boxes by their corners."""
    centre, size = boxes_cxcywh[..., :2], boxes_cxcywh[..., 2:]
    return torch.cat((centre - size / 2, centre + size / 2), dim=-1)


def xyxy_to_cxcywh(boxes_xyxy: Float[Tensor, "*n 4"]) -> Float[Tensor, "*n 4"]:
    """The same boxes by centre and size."""
    low, high = boxes_xyxy[..., :2], boxes_xyxy[..., 2:]
    return torch.cat(((low + high) / 2, high - low), dim=-1)


def area(boxes_xyxy: Float[Tensor, "*n 4"]) -> Float[Tensor, " *n"]:
    """Width times height; zero for inverted boxes."""
    size = (boxes_xyxy[..., 2:] - boxes_xyxy[..., :2]).clamp(min=0)
    return size[..., 0] * size[..., 1]


def intersection(
    boxes_xyxy: Float[Tensor, "*b n 4"], others_xyxy: Float[Tensor, "*b m 4"]
) -> Float[Tensor, "*b n m"]:
    """Area shared by every pair."""
    low = torch.maximum(boxes_xyxy[..., :, None, :2], others_xyxy[..., None, :, :2])
    high = torch.minimum(boxes_xyxy[..., :, None, 2:], others_xyxy[..., None, :, 2:])
    size = (high - low).clamp(min=0)
    return size[..., 0] * size[..., 1]


def iou(
    boxes_xyxy: Float[Tensor, "*b n 4"], others_xyxy: Float[Tensor, "*b m 4"]
) -> Float[Tensor, "*b n m"]:
    """Intersection over union of every pair; zero where both boxes are empty."""
    shared = intersection(boxes_xyxy, others_xyxy)
    union = area(boxes_xyxy)[..., :, None] + area(others_xyxy)[..., None, :] - shared
    return torch.where(union > 0, shared / union.clamp(min=torch.finfo(union.dtype).tiny), 0.0)


def decode_boxes(
    offsets: Float[Tensor, "*b n 4"], anchors_cxcywh: Float[Tensor, "n 4"]
) -> Float[Tensor, "*b n 4"]:
    """Corners of the boxes that the head means, unclipped, in the anchors' unit.

    Source: SSD's coding with variances 0.1 and 0.2, as in YOLACT.
    """
    centre = anchors_cxcywh[:, :2] + offsets[..., :2] * CENTRE_VARIANCE * anchors_cxcywh[:, 2:]
    size = anchors_cxcywh[:, 2:] * torch.exp(offsets[..., 2:] * SIZE_VARIANCE)
    return cxcywh_to_xyxy(torch.cat((centre, size), dim=-1))


def encode_boxes(
    boxes_xyxy: Float[Tensor, "*b n 4"], anchors_cxcywh: Float[Tensor, "n 4"]
) -> Float[Tensor, "*b n 4"]:
    """The exact inverse of :func:`decode_boxes`, for boxes of positive size."""
    boxes = xyxy_to_cxcywh(boxes_xyxy)
    centre = (boxes[..., :2] - anchors_cxcywh[:, :2]) / (CENTRE_VARIANCE * anchors_cxcywh[:, 2:])
    size = torch.log(boxes[..., 2:] / anchors_cxcywh[:, 2:]) / SIZE_VARIANCE
    return torch.cat((centre, size), dim=-1)
