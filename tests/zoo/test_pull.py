"""From a card to a file in the cache."""

import socket
import subprocess
import sys
import threading

import pytest
import torch
from click.testing import CliRunner

from yolact_cli.cli.main import yolact
from yolact_cli.errors import ChecksumError, ModelError
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.pull import pull_weights
from yolact_cli.zoo.resolve import resolve_model


@pytest.fixture
def remote(with_weights, host, own_cache):
    """The small card with the host's address."""
    return with_weights(url=host.url)


def test_pulled_file_lies_in_the_cache_with_its_digest(remote, own_cache):
    pulled = pull_weights(remote)
    assert pulled.path == own_cache / "tiny" / "w.pth"
    record = pulled.path.with_name("w.pth.sha256").read_text()
    assert record == f"{pulled.sha256}  w.pth\n"


def test_second_pull_fetches_nothing(remote, host):
    first, second = pull_weights(remote), pull_weights(remote)
    assert not first.was_here
    assert second.was_here
    assert len(host.requests) == 1


def test_pulled_model_loads(remote, host, write_card, save, state):
    host.content = save(state).read_bytes()
    host.digest = ""
    pull_weights(remote)
    source = resolve_model(str(write_card(remote)))
    expected = state["proto_net.0.weight"]
    assert torch.equal(load_network(source).proto_net[0].weight, expected)


def test_command_prints_where_the_file_is_and_how_far_it_was(remote, host, write_card):
    host.answers = ["cut"]
    result = CliRunner().invoke(yolact, ["models", "pull", str(write_card(remote))])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.strip().endswith("w.pth")
    assert "1 of 1 MB" in result.stderr
    assert "tiny fetched, SHA-256" in result.stderr


def test_command_says_in_one_sentence_what_the_host_did(remote, host, write_card):
    host.answers = [404]
    result = CliRunner().invoke(yolact, ["models", "pull", str(write_card(remote))])
    assert result.exit_code == 1
    assert "the host answers 404" in result.stderr


def test_damaged_file_in_the_cache_is_fetched_anew(remote, host):
    pulled = pull_weights(remote)
    pulled.path.write_bytes(b"damaged")
    assert pull_weights(remote).path.read_bytes() == host.content


def test_file_exchanged_at_the_host_is_not_taken(remote, host):
    pulled = pull_weights(remote)
    pulled.path.unlink()
    host.content, host.digest = b"other", ""
    with pytest.raises(ChecksumError):
        pull_weights(remote)


def test_offline_opens_no_connection(remote, host, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket, "socket", refuse)
    with pytest.raises(ModelError, match="--offline was given"):
        pull_weights(remote, is_offline=True)


def test_offline_gives_what_is_in_the_cache(remote):
    pulled = pull_weights(remote)
    assert pull_weights(remote, is_offline=True).path == pulled.path


def test_offline_never_loads_the_code_that_connects():
    script = (
        "import sys, yolact_cli.zoo.pull;"
        "assert not {'yolact_cli.zoo.download', 'yolact_cli.zoo.http_get'} & set(sys.modules);"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_card_without_an_address_says_why(card, own_cache):
    with pytest.raises(ModelError, match="no weights to be had for tiny"):
        pull_weights(card)


def test_parallel_pulls_fetch_once(remote, host):
    results = []
    threads = [
        threading.Thread(target=lambda: results.append(pull_weights(remote))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({result.sha256 for result in results}) == 1
    assert len(host.requests) == 1
