"""A mistake as HTML: the same part of a picture twice, truth on the left, predictions on the right.

The picture is in the page once; outlines are drawn over it as lines that stay thin at any size.
"""

import cv2
import numpy as np
from jaxtyping import UInt8

from yolact_cli.writers import rasters
from yolact_cli.writers.mistake_view import TILE_WH
from yolact_cli.writers.page_parts import data_uri, escaped
from yolact_cli.writers.score_records import Mistake, Outline

_QUALITIES = (82, 70, 55, 40)
_LARGEST_BYTES = 60_000
"""Of one picture: with it and a limit to their number, the whole page stays small."""


def mistake_figure(mistake: Mistake, key: str) -> str:
    """A figure; ids in it begin with ``key``, unique on the page."""
    left = _side(
        mistake, "truth", mistake.truth, words=mistake.truth_words, ground=_ground(mistake, key)
    )
    right = _side(
        mistake, "predicted", mistake.predicted, words=mistake.predicted_words,
        ground=f'<use href="#{key}"/>',
    )  # fmt: skip
    notes = [mistake.note, "" if mistake.is_whole else "part of the picture"]
    said = " · ".join(escaped(one) for one in notes if one)
    return (
        f"<figure class=mistake><div class=pair>{left}{right}</div>\n"
        f"<figcaption><b>{escaped(mistake.picture)}</b><small>{said}</small>"
        "</figcaption></figure>"
    )


def small_jpeg(pixels: UInt8[np.ndarray, "h w 3"]) -> bytes:
    """A JPEG that fits a tile, and is coarser where there is more in it than a page can take."""
    height, width = pixels.shape[:2]
    scale = min(TILE_WH[0] / width, TILE_WH[1] / height, 1.0)
    for divisor in (1, 2):
        size_wh = tuple(max(1, round(side * scale / divisor)) for side in (width, height))
        shrunk = pixels
        if size_wh != (width, height):
            shrunk = np.asarray(cv2.resize(pixels, size_wh, interpolation=cv2.INTER_AREA))
        for quality in _QUALITIES:
            data = rasters.rgb_jpeg(shrunk, quality=quality)
            if len(data) <= _LARGEST_BYTES:
                return data
    return data


def _side(
    mistake: Mistake, side: str, outlines: tuple[Outline, ...], *, words: str, ground: str
) -> str:
    left, top, width, height = mistake.window
    who = {"truth": "truth", "predicted": "prediction"}[side]
    said = f"{who}: {words}, in {mistake.picture}"
    order = {"other": 0, "absent": 1, "chosen": 2}
    drawn = "".join(_path(one) for one in sorted(outlines, key=lambda one: order[one.role]))
    return (
        f"<div class={side}><p><span>{who}</span> <b>{escaped(words)}</b></p>"
        f'<svg viewBox="{left} {top} {width} {height}" role="img" aria-label="{escaped(said)}">'
        f"{ground}{drawn}</svg></div>"
    )


def _ground(mistake: Mistake, key: str) -> str:
    left, top, width, height = mistake.window
    place = f'id="{key}" x="{left}" y="{top}" width="{width}" height="{height}"'
    if mistake.pixels is None:
        return f"<rect {place} class=ground />"
    data = data_uri("jpeg", small_jpeg(mistake.pixels))
    return f'<image {place} preserveAspectRatio="none" href="{data}"/>'


def _path(outline: Outline) -> str:
    rings = "".join(
        "M" + " ".join(f"{x},{y}" for x, y in ring.tolist()) + "Z" for ring in outline.rings
    )
    said = f"<title>{escaped(outline.words)}</title>" if outline.words else ""
    shape = f'<path class={outline.role} d="{rings}">{said}</path>'
    if outline.role != "chosen":
        return shape
    # A dark line below keeps the bright one legible on any picture.
    return f'<path class=under d="{rings}"/>{shape}'
