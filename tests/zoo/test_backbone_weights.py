"""ImageNet starts under the names their files have."""

import pytest
import torch

from yolact_cli.errors import WeightsMismatchError
from yolact_cli.network.config import AnchorConfig, DeformableConfig, NetworkConfig
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.backbone_weights import load_backbone_weights


def make_network(backbone, deformable=(0, 0, 0, 0)):
    return Yolact(
        NetworkConfig(
            backbone=backbone,
            num_classes=1,
            input_size=64,
            anchors=AnchorConfig(scales_px=((8.0,), (16.0,), (24.0,), (32.0,), (48.0,))),
            deformable=DeformableConfig(blocks_per_stage=deformable),
            fpn_channels=8,
            proto_channels=8,
        )
    )


@pytest.fixture(scope="module")
def classifier():
    """A plain ResNet-50's tensors under torchvision's names."""
    backbone = make_network("resnet50").backbone
    tensors = {}
    for name, tensor in backbone.state_dict().items():
        stage = name.removeprefix("layers.")
        renamed = name if stage == name else f"layer{int(stage[0]) + 1}{stage[1:]}"
        tensors[renamed] = tensor.clone()
    return tensors | {"fc.weight": torch.ones(3, 4), "fc.bias": torch.ones(3)}


def test_torchvision_resnet_becomes_the_backbone(save, classifier):
    network = make_network("resnet50")
    load_backbone_weights(network, save(classifier, "resnet50-19c8e357.pth", legacy=True))
    loaded = network.backbone.layers[2][5].conv2.weight
    assert torch.equal(loaded, classifier["layer3.5.conv2.weight"])


def test_resnet_without_counters_is_taken(save, classifier):
    path = save({n: t for n, t in classifier.items() if "num_batches" not in n})
    load_backbone_weights(make_network("resnet50"), path)


def test_deformable_offsets_start_at_zero(save, classifier):
    network = make_network("resnet50", deformable=(0, 4, 6, 3))
    load_backbone_weights(network, save(classifier))
    conv = network.backbone.layers[1][0].conv2
    assert torch.equal(conv.weight, classifier["layer2.0.conv2.weight"])
    assert not conv.conv_offset_mask.weight.any()


def test_darknet_is_taken_under_its_own_names(save):
    network, other = make_network("darknet53"), make_network("darknet53")
    load_backbone_weights(network, save(other.backbone.state_dict()))
    assert torch.equal(
        network.backbone.layers[4][4].conv2[0].weight, other.backbone.layers[4][4].conv2[0].weight
    )


def test_another_backbone_is_refused(save, classifier):
    with pytest.raises(WeightsMismatchError, match=r"another network.*_preconv"):
        load_backbone_weights(make_network("darknet53"), save(classifier))


def test_whole_detector_is_refused(save, state):
    with pytest.raises(WeightsMismatchError, match="whole detector"):
        load_backbone_weights(make_network("resnet50"), save(state))
