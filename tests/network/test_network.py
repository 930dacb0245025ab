"""What the network computes, beside the reference: shapes, anchors, deformable layers, batches."""

import dataclasses
import json

import pytest
import torch
from torch.nn.functional import conv2d

from yolact_cli.network.anchors import make_anchors
from yolact_cli.network.backbones.deformable import DeformableConv
from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.head import PredictionHead
from yolact_cli.network.mask_rescoring import MaskIouNet
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.card import read_card
from yolact_cli.zoo.locate import card_paths

SQUARE = AnchorConfig(scales_px=((24.0,), (48.0,), (96.0,), (192.0,), (384.0,)), is_square=True)


@pytest.fixture(scope="module")
def network():
    """A small network in evaluation mode, with statistics of its own."""
    config = NetworkConfig(
        backbone="efficientnet_lite0",
        num_classes=2,
        input_size=96,
        anchors=SQUARE,
        fpn_channels=16,
        num_prototypes=4,
        proto_channels=8,
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return Yolact(config).eval()


@pytest.fixture(scope="module")
def images():
    """Three different pictures."""
    return torch.randn(3, 3, 96, 96, generator=torch.Generator().manual_seed(0))


def meta_outputs(name):
    """Shapes of all outputs at the card's input size, computed without numbers."""
    config = read_card(card_paths()[name]).network
    with torch.device("meta"):
        side = config.input_size
        return Yolact(config).eval()(torch.empty(1, 3, side, side))


@pytest.mark.parametrize(
    ("name", "levels", "prototypes", "anchors"),
    [
        ("yolact_im400", (50, 25, 13, 7, 4), 100, 10_077),
        ("yolact_base", (69, 35, 18, 9, 5), 138, 19_248),
        ("yolact_darknet53", (69, 35, 18, 9, 5), 138, 19_248),
        ("yolact_im700", (88, 44, 22, 11, 6), 176, 30_963),
        ("yolact_plus_base", (69, 35, 18, 9, 5), 138, 57_744),
    ],
)
def test_levels_prototypes_and_anchors_have_the_published_sizes(name, levels, prototypes, anchors):
    outputs = meta_outputs(name)
    assert outputs.level_sizes_hw == tuple((side, side) for side in levels)
    assert outputs.prototypes.shape == (1, prototypes, prototypes, 32)
    assert outputs.box_offsets.shape == (1, anchors, 4)


@pytest.mark.shared
def test_state_dicts_have_the_released_names_and_shapes(shared_dir):
    layouts = json.loads((shared_dir / "golden" / "layouts.json").read_text())
    for name, expected in layouts.items():
        with torch.device("meta"):
            state = Yolact(read_card(card_paths()[name]).network).state_dict()
        assert {key: list(slot.shape) for key, slot in state.items()} == expected


def test_square_anchors_take_their_width_for_their_height():
    anchors = torch.from_numpy(make_anchors(SQUARE, input_size=550, level_sizes_hw=((1, 1),) * 5))
    expected = torch.tensor([24, 24 * 0.5**0.5, 24 * 2**0.5]) / 550
    torch.testing.assert_close(anchors[:3, 2:], expected[:, None].expand(3, 2))


def test_rectangular_anchors_keep_their_area():
    config = dataclasses.replace(SQUARE, is_square=False)
    anchors = torch.from_numpy(make_anchors(config, input_size=550, level_sizes_hw=((1, 1),) * 5))
    torch.testing.assert_close(anchors[:3, 2] * anchors[:3, 3], torch.full((3,), (24 / 550) ** 2))
    torch.testing.assert_close(anchors[:3, 2] / anchors[:3, 3], torch.tensor([1, 0.5, 2]))


def test_anchors_run_through_columns_before_rows():
    anchors = make_anchors(SQUARE, input_size=550, level_sizes_hw=((2, 4),) + ((1, 1),) * 4)
    centres = anchors[:24:3, :2]
    assert centres[:, 0].tolist() == [0.125, 0.375, 0.625, 0.875] * 2
    assert centres[:, 1].tolist() == [0.25] * 4 + [0.75] * 4


def test_deformable_layers_are_those_of_the_paper():
    counts = {}
    for name in ("yolact_base", "yolact_plus_base", "yolact_plus_resnet50"):
        with torch.device("meta"):
            modules = Yolact(read_card(card_paths()[name]).network).modules()
        counts[name] = sum(isinstance(module, DeformableConv) for module in modules)
    assert counts == {"yolact_base": 0, "yolact_plus_base": 11, "yolact_plus_resnet50": 13}


@pytest.mark.parametrize("stride", [1, 2])
def test_deformable_convolution_without_offsets_is_half_a_plain_one(stride):
    conv = DeformableConv(4, 6, stride=stride).eval()
    conv.bias.data = torch.randn(6)
    x = torch.randn(2, 4, 9, 11)
    plain = conv2d(x, conv.weight, None, stride=stride, padding=1)
    expected = 0.5 * plain + conv.bias[:, None, None]
    torch.testing.assert_close(conv(x), expected, rtol=1e-4, atol=1e-5)


def test_deformable_offsets_are_y_before_x():
    conv = DeformableConv(1, 1, stride=1).eval()
    conv.weight.data = torch.zeros(1, 1, 3, 3)
    conv.weight.data[0, 0, 1, 1] = 2.0  # the middle tap, halved by the modulation
    conv.conv_offset_mask.bias.data[2 * 4] = 1.0
    x = torch.arange(25.0).reshape(1, 1, 5, 5)
    torch.testing.assert_close(conv(x)[0, 0, 1, 1], x[0, 0, 2, 1])


def test_mask_rescoring_of_nothing_is_nothing():
    scores = MaskIouNet(3)(torch.zeros(0, 138, 138), torch.zeros(0, dtype=torch.int64))
    assert scores.shape == (0,)


def test_mask_rescoring_takes_the_channel_of_each_class():
    net = MaskIouNet(3)
    net.maskiou_net[10].weight.data.zero_()
    net.maskiou_net[10].bias.data = torch.tensor([0.1, 0.2, -1.0])
    scores = net(torch.zeros(3, 138, 138), torch.tensor([1, 0, 2]))
    torch.testing.assert_close(scores, torch.tensor([0.2, 0.1, 0.0]))


def test_empty_batch_gives_empty_outputs(network):
    outputs = network(torch.zeros(0, 3, 96, 96))
    assert outputs.class_logits.shape[0] == outputs.prototypes.shape[0] == 0
    assert outputs.class_logits.shape[2] == 3


def test_batch_equals_its_pictures_one_by_one(network, images):
    with torch.inference_mode():
        batch = network(images)
        single = [network(image[None]) for image in images]
    for field in ("box_offsets", "class_logits", "mask_coefficients", "prototypes"):
        expected = torch.cat([getattr(outputs, field) for outputs in single])
        torch.testing.assert_close(getattr(batch, field), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", ["batch_norm", "separable"])
def test_a_head_sees_each_level_in_use_as_it_did_in_training(network, kind):
    """One running mean for all levels would be no level's."""
    torch.manual_seed(0)
    head = PredictionHead(dataclasses.replace(network.config, conv_kind=kind, head_depth=2))
    for module in head.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0  # statistics are those of the last batch alone
    levels = [(1 + 3 * n) * torch.randn(8, 16, 12, 12) + 2 * n for n in range(5)]
    with torch.no_grad():
        trained = [head.train()(features, level=n) for n, features in enumerate(levels)]
        used = [head.eval()(features, level=n) for n, features in enumerate(levels)]
    for ours, theirs in zip(used, trained, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-2, atol=1e-2)


def test_semantic_head_speaks_only_while_training(network, images):
    assert network(images).semantic_logits is None
    try:
        assert network.train()(images).semantic_logits.shape == (3, 2, 12, 12)
    finally:
        network.eval()


def test_coefficients_and_prototypes_keep_to_their_ranges(network, images):
    outputs = network(images)
    assert outputs.mask_coefficients.abs().max() <= 1
    assert outputs.prototypes.min() >= 0


def test_every_anchor_belongs_to_an_output(network, images):
    outputs = network(images)
    assert network.anchors(outputs).shape == (outputs.box_offsets.shape[1], 4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"num_classes": 0}, "num_classes is 0"),
        ({"input_size": 10}, "input_size is 10"),
        ({"head_kernel": 2}, "head_kernel is 2"),
        ({"num_prototypes": 0}, "must be positive"),
    ],
)
def test_impossible_networks_are_refused(network, change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(network.config, **change)
