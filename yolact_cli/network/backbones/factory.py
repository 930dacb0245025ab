"""A backbone by its configured name."""

from yolact_cli.network.backbones.backbone import Backbone
from yolact_cli.network.backbones.darknet import DarkNet53
from yolact_cli.network.backbones.efficientnet_lite import EfficientNetLite0
from yolact_cli.network.backbones.resnet import ResNet
from yolact_cli.network.config import NetworkConfig


def make_backbone(config: NetworkConfig) -> Backbone:
    """The feature extractor that ``config`` names, with fresh weights."""
    if config.backbone == "darknet53":
        return DarkNet53()
    if config.backbone == "efficientnet_lite0":
        return EfficientNetLite0()
    depth = {"resnet50": 50, "resnet101": 101}[config.backbone]
    return ResNet(depth, config.deformable)
