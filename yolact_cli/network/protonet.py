"""The prototype branch: k masks for the whole picture, shared by all its objects.

Source: YOLACT (arXiv 1904.02689) section 3.1, figure 3; dbolya/yolact, MIT. Sequential indices
(0, 2, 4, 8, 10 in the reference's shape) are the released checkpoints' keys.
"""

from torch import nn

from yolact_cli.network.blocks import conv3x3
from yolact_cli.network.config import NetworkConfig


def make_protonet(config: NetworkConfig) -> nn.Sequential:
    """P3 to (b, k, 2h, 2w); the prototypes' own ReLU is the last layer."""
    before, after = config.proto_depth
    channels = config.fpn_channels
    layers: list[nn.Module] = []
    for _ in range(before):
        layers += [conv3x3(channels, config.proto_channels, kind=config.conv_kind), nn.ReLU()]
        channels = config.proto_channels
    upsample = nn.Upsample(scale_factor=2, mode="bilinear", align_corners=False)
    layers += [upsample, nn.ReLU()]
    for _ in range(after):
        layers += [conv3x3(channels, config.proto_channels, kind=config.conv_kind), nn.ReLU()]
        channels = config.proto_channels
    layers += [nn.Conv2d(channels, config.num_prototypes, 1), nn.ReLU()]
    return nn.Sequential(*layers)
