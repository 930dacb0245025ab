"""What a training leaves: the best weights, their card, a picture of the curves."""

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

from yolact_cli.store import LocalStore
from yolact_cli.training.curves import curves_svg
from yolact_cli.training.metrics import METRICS_FILE, read_metrics
from yolact_cli.zoo.card import ModelCard, WeightsSpec, card_to_toml

BEST_FILE = "best.safetensors"
CURVES_FILE = "curves.svg"


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


def keep_best(weights: Mapping[str, torch.Tensor], store: LocalStore) -> None:
    """Put aside the weights that validated best so far."""
    store.put(BEST_FILE, save({name: value.cpu().contiguous() for name, value in weights.items()}))


def read_best(store: LocalStore) -> dict[str, torch.Tensor]:
    """The weights that validated best."""
    return load(store.read_bytes(BEST_FILE))


def draw_curves(store: LocalStore) -> None:
    """Draw losses and validations so far; without matplotlib there is no picture, and a word."""
    if not store.exists(METRICS_FILE):
        return
    try:
        picture = curves_svg(read_metrics(store))
    except ImportError:
        logging.getLogger(__name__).warning(
            'There is no picture of the curves without matplotlib: pip install "yolact_cli[train]"'
        )
        return
    store.put(CURVES_FILE, picture)


def write_result(
    result: ResultCard, weights: Mapping[str, torch.Tensor], store: LocalStore
) -> Path:
    """Write ``<name>.safetensors`` (fp16) and ``<name>.toml``; gives the card's path."""
    half = {name: _as_stored(name, value) for name, value in weights.items()}
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


def _as_stored(name: str, value: torch.Tensor) -> torch.Tensor:
    # Batch-norm statistics can lie beyond half precision's 65504.
    is_half = value.is_floating_point() and ".running_" not in name
    return (value.half() if is_half else value).cpu().contiguous()


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
