"""Typed reading of single fields of a JSON record, with sentences for what is wrong.

Tolerant where tools differ without meaning anything by it: whole numbers written as floats.
"""

import math
from collections.abc import Mapping
from typing import Any


class BadFieldError(ValueError):
    """One record that cannot be used; its message becomes a line of the report."""


def shown(value: Any) -> str:
    """A value as it may stand in a sentence: short, on one line."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def required(record: Mapping[str, Any], key: str) -> Any:
    """The value under ``key``.

    Raises:
        BadFieldError: There is none.
    """
    if key not in record:
        raise BadFieldError(f"no '{key}'")
    return record[key]


def whole_number(record: Mapping[str, Any], key: str) -> int:
    """The value under ``key`` as an int; 7.0 is 7, true is nothing.

    Raises:
        BadFieldError: Missing, or no whole number.
    """
    value = required(record, key)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise BadFieldError(f"'{key}' is {shown(value)}, not a whole number")


def text(record: Mapping[str, Any], key: str) -> str:
    """The non-blank string under ``key``.

    Raises:
        BadFieldError: Missing, not a string, or blank.
    """
    value = required(record, key)
    if not isinstance(value, str):
        raise BadFieldError(f"'{key}' is {shown(value)}, not a text")
    if not value.strip():
        raise BadFieldError(f"'{key}' is empty")
    return value


def number(value: Any, name: str) -> float:
    """``value`` as a finite float.

    Raises:
        BadFieldError: No number, NaN or infinite.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadFieldError(f"'{name}' has {shown(value)}, not a number")
    if not math.isfinite(value):
        raise BadFieldError(f"'{name}' has {value}, not a finite number")
    return float(value)


def records(document: Mapping[str, Any], key: str) -> list[Any]:
    """The list under ``key``.

    Raises:
        BadFieldError: Missing, or no list.
    """
    value = required(document, key)
    if not isinstance(value, list):
        raise BadFieldError(f"'{key}' is {shown(value)}, not a list")
    return value


def record(value: Any) -> dict[str, Any]:
    """``value`` as a JSON object.

    Raises:
        BadFieldError: It is something else.
    """
    if not isinstance(value, dict):
        raise BadFieldError(f"is {shown(value)}, not an object")
    return value


def box(value: Any) -> tuple[float, float, float, float]:
    """A COCO ``bbox``: x, y, width, height in px, sides of at least 0.

    Raises:
        BadFieldError: It is something else.
    """
    if not isinstance(value, list) or len(value) != 4:
        raise BadFieldError(f"'bbox' is {shown(value)}, not [x, y, width, height]")
    x, y, width, height = (number(part, "bbox") for part in value)
    if width < 0 or height < 0:
        raise BadFieldError(f"'bbox' {shown(value)} has a negative side")
    return x, y, width, height
