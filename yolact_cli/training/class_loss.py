"""The class term: softmax cross-entropy with hard negatives, honest about what was labelled.

Source: SSD's hard-negative mining as in dbolya/yolact (MIT). Beyond the reference: pictures
without objects give hard negatives too, and where only some classes were looked for, an anchor
off their objects may be background or any class that was not.
"""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

NEGATIVES_PER_POSITIVE = 3
NEGATIVES_WITHOUT_OBJECTS = 100


def class_loss(
    logits: Float[Tensor, "anchors classes"],
    labels: Int[Tensor, " anchors"],
    is_labelled: Bool[Tensor, " foreground"],
) -> Tensor:
    """Summed over one picture's positives and its hardest negatives.

    A negative costs -log(p of background + the p of all classes that were not looked for), and is
    ranked by that. There are three a positive, or 100 where there is no positive.

    Args:
        logits: Background first.
        labels: -1 ignored, 0 background, class id + 1 otherwise.
        is_labelled: Which classes were looked for in this picture.
    """
    positive = labels > 0
    total = torch.logsumexp(logits, dim=1)
    negative_loss = total - _background_evidence(logits, is_labelled)
    count = int(positive.sum()) * NEGATIVES_PER_POSITIVE or NEGATIVES_WITHOUT_OBJECTS
    candidates = negative_loss[labels == 0]
    hardest = candidates.topk(min(count, len(candidates))).values
    own = logits[positive].gather(1, labels[positive, None]).squeeze(1)
    return (total[positive] - own).sum() + hardest.sum()


def _background_evidence(
    logits: Float[Tensor, "anchors classes"], is_labelled: Bool[Tensor, " foreground"]
) -> Float[Tensor, " anchors"]:
    if bool(is_labelled.all()):
        return logits[:, 0]
    may_be = torch.cat((torch.ones_like(is_labelled[:1]), ~is_labelled))
    return torch.logsumexp(logits[:, may_be], dim=1)
