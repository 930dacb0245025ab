"""TOML tables to frozen dataclasses: every key known, every value of the declared type.

The dataclass's annotations are the schema, so a field added there is readable at once.
"""

import dataclasses
import difflib
import math
import types
import typing
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from yolact_cli.errors import CardError

Record = TypeVar("Record")
Scalar = str | int | float | bool


def read_record(cls: type[Record], table: object, *, where: str) -> Record:
    """An instance of the dataclass ``cls`` with the values of ``table``.

    Args:
        cls: A dataclass; fields without a default must be in the table.
        table: What TOML gave.
        where: Names the table in errors, such as ``card.toml: [weights]``.

    Raises:
        CardError: For an unknown or missing key, a value of another type, or values that the
            dataclass itself refuses.
    """
    if not isinstance(table, Mapping):
        raise CardError(f"{where} must be a table, not {table!r}.")
    hints = typing.get_type_hints(cls)
    for key in table:
        if key not in hints:
            raise CardError(f"{where}: unknown key {key!r}.", remedy=_closest(key, hints))
    values = {
        key: _convert(value, hints[key], f"{where} {key}".strip()) for key, value in table.items()
    }
    missing = [
        field.name
        for field in dataclasses.fields(cls)  # type: ignore[arg-type]
        if field.name not in values
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise CardError(f"{where}: {', '.join(missing)} missing.")
    try:
        return cls(**values)
    except ValueError as error:
        raise CardError(f"{where}: {error}.") from error


def _closest(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known are {', '.join(known)}."


def _convert(value: Any, hint: Any, where: str) -> Any:
    if dataclasses.is_dataclass(hint):
        return read_record(typing.cast("type[Any]", hint), value, where=where)
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _convert_union(value, hint, where)
    if origin is tuple:
        return _convert_tuple(value, typing.get_args(hint), where)
    if origin is Literal:
        if value not in typing.get_args(hint):
            allowed = ", ".join(map(repr, typing.get_args(hint)))
            raise CardError(f"{where} is {value!r}; it must be one of {allowed}.")
        return value
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _convert_mapping(value, where)
    return _convert_scalar(value, hint, where)


def _convert_union(value: Any, hint: Any, where: str) -> Any:
    alternatives = [part for part in typing.get_args(hint) if part is not types.NoneType]
    return _convert(value, alternatives[0], where)


def _convert_tuple(value: Any, items: tuple[Any, ...], where: str) -> tuple[Any, ...]:
    if not isinstance(value, list | tuple):
        raise CardError(f"{where} must be a list, not {value!r}.")
    if items[-1] is Ellipsis:
        return tuple(_convert(item, items[0], f"{where}[{i}]") for i, item in enumerate(value))
    if len(value) != len(items):
        raise CardError(f"{where} has {len(value)} values; it must have {len(items)}.")
    pairs = zip(value, items, strict=True)
    return tuple(_convert(item, kind, f"{where}[{i}]") for i, (item, kind) in enumerate(pairs))


def _convert_mapping(value: Any, where: str) -> dict[str, Scalar]:
    if not isinstance(value, Mapping):
        raise CardError(f"{where} must be a table, not {value!r}.")
    for key, item in value.items():
        if not isinstance(item, Scalar):
            raise CardError(f"{where} {key} must be text or a number, not {item!r}.")
    return dict(value)


def _convert_scalar(value: Any, hint: type, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if type(value) is not hint:
        names = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}
        raise CardError(f"{where} must be {names[hint]}, not {value!r}.")
    if isinstance(value, float) and not math.isfinite(value):
        raise CardError(f"{where} is {value}; it must be finite.")
    return value
