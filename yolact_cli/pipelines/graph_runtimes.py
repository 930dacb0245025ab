"""Models for OpenVINO and ONNX Runtime: exported before, or converted now and kept.

The cache lies beside downloaded weights. Its key is everything that decides what is kept: the
weights' checksum, the card's network and input, the precision, the library's version, the device.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from yolact_cli.inference.runtimes.compiled_cache import CompiledCache
from yolact_cli.inference.runtimes.graph import (
    GRAPH_VERSION,
    Engine,
    GraphBytes,
    GraphPair,
    GraphRuntime,
)
from yolact_cli.inference.runtimes.installed import installed_version, require
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.selection import Selection
from yolact_cli.settings import Precision
from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.checksum import pinned, weights_checksum
from yolact_cli.zoo.digest import check_digest
from yolact_cli.zoo.graph_files import read_graphs
from yolact_cli.zoo.locate import cache_folder
from yolact_cli.zoo.resolve import ModelSource

if TYPE_CHECKING:
    import openvino

    from yolact_cli.inference.runtimes.torch_runtime import Normalisation
    from yolact_cli.network.yolact import Yolact

CACHE_FOLDER = ".runtimes"  # no card's name begins with a dot
NETWORK, RESCORING = "network", "rescoring"


def openvino_runtime(
    source: ModelSource, selection: Selection, *, device: str, precision: Precision
) -> Runtime:
    """The model compiled by OpenVINO, as it was on an earlier start where there was one.

    Raises:
        DeviceError: OpenVINO does not find the device, or cannot use it for the network.
        ModelError: The weights are not here, or not to be trusted.
    """
    from yolact_cli.inference.runtimes import openvino_runtime as engine

    where = "CPU" if device == "cpu" else "GPU"
    cache = CompiledCache(cache_folder() / CACHE_FOLDER)
    source, key = _kept_by(source)
    key |= {
        "kind": "openvino",
        "settings": engine.compile_settings(where, precision),
        **engine.device_facts(where),
    }
    compiled = _load_compiled(cache.load(key), where, precision)
    if compiled is None:
        graphs = source_graphs(source, _convert_for_openvino)
        compiled = {
            NETWORK: engine.compile_graph(graphs.network, device=where, precision=precision)
        }
        if graphs.rescoring is not None:
            compiled[RESCORING] = engine.compile_graph(
                graphs.rescoring, device=where, precision=precision, pictures=None
            )
        cache.store(key, {name: engine.save_compiled(model) for name, model in compiled.items()})
    config = source.card.network
    ready = engine.OpenVinoEngine(compiled[NETWORK], compiled.get(RESCORING), config=config)
    return GraphRuntime(ready, config=config, selection=selection)


def onnx_runtime(source: ModelSource, selection: Selection, *, device: str) -> Runtime:
    """The model for ONNX Runtime, as it was exported on an earlier start where there was one.

    Raises:
        DeviceError: ONNX Runtime cannot use the device.
        ModelError: The weights are not here, or not to be trusted.
        SettingsError: What exports it is not installed.
    """
    from yolact_cli.inference.runtimes.onnx_runtime import OnnxEngine

    graphs = source_graphs(source, _convert_for_onnx) if source.card.graph else None
    if graphs is None:
        graphs = _kept_onnx(source)
    config = source.card.network
    engine = OnnxEngine(graphs, config=config, device=device)
    return GraphRuntime(engine, config=config, selection=selection)


def source_graphs(
    source: ModelSource, convert: Callable[["Yolact", "Normalisation"], GraphPair]
) -> GraphPair:
    """The model's graphs: read where it was exported, else converted from its weights."""
    if source.card.graph is not None:
        network, rescoring = read_graphs(source)
        branch = None
        if rescoring is not None:
            branch = GraphBytes(model=rescoring.model, weights=rescoring.weights)
        graph = GraphBytes(model=network.model, weights=network.weights)
        return GraphPair(network=graph, rescoring=branch)
    from yolact_cli.inference.runtimes.torch_runtime import Normalisation
    from yolact_cli.zoo.load import load_network

    spec = source.card.input
    return convert(load_network(source), Normalisation(mean=spec.mean, std=spec.std))


def engine_of_graphs(card: ModelCard, graphs: GraphPair) -> Engine:
    """The graphs of an exported model on the processor, in float32, kept in no cache."""
    assert card.graph is not None  # noqa: S101 - asked of exported models only
    if card.graph.runtime == "onnx":
        from yolact_cli.inference.runtimes.onnx_runtime import OnnxEngine

        return OnnxEngine(graphs, config=card.network, device="cpu")
    from yolact_cli.inference.runtimes.openvino_runtime import OpenVinoEngine, compile_graph

    network = compile_graph(graphs.network, device="CPU", precision="fp32")
    rescoring = None
    if graphs.rescoring is not None:
        rescoring = compile_graph(graphs.rescoring, device="CPU", precision="fp32", pictures=None)
    return OpenVinoEngine(network, rescoring, config=card.network)


def _kept_onnx(source: ModelSource) -> GraphPair:
    cache = CompiledCache(cache_folder() / CACHE_FOLDER)
    versions = {name: installed_version(name) for name in ("torch", "onnxscript")}
    source, key = _kept_by(source)
    key |= {"kind": "onnx", **versions}
    kept = cache.load(key)
    if kept is None:
        graphs = source_graphs(source, _convert_for_onnx)
        kept = {NETWORK: graphs.network.model}
        if graphs.rescoring is not None:
            kept[RESCORING] = graphs.rescoring.model
        cache.store(key, kept)
    rescoring = kept.get(RESCORING)
    return GraphPair(
        network=GraphBytes(model=kept[NETWORK]),
        rescoring=None if rescoring is None else GraphBytes(model=rescoring),
    )


def _kept_by(source: ModelSource) -> tuple[ModelSource, dict[str, Any]]:
    """The source, of which what is converted is what the key says, and that key."""
    checksum = weights_checksum(source)
    if source.weights_path is not None and source.card.graph is None:
        check_digest(checksum, source.sha256, source.weights_path)
    return pinned(source, checksum), {
        "graph": GRAPH_VERSION,
        "weights": checksum,
        "network": dataclasses.asdict(source.card.network),
        "input": dataclasses.asdict(source.card.input),
        "exported": source.card.graph and dataclasses.asdict(source.card.graph),
    }


def _load_compiled(
    kept: dict[str, bytes] | None, device: str, precision: Precision
) -> "dict[str, openvino.CompiledModel] | None":
    from yolact_cli.inference.runtimes.openvino_runtime import load_compiled

    try:
        return kept and {
            name: load_compiled(blob, device=device, precision=precision)
            for name, blob in kept.items()
        }
    except RuntimeError:  # OpenVINO says no more than that it is not its own
        return None


def _convert_for_openvino(network: "Yolact", normalisation: "Normalisation") -> GraphPair:
    from yolact_cli.inference.runtimes.openvino_graph import openvino_graphs

    return openvino_graphs(network, normalisation)


def _convert_for_onnx(network: "Yolact", normalisation: "Normalisation") -> GraphPair:
    require("onnxscript", what_for="Making an ONNX graph")
    from yolact_cli.inference.runtimes.onnx_graph import onnx_graphs

    return onnx_graphs(network, normalisation)
