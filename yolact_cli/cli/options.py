"""Options that several commands share, and settings from a file.

Where a value comes from: command line, else environment (``YOLACT_<COMMAND>_<OPTION>``), else
``--config`` file, else the default. click has this order itself, the file being its default map.
"""

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import click

from yolact_cli.errors import SettingsError
from yolact_cli.toml_settings import read_toml

_CLOCK_PARTS, _SECONDS_A_MINUTE = 3, 60
_LETTERS = "abcdefghijklmnopqrstuvwxyz "
_BYTES_A_UNIT = {"": 1, "b": 1} | {
    f"{prefix}{end}": base**power
    for power, prefix in enumerate("kmgt", start=1)
    for end, base in (("", 1000), ("b", 1000), ("ib", 1024))
}
LEAST_MEMORY_BYTES = 64_000_000

Decorated = TypeVar("Decorated", bound=Callable[..., Any])


class CommaList(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """Names separated by commas, as a tuple; a list in a settings file; an empty text is none."""

    name = "names"

    def __init__(self, choices: tuple[str, ...] | None = None) -> None:
        """Take any names, or only ``choices``."""
        self.choices = choices

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002
        """How ``--help`` shows the value."""
        return f"{{{'|'.join(self.choices)}}},..." if self.choices else "NAME,..."

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, ...]:
        """The names, in order, each once."""
        parts = value.split(",") if isinstance(value, str) else value
        names = tuple(dict.fromkeys(part.strip() for part in parts if part.strip()))
        for name in names:
            if self.choices is not None and name not in self.choices:
                self.fail(f"{name!r} is not one of {', '.join(self.choices)}.", param, ctx)
        return names


class Number(click.FloatRange):
    """A number in a range. NaN, which no range of click's refuses, and infinity are none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The number."""
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is no number.", param, ctx)
        return number


class TimeSpan(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """A time in seconds, or as players show it: ``90``, ``1:30``, ``0:01:30.25``."""

    name = "time"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """The time in seconds."""
        parts = str(value).split(":")
        try:
            numbers = [float(part) for part in parts]
        except ValueError:
            numbers = []
        is_clock = all(part.isdecimal() for part in parts[:-1])
        if not (1 <= len(numbers) <= _CLOCK_PARTS and is_clock and math.isfinite(numbers[-1])):
            self.fail(f"{value!r} is no time; give seconds, or 1:02:03.5.", param, ctx)
        if min(numbers) < 0 or (len(numbers) > 1 and max(numbers[1:]) >= _SECONDS_A_MINUTE):
            self.fail(f"{value!r} is no time.", param, ctx)
        total = Fraction(0)
        for number in numbers:
            total = total * _SECONDS_A_MINUTE + Fraction(str(number))
        return float(total)


class MemorySize(click.ParamType):  # type: ignore[type-arg]  # generic only since click 8.4
    """An amount of memory in bytes: ``4GiB``, ``800MB``, ``1.5G``, or a plain number of them."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The amount."""
        text = str(value).strip().lower()
        number = text.rstrip(_LETTERS)
        unit = text[len(number) :].strip()
        try:
            count = float(number)
        except ValueError:
            count = math.nan
        if not math.isfinite(count) or unit not in _BYTES_A_UNIT:
            self.fail(f"{value!r} is no size; give one such as 800MB or 4GiB.", param, ctx)
        size_bytes: int = round(count * _BYTES_A_UNIT[unit])
        if size_bytes < LEAST_MEMORY_BYTES:
            self.fail(
                f"{value!r} is less than the 64MB that are needed; mind the unit.", param, ctx
            )
        return size_bytes


def config_option(function: Decorated) -> Decorated:
    """Add ``--config FILE.toml``, which gives other defaults to the command's options."""
    return click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        is_eager=True,
        expose_value=False,
        callback=_take_config,
        metavar="FILE.toml",
        help="Defaults for this command's options: NAME = VALUE, at the top of a TOML file or in "
        "a table of the command's name, such as [annotate].",
    )(function)


def model_option(function: Decorated) -> Decorated:
    """Add ``--model``, whose weights label pictures."""
    return click.option(
        "-m",
        "--model",
        default="yolact_lite0",
        show_default=True,
        help="A model's name, its card, or a .pth or .safetensors file.",
    )(function)


def json_option(function: Decorated) -> Decorated:
    """Add ``--json``: the result on stdout for programs."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Write the result to stdout as JSON."
    )(function)


def classes_option(function: Decorated) -> Decorated:
    """Add ``--classes a,b``, a tuple of names or None."""
    return click.option(
        "--classes",
        type=CommaList(),
        metavar="NAME,...",
        callback=_at_least_one_class,
        help="Only these classes.",
    )(function)


def _at_least_one_class(
    _: click.Context, __: click.Parameter, names: tuple[str, ...] | None
) -> tuple[str, ...] | None:
    # A script's empty variable; taken for all classes, it would label what nobody asked for.
    if names is not None and not names:
        raise click.BadParameter("It names no class; leave it out for all classes.")
    return names


def class_map_option(function: Decorated) -> Decorated:
    """Add ``--class-map FILE.toml``, a path or None."""
    return click.option(
        "--class-map",
        type=click.Path(path_type=Path, dir_okay=False),
        help='Other names for classes: [classes] person = "Human"; unlisted = "keep" or "drop".',
    )(function)


def moved_images_option(function: Decorated) -> Decorated:
    """Add ``--images DIR``, where a run's pictures lie by now, a path or None."""
    return click.option(
        "--images",
        type=click.Path(path_type=Path, exists=True, file_okay=False),
        metavar="DIR",
        help="Where the pictures are now, if they have moved.",
    )(function)


def _take_config(ctx: click.Context, _: click.Parameter, path: Path | None) -> None:
    if path is None or ctx.resilient_parsing:
        return
    values = read_config(path, ctx)
    ctx.default_map = {**(ctx.default_map or {}), **values}


def read_config(path: Path, ctx: click.Context) -> dict[str, Any]:
    """The defaults that a file sets for the command of ``ctx``.

    Keys are the names of options, with hyphens or underscores. Those at the top hold for the
    command, and so do those in a table of its name; tables of other commands are passed over.

    Raises:
        SettingsError: No such file, not TOML, a key that no option has, or a value that no
            option takes.
    """
    document = read_toml(path)
    options = _options_by_name(ctx)
    values: dict[str, Any] = {}
    for key, value in _keys_of_command(document, ctx).items():
        option = options.get(key.replace("_", "-"))
        if option is None:
            close = get_close_matches(key.replace("_", "-"), options, n=1)
            offer = f"Did you mean '{close[0]}'?" if close else ""
            raise SettingsError(
                f"{path}: '{key}' is no option of 'yolact {ctx.info_name}'.", remedy=offer
            )
        values[str(option.name)] = _as_given(value, key, option, path)
    return values


def _keys_of_command(document: Mapping[str, Any], ctx: click.Context) -> dict[str, Any]:
    group = ctx.parent.command if ctx.parent else None
    commands = group.list_commands(ctx.parent) if isinstance(group, click.Group) else []  # type: ignore[arg-type]
    keys = {key: value for key, value in document.items() if key not in commands}
    own = document.get(ctx.info_name or "", {})
    return {**keys, **own} if isinstance(own, dict) else {**keys, str(ctx.info_name): own}


def _options_by_name(ctx: click.Context) -> dict[str, click.Option]:
    """The options a file may set, under their long names and their Python names."""
    options: dict[str, click.Option] = {}
    for parameter in ctx.command.params:
        if isinstance(parameter, click.Option) and not parameter.is_eager:
            names = [name.removeprefix("--") for name in parameter.opts if name.startswith("--")]
            for name in [*names, str(parameter.name).replace("_", "-")]:
                options[name] = parameter
    return options


def _as_given(value: Any, key: str, option: click.Option, path: Path) -> Any:
    """The value as the command line would give it: texts, so that 0.5 is no whole number."""
    is_list = isinstance(value, list)
    takes_lists = isinstance(option.type, CommaList) or option.multiple
    has_other_kind = isinstance(value, dict) or isinstance(value, bool) != option.is_flag
    is_nested = is_list and any(isinstance(part, list | dict | bool) for part in value)
    if has_other_kind or is_nested or (is_list and not takes_lists):
        wanted = "true or false" if option.is_flag else "a value, as on the command line"
        if is_nested and takes_lists:
            wanted = "names or numbers in a list"
        raise SettingsError(f"{path}: '{key}' is {value!r}.", remedy=f"It takes {wanted}.")
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        return [str(part) for part in value]
    return str(value)
