"""Dataclasses to TOML text: the small part of the format that cards need.

The standard library reads TOML and does not write it; scalars, lists and tables are forty lines.
"""

import dataclasses
import json
from collections.abc import Mapping
from typing import Any

BARE_KEY = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


def record_to_toml(record: Any) -> str:
    """The dataclass instance ``record`` as TOML; fields that are None or () are left out.

    Nested dataclasses and mappings become tables, tuples of mappings arrays of tables.
    """
    return "\n".join(_table_lines(_shallow(record), ())).strip() + "\n"


def _shallow(record: Any) -> dict[str, Any]:
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _table_lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain, nested = [], []
    for key, value in table.items():
        if value is None or value == ():
            continue
        here = (*path, _key(key))
        if isinstance(value, Mapping) or dataclasses.is_dataclass(value):
            lines = _table_lines(value if isinstance(value, Mapping) else _shallow(value), here)
            nested += ["", f"[{'.'.join(here)}]", *lines] if lines else []
        elif isinstance(value, tuple) and value and isinstance(value[0], Mapping):
            for row in value:
                nested += ["", f"[[{'.'.join(here)}]]", *_table_lines(row, here)]
        else:
            plain.append(f"{_key(key)} = {_value(value)}")
    return plain + nested


def _key(key: str) -> str:
    return key if key and BARE_KEY.issuperset(key) else _text(key)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_value, value))}]"
    return repr(value)


def _text(text: str) -> str:
    # TOML's basic strings are JSON's, but for DEL, which must be escaped, and lone surrogates,
    # which neither can hold.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
