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


def read_best(store: LocalStore) -> dict[str, torch.Tensor] | None:
    """The weights that validated best; None where none were put aside."""
    return load(store.read_bytes(BEST_FILE)) if store.exists(BEST_FILE) else None


class CurvesPicture:
    """A picture of losses and validations so far, in a training's folder."""

    def __init__(self, store: LocalStore) -> None:
        self._store = store
        self._can_draw = True

    def draw(self) -> None:
        """Draw it anew; without matplotlib there is none, and one word about it."""
        if not self._can_draw or not self._store.exists(METRICS_FILE):
            return
        try:
            picture = curves_svg(read_metrics(self._store))
        except ImportError:
            self._can_draw = False
            logging.getLogger(__name__).warning(
                "There is no picture of the curves without matplotlib: pip install matplotlib"
            )
            return
        self._store.put(CURVES_FILE, picture)


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
    value = value.cpu().contiguous()
    if not value.is_floating_point() or ".running_" in name:
        return value
    # Batch-norm statistics, and now and then a weight, lie beyond half precision's 65504.
    half = value.half()
    return half if bool(torch.isfinite(half).all()) else value


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
