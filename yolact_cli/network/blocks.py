"""The convolution that pyramid, prototype branch and head are built from."""

from torch import nn

from yolact_cli.network.config import Norm


def conv3x3(in_channels: int, out_channels: int, *, stride: int = 1, norm: Norm) -> nn.Module:
    """A 3x3 convolution that keeps the size (or halves it), with batch norm where asked for.

    Without norm it is a bare ``Conv2d`` with bias, so that parameter names are the reference's.
    """
    if norm == "none":
        return nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1)
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(out_channels),
    )
