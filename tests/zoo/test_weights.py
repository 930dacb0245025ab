"""Tensors into networks: released quirks, other classes, other networks, spoilt values."""

import dataclasses

import pytest
import torch
from safetensors.torch import save_file

from yolact_cli.errors import WeightsMismatchError
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.weights import drop_released_quirks, load_for_training, load_weights

CONF = "prediction_layers.0.conf_layer"


def load(network, path):
    load_weights(network, path)
    return network.state_dict()


@pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])
def test_weights_arrive_unchanged(save, state, network, legacy):
    expected = {name: t for name, t in state.items() if not name.startswith("semantic")}
    loaded = load(network, save(state, legacy=legacy))
    assert all(torch.equal(loaded[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_becomes_float32(tmp_path, state, network, dtype):
    halves = {n: t.to(dtype) if t.is_floating_point() else t for n, t in state.items()}
    save_file(halves, tmp_path / "w.safetensors")
    loaded = load(network, tmp_path / "w.safetensors")
    assert {t.dtype for t in loaded.values()} == {torch.float32, torch.int64}
    assert torch.equal(loaded[f"{CONF}.weight"], state[f"{CONF}.weight"].to(dtype).float())


def test_loaded_tensors_are_independent_of_each_other(save, state, network):
    state["fpn.pred_layers.0.bias"] = state["fpn.pred_layers.1.bias"]
    load_weights(network, save(state))
    first, second = (network.fpn.pred_layers[i].bias.data_ptr() for i in (0, 1))
    assert first != second


def test_counters_of_batch_norm_may_be_missing(save, state, network):
    path = save({n: t for n, t in state.items() if "num_batches_tracked" not in n})
    load_weights(network, path)


def test_surplus_of_released_files_is_dropped(save, state, network):
    surplus = {
        "backbone.layer.0.0.weight": torch.ones(2),
        "fpn.downsample_layers.2.weight": torch.ones(2),
        "fpn.downsample_layers.10.bias": torch.ones(2),
    }
    load_weights(network, save(state | surplus))
    assert drop_released_quirks(surplus) == {}


def test_semantic_head_of_any_shape_is_ignored(save, state, network):
    state["semantic_seg_conv.weight"] = torch.full((7, 1), torch.nan)
    load_weights(network, save(state))
    assert not network.semantic_seg_conv.weight.any()


def test_semantic_head_may_be_missing(save, state, network):
    load_weights(network, save({n: t for n, t in state.items() if not n.startswith("semantic")}))


def test_backbone_file_is_told_from_a_detector(save, network):
    path = save({"layer1.0.conv1.weight": torch.ones(2), "fc.bias": torch.ones(2)})
    with pytest.raises(WeightsMismatchError, match=r"only a backbone.*layer1\.0\.conv1\.weight"):
        load_weights(network, path)


def test_backbone_cut_out_of_a_detector_is_told_from_it(save, state, network):
    path = save({n: t for n, t in state.items() if n.startswith("backbone.")})
    with pytest.raises(WeightsMismatchError, match=r"only a backbone.*cut out of a network"):
        load_weights(network, path)


def test_other_class_count_is_told_with_both_counts(save, make_card, network):
    other = Yolact(make_card(("a", "b")).network).state_dict()
    with pytest.raises(
        WeightsMismatchError, match="is for 2 classes, but the model's card names 3"
    ):
        load_weights(network, save(dict(other)))


def test_wrapped_names_are_explained(save, state, network):
    path = save({f"module.{name}": tensor for name, tensor in state.items()})
    with pytest.raises(WeightsMismatchError, match=r"begins with 'module\.'"):
        load_weights(network, path)


def test_missing_tensor_is_named(save, state, network):
    del state["proto_net.8.bias"]
    with pytest.raises(WeightsMismatchError, match=r"proto_net\.8\.bias missing"):
        load_weights(network, save(state))


def test_unknown_tensor_is_named(save, state, network):
    state["fpn.extra.weight"] = torch.ones(1)
    with pytest.raises(WeightsMismatchError, match=r"fpn\.extra\.weight not of this network"):
        load_weights(network, save(state))


def test_other_shape_is_named_with_both(save, state, network):
    state["proto_net.8.bias"] = torch.ones(9)
    with pytest.raises(WeightsMismatchError, match=r"proto_net\.8\.bias is 9, not 8"):
        load_weights(network, save(state))


def test_other_dtype_is_named(save, state, network):
    state["proto_net.8.bias"] = state["proto_net.8.bias"].double()
    with pytest.raises(WeightsMismatchError, match=r"proto_net\.8\.bias is float64"):
        load_weights(network, save(state))


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_values_that_are_not_finite_are_counted(save, state, network, value):
    state["proto_net.8.bias"][:3] = value
    with pytest.raises(WeightsMismatchError, match=r"proto_net\.8\.bias holds 3 values"):
        load_weights(network, save(state))


def test_training_takes_everything_of_an_equal_network(save, state, card):
    network = Yolact(card.network)
    assert load_for_training(network, save(state)) == ()
    loaded = network.state_dict()
    assert all(torch.equal(loaded[name], tensor) for name, tensor in state.items())


def test_training_makes_class_layers_afresh_for_other_classes(save, state, make_card):
    network = Yolact(make_card(("a", "b")).network)
    before = network.prediction_layers[0].conf_layer.weight.clone()
    fresh = load_for_training(network, save(state))
    assert fresh == (CONF, "semantic_seg_conv", "maskiou_net.maskiou_net.10")
    assert torch.equal(network.prediction_layers[0].conf_layer.weight, before)
    assert torch.equal(network.fpn.pred_layers[0].weight, state["fpn.pred_layers.0.weight"])


def test_training_can_be_told_that_equally_many_classes_are_others(save, state, card):
    fresh = load_for_training(Yolact(card.network), save(state), keep_classes=False)
    assert CONF in fresh


def test_training_makes_a_missing_semantic_head_afresh(save, state, card):
    path = save({n: t for n, t in state.items() if not n.startswith("semantic")})
    assert load_for_training(Yolact(card.network), path) == ("semantic_seg_conv",)


def test_training_refuses_another_network(save, state, card):
    config = dataclasses.replace(card.network, proto_channels=16)
    with pytest.raises(WeightsMismatchError, match="another network"):
        load_for_training(Yolact(config), save(state))
