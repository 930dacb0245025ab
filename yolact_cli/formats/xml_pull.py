"""XML that came back, read piece by piece: no entities, no other files, no tree of the whole."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO
from xml.parsers import expat

from yolact_cli.errors import BadLabelsError

Attributes = dict[str, str]


class _RefusedError(Exception):
    """A document type, which may define entities that grow without end or name other files."""


def read_xml(
    path: Path,
    stream: BinaryIO,
    *,
    begin: Callable[[str, Attributes], None],
    end: Callable[[str, str], None],
) -> None:
    """Call ``begin`` with each element's name and attributes, ``end`` with its name and text.

    The text is what stands between an element's last tag and its end.

    Raises:
        BadLabelsError: It is no XML, or has a document type. Other errors are the callers'.
    """
    text: list[str] = []

    def on_begin(name: str, attributes: Attributes) -> None:
        text.clear()
        begin(name, attributes)

    def on_end(name: str) -> None:
        end(name, "".join(text))
        text.clear()

    def on_document_type(*_: object) -> None:
        raise _RefusedError

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = on_begin
    parser.EndElementHandler = on_end
    parser.CharacterDataHandler = text.append
    parser.StartDoctypeDeclHandler = on_document_type
    try:
        parser.ParseFile(stream)
    except expat.ExpatError as error:
        problem = f"not XML: {expat.ErrorString(error.code)} at line {error.lineno}"
        raise BadLabelsError(str(path), [problem]) from None
    except _RefusedError:
        problem = "it has a document type (<!DOCTYPE>), which files of labels do not"
        raise BadLabelsError(str(path), [problem]) from None
    except (LookupError, ValueError) as error:  # an encoding that nobody knows
        raise BadLabelsError(str(path), [f"not XML: {error}"]) from None
