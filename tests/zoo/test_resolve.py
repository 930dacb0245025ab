"""From what stands after --model to a card and a file."""

import hashlib

import pytest
import torch
from safetensors.torch import save_file

from yolact_cli.errors import (
    CardError,
    ChecksumError,
    ModelError,
    NotACheckpointError,
    UnknownModelError,
    WeightsMismatchError,
)
from yolact_cli.zoo.card import card_to_toml
from yolact_cli.zoo.checksum import weights_checksum
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.locate import card_paths
from yolact_cli.zoo.resolve import resolve_model


def test_embedded_cards_are_found_by_name():
    assert resolve_model("yolact_base").card.network.backbone == "resnet101"


def test_own_cards_come_before_embedded_ones(make_card, write_card):
    path = write_card(make_card(name="yolact_base"))
    assert card_paths()["yolact_base"] == path


def test_unknown_name_suggests_the_closest():
    with pytest.raises(UnknownModelError, match="Did you mean yolact_base"):
        resolve_model("yolact_bas")


def test_missing_file_is_named():
    with pytest.raises(UnknownModelError, match=r"nowhere/a\.pth: there is no such file"):
        resolve_model("nowhere/a.pth")


def test_card_path_gives_weights_relative_to_it(with_weights, write_card, state):
    path = write_card(with_weights(file="w.pth"))
    torch.save(state, path.parent / "w.pth")
    assert resolve_model(str(path)).weights_path == path.parent / "w.pth"


def test_card_whose_file_is_missing_is_an_error(with_weights, write_card):
    path = write_card(with_weights(file="w.pth"))
    with pytest.raises(CardError, match=r"w\.pth are missing"):
        resolve_model(str(path))


@pytest.mark.parametrize("name", ["yolact_im700_54_800000", "yolact_im700_3_99_interrupt"])
def test_released_name_tells_the_configuration(name, tmp_path):
    path = tmp_path / f"{name}.pth"
    path.touch()
    assert resolve_model(str(path)).card.name == "yolact_im700"


def test_folder_is_no_file(tmp_path):
    (tmp_path / "a.pth").mkdir()
    with pytest.raises(UnknownModelError, match="is a folder"):
        resolve_model(str(tmp_path / "a.pth"))


def test_name_that_tells_nothing_asks_for_a_card(tmp_path, state):
    path = tmp_path / "best.pth"
    torch.save(state, path)
    with pytest.raises(UnknownModelError, match=r"model card beside it as best\.toml"):
        resolve_model(str(path))


def test_file_that_is_no_network_is_not_asked_for_a_card(tmp_path):
    path = tmp_path / "letter.pth"
    path.write_text("Dear reader")
    with pytest.raises(NotACheckpointError, match="begins with b'Dear rea'"):
        resolve_model(str(path))


def test_backbone_under_its_usual_name_is_told_as_one(tmp_path):
    path = tmp_path / "resnet50-19c8e357.pth"
    torch.save({"conv1.weight": torch.ones(2), "fc.bias": torch.ones(2)}, path)
    with pytest.raises(WeightsMismatchError, match=r"only a backbone.*conv1\.weight.*--start"):
        resolve_model(str(path))


def test_card_beside_a_checkpoint_is_taken(save, state, card):
    assert resolve_model(str(save(state, "yolact_base_1_2.pth"))).card == card


def test_safetensors_carries_its_card(tmp_path, state, card):
    path = tmp_path / "anything.safetensors"
    save_file(state, path, metadata={"yolact_card": card_to_toml(card)})
    assert resolve_model(str(path)).card == card


def test_weights_that_are_not_here_name_the_command(own_cache):
    source = resolve_model("yolact_base")
    with pytest.raises(ModelError, match="yolact models pull yolact_base"):
        load_network(source)


def test_weights_that_never_were_say_so(own_cache):
    with pytest.raises(ModelError, match="no weights were released"):
        load_network(resolve_model("yolact_im400"))


def test_checksum_of_the_card_is_required(with_weights, write_card, state):
    path = write_card(with_weights(file="w.pth", sha256="0" * 64))
    torch.save(state, path.parent / "w.pth")
    with pytest.raises(ChecksumError, match="000000000000"):
        load_network(resolve_model(str(path)))


def test_recorded_checksum_is_required(own_cache, with_weights, write_card, state):
    path = write_card(with_weights(url="https://example.org/w.pth?download=true"))
    (own_cache / "tiny").mkdir(parents=True)
    torch.save(state, own_cache / "tiny" / "w.pth")
    (own_cache / "tiny" / "w.pth.sha256").write_text(f"{'1' * 64}  w.pth\n")
    with pytest.raises(ChecksumError, match="111111111111"):
        load_network(resolve_model(str(path)))


def test_manifest_checksum_is_the_sha256_of_the_file(save, state):
    source = resolve_model(str(save(state)))
    assert weights_checksum(source) == hashlib.sha256(source.weights_path.read_bytes()).hexdigest()


def test_loaded_network_is_ready_for_inference(save, state):
    network = load_network(resolve_model(str(save(state))))
    assert not network.training
    assert not any(parameter.requires_grad for parameter in network.parameters())


def test_loading_takes_no_random_numbers(save, state):
    path = save(state)
    before = torch.get_rng_state()
    load_network(resolve_model(str(path)))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", ["~nobody-of-that-name/x.pth", "~nobody-of-that-name/x.toml"])
def test_a_tilde_that_names_nobody_is_part_of_a_name(name):
    with pytest.raises(UnknownModelError, match="there is no such file"):
        resolve_model(name)
