"""Modulated deformable convolution without a compiled extension.

Source: DCNv2 (arXiv 1811.11168) as YOLACT++ uses it, run by torchvision.ops.deform_conv2d.
"""

import torch
from torch import Tensor, nn


class DeformableConv(nn.Module):
    """3x3, one deformable group, with bias; offsets and modulation come from a plain branch."""

    def __init__(self, in_channels: int, out_channels: int, *, stride: int) -> None:
        super().__init__()
        from torchvision.ops import deform_conv2d  # loads as slowly as torch; others do without

        self._deform_conv2d = deform_conv2d
        self.stride = stride
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(out_channels))
        self.conv_offset_mask = nn.Conv2d(in_channels, 27, 3, stride=stride, padding=1)
        nn.init.kaiming_uniform_(self.weight, nonlinearity="relu")
        nn.init.zeros_(self.conv_offset_mask.weight)
        nn.init.zeros_(self.conv_offset_mask.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor) -> Tensor:
        """Sample at learnt offsets (y before x, tap by tap), weigh by the learnt modulation."""
        branch = self.conv_offset_mask(x)
        offsets, modulation = branch[:, :18], torch.sigmoid(branch[:, 18:])
        sampled: Tensor = self._deform_conv2d(
            x, offsets, self.weight, self.bias, stride=self.stride, padding=1, mask=modulation
        )
        return sampled
