"""What tells weights from others, and that nothing else is loaded."""

import dataclasses

import pytest

from yolact_cli.errors import ChecksumError, ModelError
from yolact_cli.zoo.checksum import pinned, weights_checksum
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import ModelSource


@pytest.fixture
def source(save, state, card) -> ModelSource:
    return ModelSource(card=card, weights_path=save(state))


def test_weights_exchanged_since_they_were_looked_at_are_not_loaded(source, save, state):
    seen = pinned(source, weights_checksum(source))
    load_network(seen)
    save({name: value + 1 for name, value in state.items()})
    load_network(source)
    with pytest.raises(ChecksumError):
        load_network(seen)


def test_what_was_promised_stays_the_promise(source):
    promised = dataclasses.replace(source, sha256="0" * 64)
    assert pinned(promised, weights_checksum(source)) is promised


def test_weights_that_cannot_be_read_are_an_error_of_the_model(source):
    source.weights_path.unlink()
    with pytest.raises(ModelError, match=r"tiny\.pth: cannot be read"):
        weights_checksum(source)
