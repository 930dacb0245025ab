"""Whether every card of the zoo holds what it says."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from yolact_cli.errors import ModelError
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.graph_files import read_graphs
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.locate import card_paths
from yolact_cli.zoo.resolve import ModelSource, source_of_card


@dataclass(frozen=True, slots=True, kw_only=True)
class CardReport:
    """What was found about one card.

    Attributes:
        name: The card's file stem.
        path: The card.
        source: The card with its weights, or None if it could not be read.
        parameters: Of the network, 0 if it could not be built.
        problem: One sentence, empty when all is well.
    """

    name: str
    path: Path
    source: ModelSource | None
    parameters: int = 0
    problem: str = ""


def check_cards() -> Iterator[CardReport]:
    """Each card in turn: it parses, its files exist, their digests agree, its network loads.

    Weights that are not on this machine are no problem.
    """
    for name, path in card_paths().items():
        yield _check_card(name, path)


def _check_card(name: str, path: Path) -> CardReport:
    source = None
    try:
        source = source_of_card(path)
        parameters = _build(source)
    except ModelError as error:
        return CardReport(name=name, path=path, source=source, problem=str(error))
    problem = ""
    if source.card.name != name:
        problem = f"{path}: the card is named {source.card.name}, its file is not."
    return CardReport(name=name, path=path, source=source, parameters=parameters, problem=problem)


def _build(source: ModelSource) -> int:
    if source.card.graph is not None:
        read_graphs(source)
    elif source.weights_path is not None:
        return load_network(source).num_parameters
    with torch.device("meta"):
        return Yolact(source.card.network).num_parameters
