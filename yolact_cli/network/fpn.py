"""Feature pyramid: three backbone levels in, five levels of equal width out.

Source: YOLACT (arXiv 1904.02689) section 4, after FPN (1612.03144); dbolya/yolact, MIT.
Attribute names are the released checkpoints' keys, and their lists run from C5 down to C3.
"""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - torch's own convention

from yolact_cli.network.blocks import conv3x3
from yolact_cli.network.config import ConvKind


class FeaturePyramid(nn.Module):
    """C3, C4, C5 to P3..P7."""

    def __init__(
        self, in_channels: Sequence[int], channels: int, *, conv_kind: ConvKind = "plain"
    ) -> None:
        super().__init__()
        self.lat_layers = nn.ModuleList(nn.Conv2d(c, channels, 1) for c in reversed(in_channels))
        self.pred_layers = nn.ModuleList(
            conv3x3(channels, channels, kind=conv_kind) for _ in in_channels
        )
        self.downsample_layers = nn.ModuleList(
            conv3x3(channels, channels, stride=2, kind=conv_kind) for _ in range(2)
        )

    def forward(self, features: Sequence[Tensor]) -> list[Tensor]:
        """Levels P3..P7, finest first, from backbone features, finest first."""
        outputs: list[Tensor] = []
        carried: Tensor | None = None
        for lateral, smooth, feature in zip(
            self.lat_layers, self.pred_layers, reversed(features), strict=True
        ):
            level = lateral(feature)
            if carried is not None:
                size = level.shape[-2:]
                level = level + F.interpolate(
                    carried, size=size, mode="bilinear", align_corners=False
                )
            carried = level  # the un-smoothed sum travels down
            outputs.append(F.relu(smooth(level)))
        outputs.reverse()
        for downsample in self.downsample_layers:
            outputs.append(downsample(outputs[-1]))  # no activation around P6 and P7
        return outputs
