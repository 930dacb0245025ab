"""A matplotlib figure as a piece of an HTML page: in the page's colours, by day and by night.

matplotlib is an extra of this package, so it is imported where it is needed.
"""

import contextlib
import io
import re
import warnings
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, cast

# Drawn in colours that nothing else has, which then give way to the page's own.
INK, PALE, LINE, FIRST, SECOND, THIRD, ON_FILL = (f"#0a0b{number:02x}" for number in range(1, 8))
_VARIABLES = MappingProxyType(
    {
        INK: "var(--ink)",
        PALE: "var(--pale)",
        LINE: "var(--line)",
        FIRST: "var(--first)",
        SECOND: "var(--second)",
        THIRD: "var(--third)",
        ON_FILL: "var(--on-fill)",
    }
)
_LOOKS: Mapping[str, Any] = MappingProxyType(
    {
        "svg.fonttype": "none",  # text stays text: to be found, copied and read aloud
        "svg.hashsalt": "yolact",
        "text.parse_math": False,  # a class may be called $x$
        "axes.unicode_minus": True,
        "font.family": ["DejaVu Sans"],
        "font.size": 9,
        "axes.edgecolor": PALE,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "text.color": INK,
        "xtick.color": PALE,
        "ytick.color": PALE,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
    }
)
_LONGEST_NAME = 22
_ID = re.compile(r'\bid="([^"]+)"')
_USE = re.compile(r'(url\(#|href="#)([^")]+)')
_FONT = re.compile(r"font-family:[^;\"]*;?|(?<=px )'[^\";]*(?=[;\"])")


@contextlib.contextmanager
def chart_looks() -> Iterator[None]:
    """Within it, figures are made and drawn for a page.

    Raises:
        ImportError: matplotlib is not installed.
    """
    import matplotlib

    with matplotlib.rc_context(), warnings.catch_warnings():
        matplotlib.rcdefaults()  # whatever a user's own matplotlibrc says
        matplotlib.rcParams.update(cast("Any", _LOOKS))
        # Widths are guessed where matplotlib's font lacks a letter; the reader's own font has it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
        yield


def inline_svg(figure: Any, key: str, title: str) -> str:
    """The figure as an ``<svg>`` element; ids in it begin with ``key``, unique on the page.

    To be called within :func:`chart_looks`.

    Args:
        figure: Of matplotlib.
        key: Of letters, digits and hyphens.
        title: What it shows, as escaped HTML; read aloud in its place.
    """
    stream = io.StringIO()
    figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    text = stream.getvalue()
    body = text[text.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    # Its style sheet would hold for the whole page; the page's own has it.
    body = re.sub(r"<style\b.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r"<!--.*?-->\n?", "", body, flags=re.DOTALL)
    body = body.replace("xlink:href", "href")
    body = _ID.sub(rf'id="{key}-\1"', body)
    body = _USE.sub(rf"\1{key}-\2", body)
    for colour, variable in _VARIABLES.items():
        body = body.replace(colour, variable)
    width, height = (72 * side for side in figure.get_size_inches())
    head = (
        f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{title}" '
        f'class="chart-svg" style="--wide:{width:g}">'
    )
    return head + re.sub(r"\n\s*\n", "\n", body[body.index(">") + 1 :]).strip()


def short_name(name: str) -> str:
    """A name for a chart: of letters that can be shown, its end cut off where it is long."""
    kept = "".join(letter if letter.isprintable() else "�" for letter in name)
    return kept if len(kept) <= _LONGEST_NAME else kept[: _LONGEST_NAME - 1] + "…"
