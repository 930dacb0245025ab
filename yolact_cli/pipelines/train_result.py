"""What a finished training leaves: weights in half precision, and their card."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save

from yolact_cli.store import LocalStore
from yolact_cli.zoo.card import ModelCard, WeightsSpec, card_to_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultCard:
    """What the new card says."""

    card: ModelCard
    name: str
    command: str
    data: str
    pictures: int
    iterations: int
    hours: float
    device: str
    validation: Mapping[str, Any] | None


def write_result(
    result: ResultCard, weights: Mapping[str, torch.Tensor], store: LocalStore
) -> Path:
    """Write ``<name>.safetensors`` (fp16) and ``<name>.toml``; gives the card's path."""
    half = {
        name: (value.half() if value.is_floating_point() else value).cpu().contiguous()
        for name, value in weights.items()
    }
    data = save(half)
    file = f"{result.name}.safetensors"
    store.put(file, data)
    spec = WeightsSpec(
        file=file,
        sha256=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        license="those of whoever trained it",
        origin=f"{result.command or 'yolact train'}; {result.iterations} iterations, "
        f"{result.hours:.1f} hours on {result.device}",
        data=f"{result.data} ({result.pictures} pictures)",
        data_terms="those of the training pictures; fill in before passing the weights on",
    )
    card = replace(result.card, name=result.name, weights=spec, measured=_measured(result))
    path = f"{result.name}.toml"
    store.put(path, card_to_toml(card).encode())
    return store.root / path


def _measured(result: ResultCard) -> tuple[Mapping[str, str | float], ...]:
    if result.validation is None:
        return ()
    figures = {
        key: value
        for key, value in result.validation.items()
        if isinstance(value, float) and key != "iteration"
    }
    row: dict[str, str | float] = {
        "dataset": "the validation set of the training",
        **figures,
        "command": result.command or "yolact train",
        "date": datetime.now(UTC).date().isoformat(),
    }
    return (row,)
