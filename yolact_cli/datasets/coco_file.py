"""Opening a JSON file that should hold COCO data: what it is, and where it breaks."""

from pathlib import Path
from typing import Any

from yolact_cli.errors import BadCocoError
from yolact_cli.json_text import BadJsonError, parse_json


def read_json(path: Path) -> Any:
    """Whatever JSON the file holds, a byte order mark forgiven.

    Raises:
        BadCocoError: The file is absent, unreadable, no text or no JSON.
    """
    try:
        return parse_json(path.read_bytes())
    except BadJsonError as error:
        raise BadCocoError(str(path), [str(error)]) from None
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
