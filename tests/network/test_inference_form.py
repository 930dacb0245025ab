"""Networks in the form they are used in."""

import copy

import pytest
import torch
from torch import nn

from yolact_cli.network.backbones.darknet import DarkNet53
from yolact_cli.network.backbones.efficientnet_lite import EfficientNetLite0
from yolact_cli.network.backbones.resnet import ResNet
from yolact_cli.network.config import DeformableConfig
from yolact_cli.network.inference_form import bring_to_inference_form

BACKBONES = {
    "resnet50": lambda: ResNet(50),
    "deformable": lambda: ResNet(50, DeformableConfig(blocks_per_stage=(0, 4, 6, 3))),
    "darknet53": DarkNet53,
    "lite0": EfficientNetLite0,
}


@pytest.fixture(params=BACKBONES)
def backbone(request):
    """A backbone whose norms have statistics and weights of their own."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        module = BACKBONES[request.param]().eval()
        for norm in module.modules():
            if isinstance(norm, nn.BatchNorm2d):
                nn.init.uniform_(norm.weight, 0.5, 1.0)
                nn.init.uniform_(norm.bias, -0.2, 0.2)
                nn.init.uniform_(norm.running_mean, -0.2, 0.2)
                nn.init.uniform_(norm.running_var, 0.5, 1.5)
    return module


def test_backbones_give_the_same_features(backbone):
    images = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    folded = copy.deepcopy(backbone)
    bring_to_inference_form(folded)
    assert not any(isinstance(part, nn.BatchNorm2d) for part in folded.modules())
    with torch.inference_mode():
        for one, other in zip(backbone(images), folded(images), strict=True):
            torch.testing.assert_close(other, one, rtol=1e-3, atol=1e-3 * float(one.abs().max()))


def test_a_norm_without_a_convolution_of_its_own_stays():
    layers = nn.Sequential(nn.ReLU(), nn.BatchNorm2d(3), nn.Conv2d(3, 3, 1)).eval()
    bring_to_inference_form(layers)
    assert isinstance(layers[1], nn.BatchNorm2d)


def test_a_second_time_changes_nothing(backbone):
    bring_to_inference_form(backbone)
    state = {name: value.clone() for name, value in backbone.state_dict().items()}
    bring_to_inference_form(backbone)
    assert all(torch.equal(value, state[name]) for name, value in backbone.state_dict().items())
