"""A model to a graph that other runtimes read, held against torch before it is kept."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from yolact_cli.inference.runtimes.graph import GraphPair, GraphRuntime
from yolact_cli.inference.runtimes.installed import installed_version, require
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.runtimes.torch_runtime import Normalisation
from yolact_cli.inference.runtimes.written_graph import WrittenEngine
from yolact_cli.inference.selection import Selection
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines.graph_agreement import check_differences, largest_differences
from yolact_cli.pipelines.graph_runtimes import engine_of_graphs, source_graphs
from yolact_cli.pipelines.graph_staging import check_absent, move_in, staging_folder
from yolact_cli.pipelines.trial_pictures import trial_pixels
from yolact_cli.store import told_as_output_errors
from yolact_cli.zoo.card import (
    GRAPH_SUFFIXES,
    GraphRuntimeName,
    GraphSpec,
    ModelCard,
    card_to_toml,
)
from yolact_cli.zoo.checksum import weights_checksum
from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import ModelSource, source_of_card


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        card: What ``--model`` takes.
        pictures: How many pictures it was held against torch on.
        differences: The largest difference of each output, relative to its largest value.
    """

    card: Path
    pictures: int
    differences: Mapping[str, float]


def export_model(
    source: ModelSource,
    to: GraphRuntimeName,
    output: Path,
    *,
    images: Path | None = None,
    overwrite: bool = False,
) -> Exported:
    """Write the model's graph and its card into a folder, if it gives what torch gives.

    Args:
        source: With weights on this machine.
        to: Whose graph.
        output: The folder; made where it is not there.
        images: A folder of pictures to compare on; without it, made-up ones.
        overwrite: Replace files of an earlier export.

    Raises:
        ModelError: The weights are not here or fail a check, or the graph differs from torch.
        OutputError: The folder cannot be written into, or the disk is full.
        OutputExistsError: A file is there already and ``overwrite`` is not given.
        SettingsError: A library that is needed is not installed.
    """
    _require_libraries(to)
    card = graph_card(source, to, name=f"{source.card.name}-{to}")
    if not overwrite:
        check_absent(output, card)
    network = load_network(source)
    spec = source.card.input
    normalisation = Normalisation(mean=spec.mean, std=spec.std)
    pixels = trial_pixels(source.card, images)
    with staging_folder(output) as folder:
        made = make_graphs(network, normalisation, to)
        card_path = write_graph(folder, made, card)
        # Read back through the door that users take, so that what is verified is what they get.
        graphs = source_graphs(source_of_card(card_path), lambda *_: made)
        engines = (WrittenEngine(graphs, runtime=to), engine_of_graphs(card, graphs))
        differences = largest_differences(network, normalisation, engines, pixels)
        check_differences(differences, name=card.name)
        written = move_in(folder, output, card_path.name)
    return Exported(card=written, pictures=len(pixels), differences=differences)


def make_graphs(network: Yolact, normalisation: Normalisation, to: GraphRuntimeName) -> GraphPair:
    """The network's graphs in float32."""
    if to == "onnx":
        from yolact_cli.inference.runtimes.onnx_graph import onnx_graphs

        return onnx_graphs(network, normalisation)
    from yolact_cli.inference.runtimes.openvino_graph import openvino_graphs

    return openvino_graphs(network, normalisation)


def _require_libraries(to: GraphRuntimeName) -> None:
    modules = {"onnx": ("onnxscript", "onnxruntime"), "openvino": ("openvino",)}[to]
    for module in modules:
        require(module, what_for=f"Exporting to {to}")


def graph_card(
    source: ModelSource, to: GraphRuntimeName, *, name: str, precision: str = "fp32"
) -> ModelCard:
    """The exported model's card, but for the digests of files that are not written yet.

    Figures of others stay where the arithmetic does: in int8 nobody has measured them.
    """
    card = source.card
    file = f"{name}{GRAPH_SUFFIXES[to]}"
    packages = ("yolact_cli", "torch", {"onnx": "onnxscript", "openvino": "openvino"}[to])
    rescoring = f"{name}_rescoring{GRAPH_SUFFIXES[to]}" if card.network.mask_rescoring else None
    is_int8 = precision == "int8"
    graph = GraphSpec(
        runtime=to,
        precision="int8" if is_int8 else "fp32",
        made_from=f"{card.name}, weights of SHA-256 {weights_checksum(source)}",
        made_with=", ".join(f"{one} {installed_version(one)}" for one in packages),
        rescoring_file=rescoring,
        files={} if rescoring is None else {rescoring: "0" * 64},
    )
    weights = dataclasses.replace(
        card.weights, file=file, url=None, sha256="0" * 64, size_bytes=None
    )
    return dataclasses.replace(
        card,
        name=name,
        summary=f"{card.summary}; a graph for {to}{' in int8' if is_int8 else ''}",
        weights=weights,
        graph=graph,
        measured=(),
        reported={} if is_int8 else card.reported,
        paper={} if is_int8 else card.paper,
    )


def write_graph(folder: Path, graphs: GraphPair, card: ModelCard) -> Path:
    """Write the graphs and then the card, which gives its path.

    Raises:
        OutputError: They cannot be written, or the disk is full.
    """
    assert card.graph is not None  # noqa: S101 - made by graph_card
    with told_as_output_errors(folder.parent, resumes=False):
        main = folder / str(card.weights.file)
        pairs = [(main, graphs.network)]
        if graphs.rescoring is not None and card.graph.rescoring_file is not None:
            pairs.append((folder / card.graph.rescoring_file, graphs.rescoring))
        further: list[Path] = []
        for path, graph in pairs:
            path.write_bytes(graph.model)
            further += [path] if path != main else []
            if card.graph.runtime == "openvino":
                path.with_suffix(".bin").write_bytes(graph.weights)
                further.append(path.with_suffix(".bin"))
        digests = {path.name: sha256_of_path(path) for path in further}
        complete = dataclasses.replace(
            card,
            weights=dataclasses.replace(
                card.weights, sha256=sha256_of_path(main), size_bytes=main.stat().st_size
            ),
            graph=dataclasses.replace(card.graph, files=digests),
        )
        card_path = folder / f"{card.name}.toml"
        card_path.write_text(card_to_toml(complete), encoding="utf-8")
    return card_path


def runtime_of_graph(source: ModelSource, graphs: GraphPair) -> Runtime:
    """A runtime on the graphs as the card's checks let them through, kept in no cache."""
    read = source_graphs(source, lambda *_: graphs)
    config = source.card.network
    return GraphRuntime(engine_of_graphs(source.card, read), config=config, selection=Selection())
