"""The 3x3 convolution that pyramid, prototype branch and head are built from."""

from torch import nn

from yolact_cli.network.config import ConvKind


def conv3x3(in_channels: int, out_channels: int, *, stride: int = 1, kind: ConvKind) -> nn.Module:
    """A 3x3 convolution that keeps the size (or halves it), without activation.

    The plain kind is a bare ``Conv2d`` with bias, so that parameter names are the reference's.
    """
    if kind == "plain":
        return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
    norm = nn.BatchNorm2d(out_channels)
    if kind == "batch_norm":
        conv = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        return nn.Sequential(conv, norm)
    depthwise = nn.Conv2d(
        in_channels, in_channels, 3, stride=stride, padding=1, groups=in_channels, bias=False
    )
    return nn.Sequential(depthwise, nn.Conv2d(in_channels, out_channels, 1, bias=False), norm)
