"""ResNet-50 and -101, with deformable convolutions where YOLACT++ has them.

Source: He et al. (arXiv 1512.03385), stride on the 3x3 convolution as torchvision has it;
attribute names are the released YOLACT checkpoints' keys.
"""

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from yolact_cli.network.backbones.backbone import Backbone
from yolact_cli.network.backbones.deformable import DeformableConv
from yolact_cli.network.config import DeformableConfig

BLOCKS = {50: (3, 4, 6, 3), 101: (3, 4, 23, 3)}
EXPANSION = 4


class Bottleneck(nn.Module):
    """1x1, 3x3, 1x1 with a shortcut."""

    def __init__(
        self, in_channels: int, width: int, *, stride: int, is_first: bool, is_deformable: bool
    ) -> None:
        super().__init__()
        out_channels = width * EXPANSION
        self.conv1 = nn.Conv2d(in_channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2: nn.Module
        if is_deformable:
            self.conv2 = DeformableConv(width, width, stride=stride)
        else:
            self.conv2 = nn.Conv2d(width, width, 3, stride=stride, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, out_channels, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(out_channels)
        self.downsample: nn.Module | None = None
        if is_first:
            self.downsample = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False),
                nn.BatchNorm2d(out_channels),
            )

    def forward(self, x: Tensor) -> Tensor:
        """(b, in, h, w) to (b, 4 * width, h / stride, w / stride)."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        return F.relu(self.bn3(self.conv3(x)) + shortcut)


class ResNet(Backbone):
    """Bottleneck ResNet without pooling and classifier; C3..C5 are stages 1..3."""

    out_channels = (512, 1024, 2048)

    def __init__(self, depth: int, deformable: DeformableConfig | None = None) -> None:
        super().__init__()
        deformable = deformable or DeformableConfig()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layers = nn.ModuleList()
        channels = 64
        for stage, num_blocks in enumerate(BLOCKS[depth]):
            width = 64 * 2**stage
            blocks = []
            for index in range(num_blocks):
                is_first = index == 0
                block = Bottleneck(
                    channels,
                    width,
                    stride=2 if is_first and stage else 1,
                    is_first=is_first,
                    is_deformable=_is_deformable(deformable, stage, index, num_blocks),
                )
                blocks.append(block)
                channels = width * EXPANSION
            self.layers.append(nn.Sequential(*blocks))

    def forward(self, images: Tensor) -> list[Tensor]:
        """C3, C4, C5."""
        x = self.maxpool(F.relu(self.bn1(self.conv1(images))))
        features = []
        for layer in self.layers:
            x = layer(x)
            features.append(x)
        return features[1:]

    def stages(self) -> list[nn.Module]:
        """Stem, then the four stages."""
        return [nn.ModuleList([self.conv1, self.bn1]), *self.layers]


def _is_deformable(config: DeformableConfig, stage: int, index: int, num_blocks: int) -> bool:
    # The reference's rule: its first block ignores the interval but needs the whole stage.
    count = config.blocks_per_stage[stage]
    if index == 0:
        return count >= num_blocks
    return index + count >= num_blocks and index % config.interval == 0
