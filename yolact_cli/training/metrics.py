"""A training's figures as JSON lines: one for every twenty iterations, one for each validation."""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from yolact_cli.store import LocalStore
from yolact_cli.training.loop import Step

METRICS_FILE = "metrics.jsonl"
STEPS_A_LINE = 20


class MetricsLog:
    """Appends lines; a resumed training drops those past the state it goes on from."""

    def __init__(self, store: LocalStore, *, first_iteration: int) -> None:
        self._store = store
        self._pending: list[Step] = []
        self.best_validation: Mapping[str, Any] | None = None
        self.last_validation: Mapping[str, Any] | None = None
        if store.exists(METRICS_FILE):
            kept = [r for r in read_metrics(store) if r["iteration"] <= first_iteration]
            store.put(METRICS_FILE, b"".join(_line(record) for record in kept))
            for record in kept:
                self._note(record)

    def add_step(self, step: Step) -> None:
        """Count a step in; every twentieth iteration writes their mean."""
        self._pending.append(step)
        if step.iteration % STEPS_A_LINE:
            return
        count = len(self._pending)
        record = {
            "iteration": step.iteration,
            "losses": {
                name: _rounded(_mean_of_finite(one.losses[name] for one in self._pending))
                for name in step.losses
            },
            "learning_rate_factor": round(step.learning_rate_factor, 6),
            "skipped": sum(one.is_skipped for one in self._pending),
            "seconds_per_iteration": round(sum(s.seconds for s in self._pending) / count, 4),
        }
        self._pending.clear()
        self._store.append(METRICS_FILE, _line(record))

    def is_best(self, figures: Any) -> bool:
        """Whether a validation, not yet added, is better than all before it."""
        best = self.best_validation
        return best is None or goodness(_rounded(asdict(figures))) > goodness(best)

    def add_validation(self, figures: Any) -> None:
        """Write a validation's figures, a dataclass."""
        record = _rounded(asdict(figures))
        self._note(record)
        self._store.append(METRICS_FILE, _line(record))

    def has_validation(self, iteration: int) -> bool:
        """Whether the weights of that iteration were validated."""
        return self.last_validation is not None and (self.last_validation["iteration"] == iteration)

    def _note(self, record: Mapping[str, Any]) -> None:
        """The first of equally good ones is the best, as its weights are the ones kept."""
        if "mask_ap50" not in record:
            return
        self.last_validation = record
        if self.best_validation is None or goodness(record) > goodness(self.best_validation):
            self.best_validation = record


def goodness(validation: Mapping[str, Any]) -> float:
    """What validations are compared by: mask AP50, or box AP50 where no mask is known; else 0."""
    for name in ("mask_ap50", "box_ap50"):
        figure = validation[name]
        if figure is not None and math.isfinite(figure):
            return float(figure)
    return 0.0


def read_metrics(store: LocalStore) -> list[dict[str, Any]]:
    """All whole lines; a torn last one is left out."""
    records = []
    for line in store.read_bytes(METRICS_FILE).split(b"\n")[:-1]:
        try:
            records.append(json.loads(line))
        except ValueError:
            continue
    return records


def _mean_of_finite(values: Iterable[float]) -> float:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite else math.nan


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record).encode() + b"\n"


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, float):
        return round(value, 5) if math.isfinite(value) else None
    return value
