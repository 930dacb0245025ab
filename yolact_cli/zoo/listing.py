"""The zoo as people read it: one line a card, and the page of models/README.md."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from yolact_cli.zoo.card import ModelCard
from yolact_cli.zoo.resolve import ModelSource

WeightsPlace = Literal["here", "to pull", "none"]

INTRODUCTION = """\
# Models

This page is made from the cards in this folder: `yolact models list --markdown > models/README.md`.
The networks' code is in [yolact_cli/network](../yolact_cli/network).

A card says what a network is (`[network]`), how pictures become its input (`[input]`), what its
classes are called (`[labels]`), where its weights are and under what terms (`[weights]`), and how
good it is: `[[measured]]` with this program, by the command given, or `[reported]` by others.
`yolact models show NAME` prints one, `yolact models check` verifies them all.

`--model` takes a name from the table, the path of a card of your own, or a `.pth` or
`.safetensors` file. Cards of your own are found by name in the folders of `$YOLACT_MODELS`.

The weights' terms are not the program's: the network's code is MIT, the released weights were
learnt from data sets with terms of their own, which each entry below repeats from its card."""


def weights_place(source: ModelSource) -> WeightsPlace:
    """Whether a model can be used now, after a download, or not at all."""
    if source.weights_path is not None:
        return "here"
    return "to pull" if source.card.weights.url is not None else "none"


def best_figure(card: ModelCard) -> str:
    """The card's mask AP in a few words: measured if it was, else as reported; may be empty.

    Of a model in int8 of which nothing is known, that nothing was measured.
    """
    rows = [(row, "measured") for row in card.measured] + [(card.reported, "reported")]
    titles = {"mask_ap": "AP", "mask_ap50": "AP50"}
    for row, source in rows:
        key = next((key for key in titles if key in row), None)
        if key is not None:
            data = f" on {row['dataset']}" if "dataset" in row else ""
            return f"{titles[key]} {row[key]}{data}, {source}"
    is_int8 = card.graph is not None and card.graph.precision == "int8"
    return "not measured" if is_int8 and not card.measured else ""


def describe(source: ModelSource, path: Path) -> dict[str, Any]:
    """All that a card says, as plain values for JSON."""
    plain = dataclasses.asdict(source.card)
    return {
        **plain,
        "card": str(path),
        "weights_path": None if source.weights_path is None else str(source.weights_path),
        "weights_place": weights_place(source),
    }


def zoo_page(cards: Sequence[ModelCard]) -> str:
    """The Markdown of models/README.md: the same on every machine, whatever was downloaded."""
    rows = [
        "| model | backbone | input | classes | mask AP | weights |",
        "|---|---|---|---|---|---|",
    ]
    for card in cards:
        network = card.network
        rows.append(
            f"| [{card.name}](#{card.name}) | {network.backbone} | {network.input_size} px "
            f"| {network.num_classes} | {best_figure(card)} | {_weights_words(card)} |"
        )
    sections = [_section(card) for card in cards]
    return "\n\n".join([INTRODUCTION, "\n".join(rows), *sections]) + "\n"


def _weights_words(card: ModelCard) -> str:
    if card.weights.file is not None:
        return "in this folder"
    return "`yolact models pull`" if card.weights.url is not None else "not to be had"


def _section(card: ModelCard) -> str:
    weights = card.weights
    lines = [
        f"## {card.name}",
        f"{card.summary}. [Card]({card.name}.toml).",
        f"- Weights: {weights.origin}. Licence: {weights.license}.",
        f"- Learnt from: {weights.data}. Terms: {weights.data_terms}.",
    ]
    lines += [f"- Measured: {_row(row)}." for row in card.measured]
    if card.reported:
        lines.append(f"- Reported: {_row(card.reported)}.")
    if card.paper:
        lines.append(f"- Paper: {_row(card.paper)}.")
    return "\n".join([lines[0], "", lines[1], "", *lines[2:]])


def _row(row: Mapping[str, Any]) -> str:
    words = {key: f"`{value}`" if key == "command" else value for key, value in row.items()}
    return ", ".join(f"{key.replace('_', ' ')} {value}" for key, value in words.items())
