"""Schedules, averages, frozen stages and optimiser groups."""

import copy

import pytest
import torch

from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.initialise import initialise
from yolact_cli.network.yolact import Yolact
from yolact_cli.settings import TrainSettings
from yolact_cli.training.ema import WeightAverage
from yolact_cli.training.freeze import freeze_stages, run_frozen_fused
from yolact_cli.training.optimizer import make_optimizer, set_learning_rates
from yolact_cli.training.schedule import learning_rate_factor


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    anchors = AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (72.0,), (90.0,)))
    config = NetworkConfig(
        backbone="efficientnet_lite0", num_classes=2, input_size=96, anchors=anchors,
        fpn_channels=16, num_prototypes=4, proto_channels=8, conv_kind="separable",
    )  # fmt: skip
    made = Yolact(config)
    initialise(made)
    return made


def test_steps_follow_the_references_milestones():
    settings = TrainSettings(iterations=800_000, warmup_iterations=500)
    at = [0, 250, 500, 279_999, 280_000, 600_000, 700_000, 750_000]
    factors = [learning_rate_factor(iteration, settings) for iteration in at]
    assert factors == pytest.approx([0.1, 0.55, 1, 1, 0.1, 0.01, 1e-3, 1e-4])


def test_a_cosine_falls_to_a_hundredth():
    settings = TrainSettings(iterations=100, warmup_iterations=0, schedule="cosine")
    factors = [learning_rate_factor(iteration, settings) for iteration in range(101)]
    assert factors[0] == 1
    assert factors[50] == pytest.approx(0.505)
    assert factors[100] == pytest.approx(0.01)
    assert factors == sorted(factors, reverse=True)


def test_the_average_approaches_weights_that_stay():
    layer = torch.nn.Linear(2, 2)
    average = WeightAverage(layer, decay=0.5)
    with torch.no_grad():
        layer.weight += 1
    for iteration in range(60):
        average.update(layer, iteration)
    torch.testing.assert_close(average.state["weight"], layer.weight.detach())


def test_frozen_stages_compute_the_same_and_their_state_does_not_move(network):
    trained = copy.deepcopy(network)
    with torch.no_grad():
        for _ in range(3):  # batch-norm statistics to fold
            trained.train()(torch.randn(4, 3, 96, 96))
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    stages = trained.backbone.stages()[:4]
    plain = copy.deepcopy(torch.nn.Sequential(*stages)).eval()
    freeze_stages(stages)
    run_frozen_fused(stages)
    pictures = torch.randn(2, 3, 96, 96)
    with torch.no_grad():
        folded = pictures
        for stage in stages:
            folded = stage(folded)
        torch.testing.assert_close(folded, plain(pictures), rtol=1e-4, atol=1e-4)
    trained.train()
    freeze_stages(stages)
    optimizer = make_optimizer(trained, TrainSettings(learning_rate=0.1))
    trained(pictures).class_logits.sum().backward()
    optimizer.step()
    after = trained.state_dict()
    assert list(after) == list(before)
    frozen = [f"backbone.{part}" for part in ("stem.", "layers.0.", "layers.1.", "layers.2.")]
    for name, value in before.items():
        if name.startswith(tuple(frozen)):
            torch.testing.assert_close(after[name], value, rtol=0, atol=0)
    assert (after["fpn.lat_layers.0.weight"] != before["fpn.lat_layers.0.weight"]).any()


@pytest.mark.parametrize(("kind", "decayed_groups"), [("sgd", 2), ("adamw", 2)])
def test_the_backbone_has_a_rate_of_its_own(network, kind, decayed_groups):
    settings = TrainSettings(optimizer=kind, learning_rate=0.01, backbone_rate=0.5)
    optimizer = make_optimizer(network, settings)
    set_learning_rates(optimizer, 0.1)
    rates = {round(group["lr"], 6) for group in optimizer.param_groups}
    assert rates == {0.001, 0.0005}
    decays = [group["weight_decay"] > 0 for group in optimizer.param_groups]
    assert sum(decays) == decayed_groups


def test_adamw_leaves_biases_and_norms_undecayed(network):
    optimizer = make_optimizer(network, TrainSettings(optimizer="adamw"))
    for group in optimizer.param_groups:
        is_flat = {parameter.ndim == 1 for parameter in group["params"]}
        assert is_flat == {group["weight_decay"] == 0}
