"""Model cards: what a network is, where its weights are, and what it has been measured to do."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from yolact_cli.errors import CardError
from yolact_cli.network.config import NetworkConfig
from yolact_cli.structures import Category
from yolact_cli.zoo.labels import Labels, read_labels
from yolact_cli.zoo.table import Scalar, read_record
from yolact_cli.zoo.toml_text import record_to_toml

MAX_CARD_BYTES = 1 << 20
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
SHA256 = re.compile(r"[0-9a-f]{64}")

PLAIN_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")

Interpolation = Literal["bilinear", "area"]
GraphRuntimeName = Literal["onnx", "openvino"]
GRAPH_SUFFIXES = {"onnx": ".onnx", "openvino": ".xml"}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSpec:
    """How a picture becomes the network's input: resized, then (value - mean) / std."""

    mean: tuple[float, float, float]
    """Red, green, blue, on 0..255."""
    std: tuple[float, float, float]
    """Red, green, blue, on 0..255."""
    interpolation: Interpolation = "bilinear"
    """bilinear: the reference's, without antialiasing; area: averages when shrinking."""

    def __post_init__(self) -> None:
        if min(self.std) <= 0:
            raise ValueError("std must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightsSpec:
    """Where the weights are and under what terms; neither file nor url means nowhere."""

    file: str | None = None
    """Relative to the card's folder, or absolute."""
    url: str | None = None
    """Where ``yolact models pull`` fetches them."""
    sha256: str | None = None
    """64 lower-case hex digits; required of the file before it is opened."""
    size_bytes: int | None = None
    license: str
    """Terms of the weights themselves, or that none are stated."""
    origin: str
    """Who made them, with which command or at which address."""
    data: str
    """The data set they were learnt from."""
    data_terms: str
    """Terms of that data set; not those of this program."""

    def __post_init__(self) -> None:
        if self.sha256 is not None and not SHA256.fullmatch(self.sha256):
            raise ValueError("sha256 must be 64 lower-case hex digits")
        if self.url is not None and not re.match(r"https?://[^/]+/.*[^/]$", self.url):
            raise ValueError(f"url {self.url!r} must begin with https:// and end in a file name")
        if self.size_bytes is not None and self.size_bytes < 1:
            raise ValueError("size_bytes must be positive")


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphSpec:
    """What makes ``[weights] file`` a graph that a runtime reads, instead of named tensors."""

    runtime: GraphRuntimeName
    """Which one reads it."""
    precision: Literal["fp32", "int8"] = "fp32"
    """Arithmetic that is part of the graph."""
    made_from: str
    """The model and the SHA-256 of its weights."""
    made_with: str
    """The versions of what made it."""
    rescoring_file: str | None = None
    """The graph of YOLACT++'s mask-rescoring branch."""
    files: Mapping[str, Scalar] = field(default_factory=dict)
    """Every further file that belongs to it, beside the card, with its SHA-256."""

    def __post_init__(self) -> None:
        for name, digest in self.files.items():
            # a name with a folder in it could point anywhere
            if not PLAIN_FILE.fullmatch(name):
                raise ValueError(f"[graph.files] {name!r} must be a plain file name")
            if not isinstance(digest, str) or not SHA256.fullmatch(digest):
                raise ValueError(f"[graph.files] {name} needs a SHA-256 of 64 hex digits")
        if self.rescoring_file is not None and self.rescoring_file not in self.files:
            raise ValueError("the rescoring_file must be among [graph.files]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """One model of the zoo."""

    name: str
    summary: str
    network: NetworkConfig
    input: InputSpec
    labels: Labels
    weights: WeightsSpec
    graph: GraphSpec | None = None
    """Only of models that were exported for a runtime."""
    measured: tuple[Mapping[str, Scalar], ...] = ()
    """Rows of figures measured with this program, each with its command."""
    reported: Mapping[str, Scalar] = field(default_factory=dict)
    """Figures of others, with their source."""
    paper: Mapping[str, Scalar] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no model name (letters, digits, '.', '_', '-')")
        if len(self.labels.names) != self.network.num_classes:
            raise ValueError(
                f"{len(self.labels.names)} class names, but [network] num_classes is "
                f"{self.network.num_classes}"
            )
        for row in self.measured:
            if "command" not in row:
                raise ValueError("a [[measured]] row must name the command that gave it")
        if self.graph is not None:
            self._check_graph(self.graph)

    def _check_graph(self, graph: GraphSpec) -> None:
        file, suffix = self.weights.file, GRAPH_SUFFIXES[graph.runtime]
        if file is None or not PLAIN_FILE.fullmatch(file) or not file.endswith(suffix):
            raise ValueError(f"[weights] file must be a plain name that ends in {suffix}")
        if self.weights.sha256 is None:
            raise ValueError("a graph needs [weights] sha256")
        if self.network.mask_rescoring != (graph.rescoring_file is not None):
            raise ValueError("[graph] rescoring_file belongs to networks with mask_rescoring")

    @property
    def categories(self) -> tuple[Category, ...]:
        """The classes in the network's order, with the ids written to files."""
        return self.labels.categories


def read_card(path: Path) -> ModelCard:
    """The card in a TOML file.

    Raises:
        CardError: If it cannot be read, parsed or believed.
    """
    try:
        if path.stat().st_size > MAX_CARD_BYTES:
            raise CardError(f"{path}: too large for a model card (more than 1 MiB).")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CardError(f"{path}: the model card cannot be read ({error}).") from error
    return parse_card(text, where=str(path), folder=path.parent)


def parse_card(text: str, *, where: str, folder: Path | None = None) -> ModelCard:
    """The card that ``text`` spells.

    Args:
        text: TOML.
        where: Names the text in errors.
        folder: What ``[labels] file`` is relative to; None for a card that stands alone and
            must list its names itself.

    Raises:
        CardError: If it does not parse, has unknown keys, or contradicts itself.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # numbers of too many digits, nested too deeply
        raise CardError(f"{where}: not valid TOML: {error}.") from error
    if isinstance(labels := table.get("labels"), dict) and "file" in labels:
        table["labels"] = _labels_table(labels, where=where, folder=folder)
    return read_record(ModelCard, table, where=f"{where}:")


def _labels_table(labels: dict[str, Any], *, where: str, folder: Path | None) -> dict[str, Any]:
    if len(labels) > 1 or not isinstance(labels["file"], str):
        raise CardError(f"{where}: [labels] has a file or the names themselves, not both.")
    if folder is None:
        raise CardError(f"{where}: [labels] names a file, but this card stands alone.")
    read = read_labels(folder / labels["file"])
    return {
        "names": read.names,
        "category_ids": read.category_ids,
        "supercategories": read.supercategories,
    }


def card_to_toml(card: ModelCard) -> str:
    """The card as TOML that :func:`parse_card` reads back as an equal card, names inline."""
    return record_to_toml(card)
