"""The pieces of a page that needs neither network nor script: its frame, tables, pictures."""

import base64
import html
from collections.abc import Sequence

from yolact_cli.writers.page_style import BASE

# Nothing but what the page itself holds is ever loaded, whatever names stand in it.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def document(title: str, *, style: str, parts: Sequence[str]) -> bytes:
    """A whole page, in UTF-8.

    Args:
        title: Not escaped yet.
        style: What the page looks like, beyond what all pages do.
        parts: HTML.
    """
    lines = [
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="color-scheme" content="light dark">',
        f"<title>{escaped(title)}</title>\n<style>{BASE}{style}</style>\n</head>\n<body>\n<main>",
        *parts,
        "</main>\n</body>\n</html>\n",
    ]
    return "\n".join(lines).encode("utf-8", "backslashreplace")


def escaped(text: str) -> str:
    """Text as HTML, in attributes too; letters that cannot be shown are marked as such."""
    shown = (letter if letter.isprintable() or letter == "\n" else "�" for letter in text)
    return html.escape("".join(shown))


def data_uri(kind: str, data: bytes) -> str:
    """A picture within the page; ``kind`` is ``jpeg`` or ``png``."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
