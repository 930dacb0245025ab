"""EfficientNet-lite0: EfficientNet without squeeze-excitation and with ReLU6, made for small CPUs.

Source: Tan and Le (arXiv 1905.11946) and the "lite" variants of tensorflow/tpu (Apache-2.0).
Padding is TensorFlow's SAME, as the published weights expect.
"""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from yolact_cli.network.backbones.backbone import Backbone

# (blocks, kernel, stride, expansion, width) of each stage of lite0.
STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
STEM_CHANNELS = 32
# TensorFlow's batch norm, in torch's convention for momentum.
NORM_EPSILON, NORM_MOMENTUM = 1e-3, 0.01


class SameConv(nn.Conv2d):
    """A convolution with TensorFlow's SAME padding: the odd pixel goes right and below.

    Attributes:
        pads_first: Whether a padded copy of the input is made, as training and graphs want it;
            torch alone is quicker without.
    """

    pads_first = True

    def forward(self, x: Tensor) -> Tensor:
        """(b, in, h, w) to (b, out, ceil(h / stride), ceil(w / stride))."""
        stride = self.stride[0]
        padding = [self._padding(int(size)) for size in x.shape[-2:]]  # tensors while traced
        if self.pads_first and any(low != high for low, high in padding):
            (low_y, high_y), (low_x, high_x) = padding
            x = F.pad(x, (low_x, high_x, low_y, high_y))
            return F.conv2d(x, self.weight, self.bias, stride, 0, 1, self.groups)
        # Padded by another stride on both sides, it gives one output more at the beginning, and
        # the others as they are wanted.
        both_sides = [low if low == high else low + stride for low, high in padding]
        out = F.conv2d(x, self.weight, self.bias, stride, both_sides, 1, self.groups)
        top, left = (int(low != high) for low, high in padding)
        return out[..., top:, left:]

    def _padding(self, size: int) -> tuple[int, int]:
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2


def _unit(
    in_channels: int, out_channels: int, kernel: int, *, stride: int = 1, groups: int = 1
) -> list[nn.Module]:
    conv = SameConv(in_channels, out_channels, kernel, stride, groups=groups, bias=False)
    return [conv, nn.BatchNorm2d(out_channels, eps=NORM_EPSILON, momentum=NORM_MOMENTUM)]


class InvertedResidual(nn.Module):
    """Widen by 1x1, filter each channel, narrow by 1x1; plus the input where shapes allow."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: int, *, stride: int, expansion: int
    ) -> None:
        super().__init__()
        wide = in_channels * expansion
        layers: list[nn.Module] = []
        if expansion != 1:
            layers += [*_unit(in_channels, wide, 1), nn.ReLU6()]
        layers += [*_unit(wide, wide, kernel, stride=stride, groups=wide), nn.ReLU6()]
        layers += _unit(wide, out_channels, 1)
        self.layers = nn.Sequential(*layers)
        self.is_residual = stride == 1 and in_channels == out_channels

    def forward(self, x: Tensor) -> Tensor:
        """(b, in, h, w) to (b, out, ceil(h / stride), ceil(w / stride))."""
        out: Tensor = self.layers(x)
        return x + out if self.is_residual else out


class EfficientNetLite0(Backbone):
    """Stem and seven stages; C3, C4, C5 leave after stages 2, 4 and 6."""

    out_channels = (40, 112, 320)
    is_separable = True

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*_unit(3, STEM_CHANNELS, 3, stride=2), nn.ReLU6())
        self.layers = nn.ModuleList()
        channels = STEM_CHANNELS
        for blocks, kernel, stride, expansion, width in STAGES:
            stage = []
            for index in range(blocks):
                step = stride if index == 0 else 1
                stage.append(
                    InvertedResidual(channels, width, kernel, stride=step, expansion=expansion)
                )
                channels = width
            self.layers.append(nn.Sequential(*stage))

    def forward(self, images: Tensor) -> list[Tensor]:
        """C3, C4, C5."""
        x = self.stem(images)
        features = []
        for index, layer in enumerate(self.layers):
            x = layer(x)
            if index in (2, 4, 6):
                features.append(x)
        return features

    def stages(self) -> list[nn.Module]:
        """Stem, then the seven stages."""
        return [self.stem, *self.layers]
