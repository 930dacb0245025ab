"""Passes at the same time give what passes one after another give."""

import pytest
import torch

from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.initialise import initialise
from yolact_cli.network.yolact import Yolact
from yolact_cli.training.passes import Passes

CPU = torch.device("cpu")


@pytest.fixture
def network():
    torch.manual_seed(0)
    anchors = AnchorConfig(scales_px=((12.0,), (24.0,), (48.0,), (72.0,), (90.0,)))
    config = NetworkConfig(
        backbone="efficientnet_lite0", num_classes=2, input_size=64, anchors=anchors,
        fpn_channels=16, num_prototypes=4, proto_channels=8, conv_kind="separable",
    )  # fmt: skip
    made = Yolact(config)
    initialise(made)
    # Batch norm over two pictures of a few pixels magnifies rounding a millionfold, and rounding
    # differs with the threads inside a layer; in doubles what is left stays far below a tolerance.
    return made.double().train()


def one_pass(network, part):
    torch.manual_seed(part)
    generator = torch.Generator().manual_seed(part)
    pictures = torch.randn(2, 3, 64, 64, generator=generator, dtype=torch.float64)
    loss = network(pictures).class_logits.square().mean()
    loss.backward()
    return float(loss.detach())


def outcome_of(network, *, cores):
    before = torch.get_num_threads()
    torch.set_num_threads(cores)
    try:
        with Passes(network, count=3, device=CPU) as passes:
            losses = passes.run(one_pass)
            gradients = [p.grad.clone() for p in network.parameters() if p.grad is not None]
            for parameter in network.parameters():
                parameter.grad = None
            passes.keep_statistics()
    finally:
        torch.set_num_threads(before)
    return losses, gradients


def test_cores_do_not_change_what_passes_give(network):
    state = {name: value.clone() for name, value in network.state_dict().items()}
    one_by_one = outcome_of(network, cores=1)
    statistics = {name: value.clone() for name, value in network.named_buffers()}
    network.load_state_dict(state)
    together = outcome_of(network, cores=3)
    assert together[0] == one_by_one[0]
    for ours, theirs in zip(together[1], one_by_one[1], strict=True):
        assert torch.equal(ours, theirs)
    for name, value in network.named_buffers():
        assert torch.equal(value, statistics[name])


def test_gradients_of_passes_add_up(network):
    wanted = {name: torch.zeros_like(value) for name, value in network.named_parameters()}
    for part in range(3):
        network.zero_grad()
        one_pass(network, part)
        for name, parameter in network.named_parameters():
            if parameter.grad is not None:
                wanted[name] += parameter.grad
    network.zero_grad()
    with Passes(network, count=3, device=CPU) as passes:
        passes.run(one_pass)
    for name, parameter in network.named_parameters():
        if parameter.grad is not None:
            torch.testing.assert_close(parameter.grad, wanted[name])


def test_statistics_stay_until_they_are_kept(network):
    before = {name: value.clone() for name, value in network.named_buffers()}
    with Passes(network, count=2, device=CPU) as passes:
        passes.run(one_pass)
        assert all(torch.equal(value, before[name]) for name, value in network.named_buffers())
        passes.keep_statistics()
    moved = {
        name for name, value in network.named_buffers() if not torch.equal(value, before[name])
    }
    counts = {name for name in before if name.endswith("num_batches_tracked")}
    assert counts <= moved  # a mean may stay where it is, as of features that are all 0
    assert any(name.endswith("running_mean") for name in moved)


def test_copies_see_a_change_of_the_weights(network):
    with Passes(network, count=1, device=CPU) as passes:
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.zero_()
        assert passes.run(one_pass) == [0.0]


def test_an_error_in_a_pass_comes_out(network):
    def fail(_network, part):
        raise ValueError(f"pass {part}")

    with Passes(network, count=2, device=CPU) as passes, pytest.raises(ValueError, match="pass 0"):
        passes.run(fail)
