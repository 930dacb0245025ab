"""What a network is made of, as frozen values checked when they are made."""

from dataclasses import dataclass
from typing import Literal

BackboneKind = Literal["resnet50", "resnet101", "darknet53", "efficientnet_lite0"]
ConvKind = Literal["plain", "batch_norm", "separable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeformableConfig:
    """Where a ResNet's 3x3 convolutions are deformable (YOLACT++, arXiv 1912.06218 section 4.2)."""

    blocks_per_stage: tuple[int, int, int, int] = (0, 0, 0, 0)
    """How many of a stage's blocks, counted from its end, may be deformable."""
    interval: int = 1
    """Of those, every so many-th is."""

    def __post_init__(self) -> None:
        if self.interval < 1:
            raise ValueError("the interval of deformable blocks must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class AnchorConfig:
    """The anchors of each pyramid level, P3 first."""

    scales_px: tuple[tuple[float, ...], ...]
    """Sides of the square each level's anchors start from, at the configured input size."""
    aspect_ratios: tuple[float, ...] = (1.0, 0.5, 2.0)
    """Width over height; the fastest-moving index within a cell."""
    is_square: bool = False
    """Reference quirk: the height is overwritten by the width, so ratios become sizes."""

    def __post_init__(self) -> None:
        if len(self.scales_px) != 5 or len({len(level) for level in self.scales_px}) != 1:
            raise ValueError("anchors need five levels with equally many scales")
        if min(self.aspect_ratios) <= 0 or min(map(min, self.scales_px)) <= 0:
            raise ValueError("anchor scales and aspect ratios must be positive")

    @property
    def per_cell(self) -> int:
        """Anchors at one position of one level."""
        return len(self.scales_px[0]) * len(self.aspect_ratios)


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkConfig:
    """One YOLACT network: everything that decides its tensors' shapes and its arithmetic."""

    backbone: BackboneKind
    num_classes: int
    """Without background."""
    input_size: int
    """Side of the square the network looks at, in px."""
    anchors: AnchorConfig
    deformable: DeformableConfig = DeformableConfig()
    fpn_channels: int = 256
    num_prototypes: int = 32
    proto_channels: int = 256
    proto_depth: tuple[int, int] = (3, 1)
    """3x3 convolutions of the prototype branch before and after its upsampling."""
    head_depth: int = 1
    """3x3 convolutions shared by the head's three outputs."""
    head_kernel: int = 3
    """Kernel size of the three output convolutions."""
    conv_kind: ConvKind = "plain"
    """The 3x3 convolutions of pyramid, prototype branch and head: the reference's, with batch norm,
    or depthwise then pointwise with batch norm (for small CPUs)."""
    mask_rescoring: bool = False
    """YOLACT++'s mask-IoU branch."""

    def __post_init__(self) -> None:
        if not 1 <= self.num_classes <= 10_000:
            raise ValueError(f"num_classes is {self.num_classes}; it must lie in 1..10000")
        if not 64 <= self.input_size <= 4096:
            raise ValueError(f"input_size is {self.input_size}; it must lie in 64..4096")
        if self.head_kernel not in (1, 3):
            raise ValueError(f"head_kernel is {self.head_kernel}; it must be 1 or 3")
        counts = (self.fpn_channels, self.num_prototypes, self.proto_channels, self.head_depth)
        if min(counts) < 1 or min(self.proto_depth) < 0:
            raise ValueError("channel counts and depths must be positive")
