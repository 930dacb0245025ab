"""The whole network, readable in one sitting.

Source: YOLACT (arXiv 1904.02689) and YOLACT++ (1912.06218); dbolya/yolact at 902073d (MIT), whose
state-dict keys the attribute names follow, so that released checkpoints load as they are.
"""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float
from torch import Tensor, nn

from yolact_cli.network.anchors import make_anchors
from yolact_cli.network.backbones.factory import make_backbone
from yolact_cli.network.config import NetworkConfig
from yolact_cli.network.fpn import FeaturePyramid
from yolact_cli.network.head import PredictionHead
from yolact_cli.network.mask_rescoring import MaskIouNet
from yolact_cli.network.protonet import make_protonet


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NetworkOutputs:
    """Raw outputs for a batch; anchors in the order of :func:`make_anchors`."""

    box_offsets: Float[Tensor, "b anchors 4"]
    class_logits: Float[Tensor, "b anchors classes"]
    """Background first."""
    mask_coefficients: Float[Tensor, "b anchors k"]
    prototypes: Float[Tensor, "b h w k"]
    semantic_logits: Float[Tensor, "b foreground sh sw"] | None
    """Per-pixel class evidence at P3's size; only while training."""
    level_sizes_hw: tuple[tuple[int, int], ...]
    input_size: int
    """The side of the pictures in px, which need not be the model's own while training."""


class Yolact(nn.Module):
    """Normalised RGB pictures in, boxes, classes, coefficients and prototypes out."""

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = make_backbone(config)
        self.fpn = FeaturePyramid(
            self.backbone.out_channels, config.fpn_channels, conv_kind=config.conv_kind
        )
        self.proto_net = make_protonet(config)
        self.prediction_layers = nn.ModuleList([PredictionHead(config)])
        self.semantic_seg_conv = nn.Conv2d(config.fpn_channels, config.num_classes, 1)
        if config.mask_rescoring:
            self.maskiou_net = MaskIouNet(config.num_classes)

    def forward(self, images: Float[Tensor, "b 3 s s"]) -> NetworkOutputs:
        """Everything the losses or the detection stage need; an empty batch gives empty outputs."""
        levels = self.fpn(self.backbone(images))
        head = self.prediction_layers[0]
        boxes, classes, coefficients = zip(
            *(head(features, level=level) for level, features in enumerate(levels)), strict=True
        )
        return NetworkOutputs(
            box_offsets=torch.cat(boxes, dim=1),
            class_logits=torch.cat(classes, dim=1),
            mask_coefficients=torch.cat(coefficients, dim=1),
            prototypes=self.proto_net(levels[0]).permute(0, 2, 3, 1),
            semantic_logits=self.semantic_seg_conv(levels[0]) if self.training else None,
            # whole numbers, which they are not while the network is traced
            level_sizes_hw=tuple((int(one.shape[-2]), int(one.shape[-1])) for one in levels),
            input_size=int(images.shape[-1]),
        )

    def anchors(self, outputs: NetworkOutputs) -> Float[Tensor, "anchors 4"]:
        """The anchors (cx, cy, w, h, relative) that belong to ``outputs``, on their device.

        They have the same pixels at every input size: convolutions see pixels, so that anchors
        which grew with the input would ask them for other offsets from the same features.
        """
        anchors = make_anchors(
            self.config.anchors,
            input_size=outputs.input_size,
            level_sizes_hw=outputs.level_sizes_hw,
        )
        return torch.from_numpy(anchors).to(outputs.box_offsets.device)

    @cached_property
    def num_parameters(self) -> int:
        """Trainable and frozen parameters, buffers not counted."""
        return sum(parameter.numel() for parameter in self.parameters())
