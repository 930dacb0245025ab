"""DarkNet-53.

Source: YOLOv3 (Redmon and Farhadi, arXiv 1804.02767); attribute names are the released YOLACT
checkpoints' keys.
"""

from torch import Tensor, nn

from yolact_cli.network.backbones.backbone import Backbone

BLOCKS = (1, 2, 8, 8, 4)


def _unit(in_channels: int, out_channels: int, kernel: int, *, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel, stride, kernel // 2, bias=False),
        nn.BatchNorm2d(out_channels),
        nn.LeakyReLU(0.1),
    )


class DarkNetBlock(nn.Module):
    """1x1 to half the width, 3x3 back, plus the input; no activation after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _unit(channels, channels // 2, 1)
        self.conv2 = _unit(channels // 2, channels, 3)

    def forward(self, x: Tensor) -> Tensor:
        """(b, channels, h, w) to the same shape."""
        residual: Tensor = self.conv2(self.conv1(x))
        return x + residual


class DarkNet53(Backbone):
    """Five stages, each halving the size; C3..C5 are stages 2..4."""

    out_channels = (256, 512, 1024)

    def __init__(self) -> None:
        super().__init__()
        self._preconv = _unit(3, 32, 3)
        self.layers = nn.ModuleList()
        for stage, num_blocks in enumerate(BLOCKS):
            channels = 32 * 2**stage
            blocks = [DarkNetBlock(2 * channels) for _ in range(num_blocks)]
            self.layers.append(nn.Sequential(_unit(channels, 2 * channels, 3, stride=2), *blocks))

    def forward(self, images: Tensor) -> list[Tensor]:
        """C3, C4, C5."""
        x = self._preconv(images)
        features = []
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return features[2:]

    def stages(self) -> list[nn.Module]:
        """Stem, then the five stages."""
        return [self._preconv, *self.layers]
