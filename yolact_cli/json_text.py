"""JSON that came from outside: what it says, or where it breaks."""

import json
from typing import Any


class BadJsonError(ValueError):
    """No JSON; its message says why, and becomes a line of a report."""


def parse_json(data: bytes) -> Any:
    """Whatever the bytes say, a byte order mark forgiven.

    Raises:
        BadJsonError: They are no text, no JSON, or JSON that nobody can hold.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise BadJsonError(f"not JSON: byte {error.start} is no UTF-8 text") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise BadJsonError(f"not JSON: {error.msg} at {place}") from None
    except RecursionError:
        raise BadJsonError("nested too deeply") from None
    except ValueError as error:  # a number of more digits than Python reads
        raise BadJsonError(f"not JSON: {error}") from None
