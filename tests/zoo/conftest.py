"""Builders: a small card, a small network, files with their tensors, and files that lie."""

import contextlib
import dataclasses
import hashlib
import http.server
import threading
from collections.abc import Callable, Iterator
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


class Host:
    """A web host on this machine that answers as told, then properly.

    Attributes:
        content: The file it has.
        etag: Its mark of that file; empty for none.
        digest: What it promises the SHA-256 to be before it redirects; empty for no promise.
        answers: How to answer the next requests for the file, first to last: ``cut``, ``slow``,
            ``no_range``, ``page``, ``endless``, ``other_range``, or a status.
        requests: The Range header of each request for the file.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.etag = '"version-1"'
        self.digest = f'"{hashlib.sha256(content).hexdigest()}"'
        self.answers: list[str | int] = []
        self.requests: list[str | None] = []
        self.url = ""


class _Handler(http.server.BaseHTTPRequestHandler):
    """``/moved/w.pth`` redirects to ``/w.pth``, ``/loop`` to itself, ``/away`` elsewhere."""

    def do_GET(self) -> None:
        host: Host = self.server.host
        if self.path != "/w.pth":
            places = {"/moved/w.pth?download=true": "/w.pth", "/loop": "/loop"}
            self.send_response(302)
            self.send_header("Location", places.get(self.path, "http://example.org/w.pth"))
            self.send_header("X-Linked-ETag", host.digest)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        host.requests.append(self.headers["Range"])
        answer = host.answers.pop(0) if host.answers else "whole"
        if isinstance(answer, int):
            self.send_error(answer)
            return
        start = self._start(host) if answer != "no_range" else 0
        self._send_head(host, answer, start)
        with contextlib.suppress(ConnectionError):
            self._send_body(host, answer, start)

    def _start(self, host: Host) -> int:
        wanted = self.headers["Range"]
        if wanted is None or self.headers["If-Range"] != host.etag:
            return 0
        return int(wanted.removeprefix("bytes=").removesuffix("-"))

    def _send_head(self, host: Host, answer: str, start: int) -> None:
        self.send_response(206 if start else 200)
        if start:
            told = start + (answer == "other_range")
            self.send_header(
                "Content-Range", f"bytes {told}-{len(host.content) - 1}/{len(host.content)}"
            )
        if host.etag:
            self.send_header("ETag", host.etag)
        if answer != "endless":
            self.send_header("Content-Length", str(len(host.content) - start))
        self.send_header(
            "Content-Type", "text/html" if answer == "page" else "application/octet-stream"
        )
        self.end_headers()

    def _send_body(self, host: Host, answer: str, start: int) -> None:
        if answer == "cut":
            self.wfile.write(host.content[start : start + len(host.content) // 2])
            self.close_connection = True
        elif answer == "slow":
            self.wfile.write(host.content[start : start + 10])
            self.wfile.flush()
            self.server.released.wait(5)
        elif answer == "endless":
            while not self.server.released.is_set():
                self.wfile.write(b"x" * 65536)
        else:
            self.wfile.write(host.content[start:])

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A running host with a small file."""
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    server.host = Host(bytes(range(256)) * 40)
    server.released = threading.Event()
    server.host.url = f"http://127.0.0.1:{server.server_port}/moved/w.pth?download=true"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield server.host
    server.released.set()
    server.shutdown()
    server.server_close()
    thread.join()
