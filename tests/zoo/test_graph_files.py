"""Exported graphs are untrusted: what their files may be, and that nothing else is read."""

import contextlib
import dataclasses
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yolact_cli.errors import CardError, ChecksumError, NotACheckpointError, UnknownModelError
from yolact_cli.zoo import graph_files
from yolact_cli.zoo.card import GraphSpec, card_to_toml, read_card
from yolact_cli.zoo.checkpoint import read_tensors
from yolact_cli.zoo.graph_files import read_graphs
from yolact_cli.zoo.onnx_scan import GraphRefusedError, scan_onnx
from yolact_cli.zoo.openvino_scan import scan_openvino
from yolact_cli.zoo.resolve import resolve_model


def field(number, content):
    """A protocol buffer's field: bytes, or a number below 128."""
    if isinstance(content, int):
        return bytes([number << 3, content])
    length, size = b"", len(content)
    while size >= 128:
        length, size = length + bytes([size & 127 | 128]), size >> 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + content


# Field 4 of a node to readers that take 32 bits of a tag, field 2 ** 29 + 4 to others.
HIDDEN_OPERATOR = bytes.fromhex("a280808010") + b"\x04Loop"


def onnx_model(operator=b"Relu", *, domain=b"", tensor=b"", depth=0):
    node = field(1, b"x") + field(4, operator) + field(7, domain)
    graph = field(1, node)
    for _ in range(depth):
        graph = field(1, field(4, b"Relu") + field(5, field(6, graph)))
    return field(7, graph + (field(5, tensor) if tensor else b""))


XML = '<net name="a"><layers><layer id="0" type="{kind}">{data}</layer></layers></net>'


def openvino_xml(kind="Const", data='<data offset="0" size="8"/>'):
    return XML.format(kind=kind, data=data).encode()


@pytest.fixture
def exported(tmp_path, make_card):
    """``exported(files={name: bytes}, **graph)``: a card with a graph, its digests right."""

    def build(model, *, runtime="onnx", files=None, rescoring=None, size_limit=None):
        card = make_card()
        card = dataclasses.replace(
            card, network=dataclasses.replace(card.network, mask_rescoring=rescoring is not None)
        )
        file = "tiny" + {"onnx": ".onnx", "openvino": ".xml"}[runtime]
        contents = {file: model, **(files or {})}
        digests = {}
        for name, data in contents.items():
            (tmp_path / name).write_bytes(data)
            digests[name] = hashlib.sha256(data).hexdigest()
        graph = GraphSpec(
            runtime=runtime,
            made_from="tiny",
            made_with="a test",
            files={name: digests[name] for name in digests if name != file},
            rescoring_file=rescoring,
        )
        weights = dataclasses.replace(card.weights, file=file, sha256=digests[file])
        card = dataclasses.replace(card, graph=graph, weights=weights)
        (tmp_path / "tiny.toml").write_text(card_to_toml(card), encoding="utf-8")
        return resolve_model(str(tmp_path / "tiny.toml"))

    return build


def test_graph_is_read_with_its_card(exported, tmp_path):
    source = exported(onnx_model())
    assert read_graphs(source)[0].model == onnx_model()
    assert (
        resolve_model(str(tmp_path / "tiny.onnx")).card
        == source.card
        == read_card(tmp_path / "tiny.toml")
    )


def test_graph_of_two_files_and_a_branch_is_read(exported):
    files = {"tiny.bin": b"12345678", "branch.xml": openvino_xml(), "branch.bin": b"abcdefgh"}
    source = exported(openvino_xml(), runtime="openvino", files=files, rescoring="branch.xml")
    network, branch = read_graphs(source)
    assert (network.weights, branch.weights) == (b"12345678", b"abcdefgh")


def test_exchanged_file_is_refused(exported, tmp_path):
    source = exported(openvino_xml(), runtime="openvino", files={"tiny.bin": b"12345678"})
    (tmp_path / "tiny.bin").write_bytes(b"1234567x")
    with pytest.raises(ChecksumError, match="was promised"):
        read_graphs(source)


def test_file_that_the_card_does_not_list_is_not_read(exported, tmp_path):
    source = exported(openvino_xml(), runtime="openvino")
    (tmp_path / "tiny.bin").write_bytes(b"12345678")
    with pytest.raises(CardError, match=r"\[graph.files\] does not list it"):
        read_graphs(source)


def test_missing_file_is_an_error(exported, tmp_path):
    source = exported(openvino_xml(), runtime="openvino", files={"tiny.bin": b"12345678"})
    (tmp_path / "tiny.bin").unlink()
    with pytest.raises(CardError, match="cannot be read"):
        read_graphs(source)


def test_oversized_file_is_not_opened(exported, monkeypatch):
    monkeypatch.setattr(graph_files, "MAX_CHECKPOINT_BYTES", 10)
    with pytest.raises(NotACheckpointError, match="no graph above"):
        read_graphs(exported(onnx_model()))


@pytest.mark.parametrize("name", ["../weights.bin", "/etc/passwd", "a/b.bin", "..", ""])
def test_file_outside_the_cards_folder_is_refused(name):
    with pytest.raises(ValueError, match="plain file name"):
        GraphSpec(runtime="onnx", made_from="", made_with="", files={name: "0" * 64})


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (b"", "empty"),
        (b"<html>", "cut off|no ONNX"),
        (onnx_model()[:-1], "cut off"),
        (onnx_model(b"Loop"), "operator 'Loop'"),
        (onnx_model(domain=b"evil.com"), "domain 'evil.com'"),
        (onnx_model(tensor=field(14, 1)), "other files"),
        (onnx_model(tensor=field(13, field(1, b"location") + field(2, b"../x"))), "other files"),
        (onnx_model(b"Loop", depth=1), "operator 'Loop'"),
        (onnx_model(depth=40), "nested too deeply"),
        (field(1, 8), "no graph"),
        (field(7, field(1, HIDDEN_OPERATOR)), "no ONNX"),
        (b"\x00\x00", "no ONNX"),
    ],
)
def test_onnx_that_asks_for_more_than_a_network_is_refused(model, reason):
    with pytest.raises(GraphRefusedError, match=reason):
        scan_onnx(model)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_scanned(data):
    with contextlib.suppress(GraphRefusedError):
        scan_onnx(data)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (b"", "cannot be read"),
        (b"<net/>", "no graph"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><net/>', "entities"),
        (openvino_xml("Loop"), "layer 'Loop'"),
        (openvino_xml(data=""), "no place"),
        (openvino_xml(data='<data offset="-1" size="8"/>'), "no place"),
        (openvino_xml(data='<data offset="1" size="8"/>'), "outside its weights"),
        (openvino_xml().replace(b"<layer ", b'<layer xmlns="a" '), "no graph|namespaces"),
        (openvino_xml().replace(b"<net ", b'<net xmlns:a="b" a:c="d" '), "namespaces"),
    ],
)
def test_openvino_graph_that_asks_for_more_than_a_network_is_refused(xml, reason):
    with pytest.raises(GraphRefusedError, match=reason):
        scan_openvino(xml, weights_bytes=8)


def test_graph_without_a_card_says_what_writes_one(tmp_path):
    (tmp_path / "lone.onnx").write_bytes(onnx_model())
    with pytest.raises(UnknownModelError, match="models export"):
        resolve_model(str(tmp_path / "lone.onnx"))


def test_graph_cannot_be_loaded_as_weights(tmp_path):
    (tmp_path / "tiny.onnx").write_bytes(onnx_model())
    with pytest.raises(NotACheckpointError, match="graph made for a runtime"):
        read_tensors(tmp_path / "tiny.onnx")
