"""A model to a graph that other runtimes read, held against torch before it is kept."""

import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from yolact_cli.errors import ModelError, OutputExistsError
from yolact_cli.inference.runtimes.graph import GraphPair, GraphRuntime
from yolact_cli.inference.runtimes.installed import installed_version, require
from yolact_cli.inference.runtimes.runtime import Runtime
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.inference.selection import Selection
from yolact_cli.network.yolact import Yolact
from yolact_cli.pipelines.trial_pictures import trial_pixels
from yolact_cli.structures import RawOutputs
from yolact_cli.zoo.card import (
    GRAPH_SUFFIXES,
    GraphRuntimeName,
    GraphSpec,
    ModelCard,
    card_to_toml,
    read_card,
)
from yolact_cli.zoo.checksum import weights_checksum
from yolact_cli.zoo.digest import sha256_of_path
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import ModelSource, source_of_card

# Between float32 on two runtimes, relative to an output's largest value. Measured at most 2e-5;
# what is wrong (a resize of another kind, swapped offsets) is off by 1e-2 and more.
TOLERANCES = {
    "box_offsets": 1e-3,
    "class_probabilities": 1e-3,
    "mask_coefficients": 1e-3,
    "prototypes": 1e-3,
}


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
        OutputExistsError: The card is there already and ``overwrite`` is not given.
        SettingsError: A library that is needed is not installed.
    """
    name = f"{source.card.name}-{to}"
    if not overwrite and (output / f"{name}.toml").exists():
        raise OutputExistsError(
            f"{output / name}.toml is there already.", remedy="Give --overwrite to replace it."
        )
    _require_libraries(to)
    network = load_network(source)
    spec = source.card.input
    normalisation = Normalisation(mean=spec.mean, std=spec.std)
    graphs = make_graphs(network, normalisation, to)
    pixels = trial_pixels(source.card, images)
    expected = TorchRuntime(
        network, normalisation=normalisation, device=torch.device("cpu"), selection=Selection()
    )
    with staging_folder(output) as folder:
        card_path = write_graph(folder, graphs, graph_card(source, to, name=name))
        # Read back through the door that users take, so that what is verified is what they get.
        found = runtime_of_graph(source_of_card(card_path), graphs)
        differences = compare(expected, found, pixels)
        check_differences(differences, name=name)
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
    """The exported model's card, but for the digests of files that are not written yet."""
    card = source.card
    file = f"{name}{GRAPH_SUFFIXES[to]}"
    packages = ("yolact_cli", "torch", {"onnx": "onnxscript", "openvino": "openvino"}[to])
    rescoring = f"{name}_rescoring{GRAPH_SUFFIXES[to]}" if card.network.mask_rescoring else None
    graph = GraphSpec(
        runtime=to,
        precision="int8" if precision == "int8" else "fp32",
        made_from=f"{card.name}, weights of SHA-256 {weights_checksum(source)}",
        made_with=", ".join(f"{one} {installed_version(one)}" for one in packages),
        rescoring_file=rescoring,
        files={} if rescoring is None else {rescoring: "0" * 64},
    )
    weights = dataclasses.replace(
        card.weights, file=file, url=None, sha256="0" * 64, size_bytes=None
    )
    summary = f"{card.summary}; a graph for {to}"
    return dataclasses.replace(
        card, name=name, summary=summary, weights=weights, graph=graph, measured=()
    )


def write_graph(folder: Path, graphs: GraphPair, card: ModelCard) -> Path:
    """Write the graphs and then the card, which gives its path."""
    assert card.graph is not None  # noqa: S101 - made by graph_card
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
    complete = dataclasses.replace(
        card,
        weights=dataclasses.replace(
            card.weights, sha256=sha256_of_path(main), size_bytes=main.stat().st_size
        ),
        graph=dataclasses.replace(
            card.graph, files={path.name: sha256_of_path(path) for path in further}
        ),
    )
    card_path = folder / f"{card.name}.toml"
    card_path.write_text(card_to_toml(complete), encoding="utf-8")
    return card_path


def runtime_of_graph(source: ModelSource, graphs: GraphPair) -> Runtime:
    """A runtime on the graphs as the card's checks let them through, kept in no cache."""
    from yolact_cli.pipelines.graph_runtimes import engine_of_graphs, source_graphs

    read = source_graphs(source, lambda *_: graphs)
    config = source.card.network
    return GraphRuntime(engine_of_graphs(source.card, read), config=config, selection=Selection())


def compare(expected: Runtime, found: Runtime, pixels: np.ndarray) -> dict[str, float]:
    """The largest difference of each output, over its largest value; pictures in twos and ones.

    Different sizes of batches show an axis that was taken for a constant.
    """
    largest: dict[str, float] = dict.fromkeys(TOLERANCES, 0.0)
    for start in (*range(0, len(pixels) - 1, 2), len(pixels) - 1):
        part = pixels[start : start + 2]
        pair = expected.raw(part), found.raw(part)
        for name in TOLERANCES:
            largest[name] = max(largest[name], _difference(*pair, name))
    return largest


def _difference(expected: RawOutputs, found: RawOutputs, name: str) -> float:
    wanted, given = getattr(expected, name), getattr(found, name)
    if wanted.shape != given.shape or not np.isfinite(given).all():
        return float("inf")
    scale = max(float(np.abs(wanted).max()), 1e-6)
    return float(np.abs(wanted - given).max()) / scale


def check_differences(differences: Mapping[str, float], *, name: str) -> None:
    """Refuse a graph that does not give what torch gives.

    Raises:
        ModelError: Naming the output that differs most.
    """
    worst = max(differences, key=lambda key: differences[key] / TOLERANCES[key])
    if not differences[worst] <= TOLERANCES[worst]:
        raise ModelError(
            f"{name}: the graph's {worst} differ from torch's by {differences[worst]:.1e} of the "
            f"largest value; at most {TOLERANCES[worst]:.0e} is let through. Nothing was written.",
            remedy="Please report this with the versions of 'pip list'.",
        )


@contextlib.contextmanager
def staging_folder(output: Path) -> Iterator[Path]:
    """A folder inside ``output`` that goes away; files are moved out of it once they are whole."""
    output.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".export-", dir=output))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def move_in(folder: Path, output: Path, card_name: str) -> Path:
    """Move the files into place, the card last: without it, the others are nothing."""
    (output / card_name).unlink(missing_ok=True)
    for path in sorted(folder.iterdir(), key=lambda one: one.name == card_name):
        path.replace(output / path.name)
    read_card(output / card_name)
    return output / card_name
