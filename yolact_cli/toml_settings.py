"""Settings in a TOML file that a person wrote: what it says, or why it cannot be read."""

import tomllib
from pathlib import Path
from typing import Any

from yolact_cli.errors import SettingsError


def read_toml(path: Path) -> dict[str, Any]:
    """What the file says, a byte order mark forgiven.

    Raises:
        SettingsError: It cannot be read, or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror or error}.") from None
    except RecursionError:
        raise SettingsError(f"{path}: nested too deeply.") from None
    except ValueError as error:  # no text, no TOML, or a number of more digits than Python reads
        raise SettingsError(f"{path}: not TOML: {error}.") from None
