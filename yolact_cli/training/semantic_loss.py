"""The semantic term: which classes are at each pixel of P3; thrown away after training.

Source: YOLACT (arXiv 1904.02689) section 3.3. Beyond the reference: classes that were not looked
for are ignored, and where only a box is known its class is ignored inside it.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from yolact_cli.training.mask_loss import crop_windows
from yolact_cli.training.sample import Target


def semantic_loss(logits: Float[Tensor, "b c h w"], targets: Sequence[Target]) -> Tensor:
    """Cross-entropy over classes and pixels, by the map's area, averaged over pictures."""
    size_hw = logits.shape[2], logits.shape[3]
    truths, weights = zip(*(semantic_truth(target, size_hw) for target in targets), strict=True)
    loss = F.binary_cross_entropy_with_logits(
        logits, torch.stack(truths), weight=torch.stack(weights), reduction="sum"
    )
    return loss / (size_hw[0] * size_hw[1] * len(targets))


def semantic_truth(
    target: Target, size_hw: tuple[int, int]
) -> tuple[Float[Tensor, "c h w"], Float[Tensor, "c h w"]]:
    """Where each class is (1) or is not (0), and where that is known (1) or not (0)."""
    shape = (len(target.is_labelled), *size_hw)
    truth = target.boxes_xyxy_norm.new_zeros(shape)
    known = target.is_labelled[:, None, None].expand(shape).to(truth.dtype)
    known = known.clone()
    boxed = ~target.has_mask
    boxes = torch.cat((target.boxes_xyxy_norm[boxed], target.crowd_boxes_xyxy_norm))
    class_ids = torch.cat((target.class_ids[boxed], target.crowd_class_ids))
    unknown = crop_windows(boxes, size_hw)
    for class_id, window in zip(class_ids.tolist(), unknown, strict=True):
        known[class_id][window] = 0
    masks = F.interpolate(target.masks[None].float(), size_hw, mode="area")[0] > 0.5
    for class_id, mask in zip(target.class_ids.tolist(), masks, strict=True):
        truth[class_id][mask] = 1
        known[class_id][mask] = 1
    return truth, known
