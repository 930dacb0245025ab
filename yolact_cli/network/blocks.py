"""The 3x3 convolutions that pyramid, prototype branch and head are built from."""

from torch import Tensor, nn

from yolact_cli.network.config import ConvKind


def conv3x3(in_channels: int, out_channels: int, *, stride: int = 1, kind: ConvKind) -> nn.Module:
    """A 3x3 convolution that keeps the size (or halves it), normalised, without activation.

    The plain kind is a bare ``Conv2d`` with bias, so that parameter names are the reference's.
    """
    if kind == "plain":
        return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
    layers = _without_norm(in_channels, out_channels, stride=stride, kind=kind)
    return nn.Sequential(*layers, nn.BatchNorm2d(out_channels))


def shared_conv3x3(channels: int, *, num_levels: int, kind: ConvKind) -> list[nn.Module]:
    """The layers of a 3x3 convolution with one set of weights for all pyramid levels."""
    if kind == "plain":
        return [nn.Conv2d(channels, channels, 3, padding=1)]
    layers = _without_norm(channels, channels, stride=1, kind=kind)
    return [nn.Sequential(*layers), LevelNorm(channels, num_levels=num_levels)]


class LevelNorm(nn.ModuleList):
    """A batch norm for each pyramid level.

    Levels share weights but not statistics: one running mean for all of them is no level's, so
    that the network would see other features in use than in training. Source: EfficientDet
    (arXiv 1911.09070), whose head does the same.
    """

    def __init__(self, channels: int, *, num_levels: int) -> None:
        super().__init__(nn.BatchNorm2d(channels) for _ in range(num_levels))

    def forward(self, features: Tensor, level: int) -> Tensor:
        """Normalise the features of a level, P3 being 0."""
        normalised: Tensor = self[level](features)
        return normalised


def _without_norm(
    in_channels: int, out_channels: int, *, stride: int, kind: ConvKind
) -> list[nn.Module]:
    if kind == "batch_norm":
        return [nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)]
    depthwise = nn.Conv2d(
        in_channels, in_channels, 3, stride=stride, padding=1, groups=in_channels, bias=False
    )
    return [depthwise, nn.Conv2d(in_channels, out_channels, 1, bias=False)]
