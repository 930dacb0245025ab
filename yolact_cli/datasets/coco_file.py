"""Opening a JSON file that should hold COCO data: what it is, and where it breaks."""

import json
from pathlib import Path
from typing import Any

from yolact_cli.errors import BadCocoError


def read_json(path: Path) -> Any:
    """Whatever JSON the file holds, a byte order mark forgiven.

    Raises:
        BadCocoError: The file is absent, unreadable, no text or no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadCocoError(str(path), [f"not JSON: {error.msg} at {place}"]) from None
    except UnicodeDecodeError as error:
        problem = f"not JSON: byte {error.start} is no UTF-8 text"
        raise BadCocoError(str(path), [problem]) from None
    except RecursionError:
        raise BadCocoError(str(path), ["not COCO: nested too deeply"]) from None
    except OSError as error:
        problem = f"cannot be read: {error.strerror or error}"
        raise BadCocoError(str(path), [problem], remedy="Check the path.") from None


def read_data_set(path: Path) -> dict[str, Any]:
    """The JSON object of a COCO data set, nothing in it checked.

    Raises:
        BadCocoError: As :func:`read_json`, or the file holds something else.
    """
    document = read_json(path)
    if isinstance(document, dict):
        return document
    if isinstance(document, list):
        problem = "a bare list, which is the form of COCO results (predictions), not of a data set"
        remedy = "Give the file that has 'images', 'annotations' and 'categories'."
        raise BadCocoError(str(path), [problem], remedy=remedy)
    raise BadCocoError(str(path), [f"not COCO: a bare {type(document).__name__}"])
