"""What every backbone promises."""

from torch import Tensor, nn


class Backbone(nn.Module):
    """Normalised pictures in, features at strides 8, 16 and 32 out."""

    out_channels: tuple[int, int, int]
    """Widths of C3, C4 and C5."""
    is_separable = False
    """Whether its filters see one channel each."""

    def forward(self, images: Tensor) -> list[Tensor]:
        """C3, C4, C5, finest first."""
        raise NotImplementedError

    def stages(self) -> list[nn.Module]:
        """The parts in order, input side first, for freezing the early ones while training."""
        raise NotImplementedError
