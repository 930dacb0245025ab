"""A threshold for every class, as ``yolact score --suggest-thresholds`` writes and people edit.

The file is TOML::

    default = 0.43             # classes that are not below; without it --score-threshold

    [thresholds]
    person = 0.41              # scores above it are kept
    "dining table" = 0.6
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yolact_cli.errors import SettingsError
from yolact_cli.toml_settings import read_toml


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdFile:
    """Thresholds by class name.

    Attributes:
        by_class: Scores above the class's are kept, [0, 1].
        default: For classes that are not there, None for whatever holds otherwise.
        origin: How errors call it.
    """

    by_class: Mapping[str, float]
    default: float | None = None
    origin: str = "thresholds"


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdLine:
    """One class's line: its threshold, and why it is what it is."""

    name: str
    threshold: float
    note: str


def read_thresholds(path: Path) -> ThresholdFile:
    """The thresholds in a TOML file.

    Raises:
        SettingsError: The file cannot be read, or says something that thresholds cannot.
    """
    document = read_toml(path)
    default = document.pop("default", None)
    classes = document.pop("thresholds", None)
    document.pop("goal", None)
    document.pop("iou_type", None)
    if document:
        raise SettingsError(
            f"{path}: '{next(iter(document))}' is not known.",
            remedy="It can have 'default' and a table [thresholds].",
        )
    if not isinstance(classes, dict):
        raise SettingsError(
            f"{path}: there is no table [thresholds].", remedy="Write lines like person = 0.41."
        )
    return ThresholdFile(
        by_class={name: _threshold(value, name, path) for name, value in classes.items()},
        default=None if default is None else _threshold(default, "default", path),
        origin=str(path),
    )


def thresholds_text(
    lines: Sequence[ThresholdLine], *, default: float | None, head: Sequence[str]
) -> str:
    """The file's text; :func:`read_thresholds` reads it back.

    Args:
        lines: In the order in which they are to stand.
        default: For other classes.
        head: Comments at the top, one a line.
    """
    text = [f"# {line}" for line in head]
    if default is not None:
        text.append(f"default = {default!r}")
    text += ["", "[thresholds]"]
    keys = [f"{_key(line.name)} = {line.threshold!r}" for line in lines]
    width = max(map(len, keys), default=0)
    text += [
        f"{key:<{width}}  # {line.note}".rstrip() for key, line in zip(keys, lines, strict=True)
    ]
    return "\n".join(text) + "\n"


def _threshold(value: Any, name: str, path: Path) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not 0 <= value <= 1:
        raise SettingsError(f"{path}: '{name}' is {value!r}.", remedy="Give a score from 0 to 1.")
    return float(value)


def _key(name: str) -> str:
    is_bare = name.isascii() and name.replace("_", "").replace("-", "").isalnum()
    return name if is_bare else json.dumps(name, ensure_ascii=False)
