"""YOLACT++'s mask-rescoring branch: how well does a mask fit its object?

Source: YOLACT++ (arXiv 1912.06218) section 4.1; dbolya/yolact, MIT.
"""

import itertools

from jaxtyping import Float, Int
from torch import Tensor, nn


class MaskIouNet(nn.Module):
    """Soft cropped masks to the IoU expected of each class."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        widths = (1, 8, 16, 32, 64, 128)
        for narrow, wide in itertools.pairwise(widths):
            layers += [nn.Conv2d(narrow, wide, 3, stride=2), nn.ReLU()]
        layers += [nn.Conv2d(128, num_classes, 1), nn.ReLU()]
        self.maskiou_net = nn.Sequential(*layers)

    def forward(
        self, soft_masks: Float[Tensor, "n h w"], class_ids: Int[Tensor, " n"]
    ) -> Float[Tensor, " n"]:
        """Predicted IoU of each mask for its class: at least 0, not bounded by 1."""
        if not len(soft_masks):
            return soft_masks.new_zeros(0)
        by_class: Tensor = self.maskiou_net(soft_masks[:, None]).amax(dim=(2, 3))
        return by_class.gather(1, class_ids[:, None]).squeeze(1)
