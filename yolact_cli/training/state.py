"""The whole state of a training in one file without pickle: ``--resume`` goes on from it alone."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from yolact_cli.errors import TrainingError
from yolact_cli.store import LocalStore
from yolact_cli.training.loop import Trainee

STATE_FILE = "state.safetensors"
NETWORK, AVERAGE, OPTIMIZER = "network.", "average.", "optimizer."
PROGRESS, SCALER = "progress", "scaler"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a training is."""

    iteration: int = 0
    """Optimiser steps done."""
    seconds: float = 0.0
    """Time spent, over all its sessions."""


def save_state(store: LocalStore, progress: Progress, trainee: Trainee) -> None:
    """Write everything that going on needs; the file before stays until this one is whole."""
    tensors = {NETWORK + name: value for name, value in trainee.network.state_dict().items()}
    if trainee.average is not None:
        tensors |= {AVERAGE + name: value for name, value in trainee.average.state.items()}
    for index, values in trainee.optimizer.state_dict()["state"].items():
        for key, value in values.items():
            tensors[f"{OPTIMIZER}{index}.{key}"] = torch.as_tensor(value)
    contiguous = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    records = {PROGRESS: asdict(progress), SCALER: trainee.scaler.state_dict()}
    texts = {name: json.dumps(record) for name, record in records.items()}
    store.put(STATE_FILE, save(contiguous, texts))


def load_state(folder: Path, trainee: Trainee) -> Progress:
    """Put a saved state back into freshly made objects of the same settings.

    Raises:
        TrainingError: The file is not such a state, or one of another network.
    """
    path = folder / STATE_FILE
    try:
        with safe_open(path, framework="pt", device="cpu") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            texts = file.metadata()
        trainee.network.load_state_dict(_under(NETWORK, tensors), strict=True)
        if trainee.average is not None:
            trainee.average.load(_under(AVERAGE, tensors))
        _load_optimizer(trainee.optimizer, _under(OPTIMIZER, tensors))
        if scaler := json.loads(texts.get(SCALER, "{}")):
            trainee.scaler.load_state_dict(scaler)
        progress = json.loads(texts[PROGRESS])
        return Progress(iteration=progress["iteration"], seconds=progress["seconds"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise TrainingError(
            f"{path} cannot be resumed from: {error}.",
            remedy="Start again in another folder.",
        ) from error


def _under(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {
        name.removeprefix(prefix): value
        for name, value in tensors.items()
        if name.startswith(prefix)
    }


def _load_optimizer(optimizer: torch.optim.Optimizer, tensors: dict[str, Tensor]) -> None:
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        index, key = name.split(".", 1)
        state.setdefault(int(index), {})[key] = value
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
