"""Checkpoints to safetensors with the card inside."""

import pytest
import torch

from yolact_cli.errors import NotACheckpointError, OutputExistsError, WeightsMismatchError
from yolact_cli.zoo.convert import convert_weights, write_safetensors
from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model
from yolact_cli.zoo.weights import load_for_training


def test_converted_file_loads_to_the_same_network(save, state, tmp_path):
    source = resolve_model(str(save(state, legacy=True)))
    out = tmp_path / "out.safetensors"
    write_safetensors(source, out)
    before, after = load_network(source), load_network(resolve_model(str(out)))
    same = after.state_dict()
    assert all(torch.equal(same[name], t) for name, t in before.state_dict().items())


def test_converted_file_carries_the_card_and_where_it_came_from(save, state, tmp_path, card):
    path = save(state)
    write_safetensors(resolve_model(str(path)), tmp_path / "out.safetensors")
    found = resolve_model(str(tmp_path / "out.safetensors")).card
    assert found.network == card.network
    assert sha256_of_path(path) in found.weights.origin


def test_converted_file_keeps_the_semantic_head_for_training(save, state, tmp_path, network):
    write_safetensors(resolve_model(str(save(state))), tmp_path / "out.safetensors")
    assert load_for_training(network, tmp_path / "out.safetensors") == ()
    assert torch.equal(network.semantic_seg_conv.weight, state["semantic_seg_conv.weight"])


def test_semantic_head_that_does_not_fit_is_left_out(save, state, tmp_path, network):
    state["semantic_seg_conv.weight"] = torch.ones(2)
    write_safetensors(resolve_model(str(save(state))), tmp_path / "out.safetensors")
    assert load_for_training(network, tmp_path / "out.safetensors") == ("semantic_seg_conv",)


def test_existing_file_is_kept_unless_told_otherwise(save, state, tmp_path):
    out = tmp_path / "out.safetensors"
    out.write_text("mine")
    with pytest.raises(OutputExistsError, match="is there already"):
        convert_weights(resolve_model(str(save(state))), out)
    assert out.read_text() == "mine"


def test_wrong_weights_are_refused(save, state, tmp_path):
    del state["proto_net.0.bias"]
    with pytest.raises(WeightsMismatchError, match=r"proto_net\.0\.bias missing"):
        write_safetensors(resolve_model(str(save(state))), tmp_path / "out.safetensors")


def test_code_is_refused_across_the_process_and_leaves_nothing(save, tmp_path):
    source = resolve_model(str(save(torch.nn.Linear(2, 2))))
    with pytest.raises(NotACheckpointError, match="asks to call"):
        convert_weights(source, tmp_path / "deeper" / "out.safetensors")
    assert list((tmp_path / "deeper").iterdir()) == []
