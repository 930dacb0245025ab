"""Builders: a small card, a small network, files with their tensors, and files that lie."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from yolact_cli.network.config import AnchorConfig, NetworkConfig
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.card import InputSpec, ModelCard, WeightsSpec, card_to_toml
from yolact_cli.zoo.labels import Labels
from yolact_cli.zoo.locate import embedded_folder


@pytest.fixture
def make_card() -> Callable[..., ModelCard]:
    """Build a card of a small network: ``make_card(names, **fields of the card)``."""

    def build(names: tuple[str, ...] = ("cup", "saw", "owl"), **fields: object) -> ModelCard:
        network = NetworkConfig(
            backbone="efficientnet_lite0",
            num_classes=len(names),
            input_size=64,
            anchors=AnchorConfig(scales_px=((8.0,), (16.0,), (24.0,), (32.0,), (48.0,))),
            fpn_channels=8,
            num_prototypes=4,
            proto_channels=8,
            mask_rescoring=True,
        )
        defaults = {
            "name": "tiny",
            "summary": "A network for tests",
            "network": network,
            "input": InputSpec(mean=(0.0, 0.0, 0.0), std=(255.0, 255.0, 255.0)),
            "labels": Labels(names=names),
            "weights": WeightsSpec(license="MIT", origin="a test", data="none", data_terms="none"),
        }
        return ModelCard(**(defaults | fields))

    return build


@pytest.fixture
def card(make_card: Callable[..., ModelCard]) -> ModelCard:
    """The small card with three classes."""
    return make_card()


@pytest.fixture
def network(card: ModelCard) -> Yolact:
    """The small card's network with fresh weights."""
    return Yolact(card.network)


@pytest.fixture
def state(network: Yolact) -> dict[str, Tensor]:
    """The small network's tensors, to be spoilt by tests."""
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


@pytest.fixture
def save(tmp_path: Path, card: ModelCard) -> Callable[..., Path]:
    """Write a .pth beside the small card: ``save(content, name="tiny.pth", legacy=False)``."""

    def write(content: object, name: str = "tiny.pth", *, legacy: bool = False) -> Path:
        path = tmp_path / name
        path.with_suffix(".toml").write_text(card_to_toml(card), encoding="utf-8")
        torch.save(content, path, _use_new_zipfile_serialization=not legacy)
        return path

    return write


@pytest.fixture
def own_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is searched for cards first."""
    folder = tmp_path / "zoo"
    folder.mkdir()
    monkeypatch.setenv("YOLACT_MODELS", str(folder))
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for downloads."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("YOLACT_CACHE", str(folder))
    return folder


@pytest.fixture
def write_card(own_zoo: Path) -> Callable[[ModelCard], Path]:
    """Put a card into the own zoo under its name."""

    def write(card: ModelCard) -> Path:
        path = own_zoo / f"{card.name}.toml"
        path.write_text(card_to_toml(card), encoding="utf-8")
        return path

    return write


@pytest.fixture
def with_weights(card: ModelCard) -> Callable[..., ModelCard]:
    """The small card with other fields in [weights]: ``with_weights(file="w.pth")``."""

    def build(**fields: object) -> ModelCard:
        return dataclasses.replace(card, weights=dataclasses.replace(card.weights, **fields))

    return build


@pytest.fixture(scope="session")
def models_folder() -> Path:
    """The cards that travel with the program."""
    return embedded_folder()
