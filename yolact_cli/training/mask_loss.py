"""The mask terms for objects with a mask, and YOLACT++'s mask-IoU term.

Source: YOLACT (arXiv 1904.02689) section 3.2, YOLACT++ (1912.06218) section 4.1; the overlap term,
which neither has, after V-Net (1606.04797) section 3.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from yolact_cli.network.mask_rescoring import MaskIouNet
from yolact_cli.training.sample import Target

SMALLEST_RESCORED_PX = 25


def crop_windows(
    boxes_xyxy_norm: Float[Tensor, "n 4"], size_hw: tuple[int, int], *, grow_px: float = 1.0
) -> Bool[Tensor, "n h w"]:
    """Pixels j with x1 - grow <= j < x2 + grow, and the same for rows, as the reference crops."""
    height, width = size_hw
    scale = boxes_xyxy_norm.new_tensor([width, height, width, height])
    x0, y0, x1, y1 = (boxes_xyxy_norm * scale)[:, :, None].unbind(1)
    columns = torch.arange(width, device=boxes_xyxy_norm.device)
    rows = torch.arange(height, device=boxes_xyxy_norm.device)
    in_columns = (columns >= x0 - grow_px) & (columns < x1 + grow_px)
    in_rows = (rows >= y0 - grow_px) & (rows < y1 + grow_px)
    return in_rows[:, :, None] & in_columns[:, None, :]


def mask_loss(
    mask_logits: Float[Tensor, "n h w"],
    masks: Bool[Tensor, "n h w"],
    boxes_xyxy_norm: Float[Tensor, "n 4"],
) -> Tensor:
    """Cross-entropy inside the true box, over the box's area, summed over the positives.

    The reference also charges 100 for each true pixel outside the crop, a constant that teaches
    nothing; here such pixels are left out.
    """
    size_hw = masks.shape[1], masks.shape[2]
    inside = crop_windows(boxes_xyxy_norm, size_hw)
    pixels = F.binary_cross_entropy_with_logits(mask_logits, masks.float(), reduction="none")
    sides = boxes_xyxy_norm[:, 2:] - boxes_xyxy_norm[:, :2]
    box_area_px = sides.prod(dim=1) * size_hw[0] * size_hw[1]
    # A box under one prototype pixel must not multiply its few pixels' loss.
    return ((pixels * inside).sum(dim=(1, 2)) / box_area_px.clamp(min=1.0)).sum()


def dice_loss(
    mask_logits: Float[Tensor, "n h w"],
    masks: Bool[Tensor, "n h w"],
    boxes_xyxy_norm: Float[Tensor, "n 4"],
) -> Tensor:
    """One less the dice coefficient inside the true box, summed over the positives.

    Pixel by pixel an unsure network does best to call a thin object background everywhere; of the
    overlap that is the worst answer. A mask without a pixel has no overlap to learn from.
    """
    inside = crop_windows(boxes_xyxy_norm, (masks.shape[1], masks.shape[2]))
    soft = torch.sigmoid(mask_logits) * inside
    wanted = (masks & inside).float()
    shared = (soft * wanted).sum(dim=(1, 2))
    sizes = soft.square().sum(dim=(1, 2)) + wanted.sum(dim=(1, 2))
    is_seen = wanted.any(dim=2).any(dim=1)
    return ((1 - 2 * shared / sizes.clamp(min=1.0)) * is_seen).sum()


def mask_iou_loss(
    maskiou_net: MaskIouNet,
    mask_logits: Float[Tensor, "n h w"],
    target: Target,
    object_index: Int[Tensor, " n"],
) -> Tensor:
    """Predicted against true IoU of the thresholded masks, summed over one picture's masks.

    Only true masks of more than 25 prototype pixels count. The soft masks are not detached: the
    term also trains prototypes and coefficients, as in the reference.
    """
    masks = target.masks[object_index]
    large = masks.sum(dim=(1, 2)) > SMALLEST_RESCORED_PX
    if not bool(large.any()):
        return mask_logits.sum() * 0
    masks, object_index = masks[large], object_index[large]
    boxes = target.boxes_xyxy_norm[object_index]
    soft = torch.sigmoid(mask_logits[large]) * crop_windows(boxes, (masks.shape[1], masks.shape[2]))
    with torch.no_grad():
        binary = soft > 0.5
        shared = (binary & masks).sum(dim=(1, 2))
        union = (binary | masks).sum(dim=(1, 2))
        true_iou = shared / union.clamp(min=1)
    predicted = maskiou_net(soft, target.class_ids[object_index])
    return F.smooth_l1_loss(predicted, true_iou, reduction="sum")
