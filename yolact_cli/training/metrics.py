"""A training's figures as JSON lines: one for every twenty iterations, one for each validation."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Protocol

from yolact_cli.store import LocalStore
from yolact_cli.training.loop import Step

METRICS_FILE = "metrics.jsonl"
STEPS_A_LINE = 20


class Figures(Protocol):
    """A validation, as a dataclass."""

    iteration: int


class MetricsLog:
    """Appends lines; a resumed training drops those past the state it goes on from."""

    def __init__(self, store: LocalStore, *, first_iteration: int) -> None:
        self._store = store
        self._pending: list[Step] = []
        self.best_validation: Mapping[str, Any] | None = None
        if store.exists(METRICS_FILE):
            kept = [r for r in read_metrics(store) if r["iteration"] <= first_iteration]
            store.put(METRICS_FILE, b"".join(_line(record) for record in kept))
            for record in kept:
                self._compare(record)

    def add_step(self, step: Step) -> None:
        """Count a step in; every twentieth iteration writes their mean."""
        self._pending.append(step)
        if step.iteration % STEPS_A_LINE:
            return
        count = len(self._pending)
        names = self._pending[0].losses
        record = {
            "iteration": step.iteration,
            "losses": {
                name: round(sum(one.losses[name] for one in self._pending) / count, 5)
                for name in names
            },
            "learning_rate_factor": round(step.learning_rate_factor, 6),
            "skipped": sum(one.is_skipped for one in self._pending),
            "seconds_per_iteration": round(sum(s.seconds for s in self._pending) / count, 4),
        }
        self._pending.clear()
        self._store.append(METRICS_FILE, _line(record))

    def add_validation(self, figures: Any) -> None:
        """Write a validation's figures."""
        record = _rounded(asdict(figures))
        self._compare(record)
        self._store.append(METRICS_FILE, _line(record))

    def _compare(self, record: Mapping[str, Any]) -> None:
        """The first of equally good ones is the best, as its weights are the ones kept."""
        if "mask_ap50" not in record:
            return
        best = self.best_validation
        if best is None or (record["mask_ap50"] or 0.0) > (best["mask_ap50"] or 0.0):
            self.best_validation = record


def read_metrics(store: LocalStore) -> list[dict[str, Any]]:
    """All whole lines; a torn last one is left out."""
    records = []
    for line in store.read_bytes(METRICS_FILE).split(b"\n")[:-1]:
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, float):
        return round(value, 5) if value == value else None
    return value
