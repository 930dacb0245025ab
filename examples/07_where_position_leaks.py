"""A uniform picture gives prototypes that vary: zero padding tells the network where it is.

Convolutions alone would answer the same everywhere. What is added at the border reaches inwards
layer by layer, so that prototypes can tell left from right (YOLACT, arXiv 1904.02689, section 5,
"Prototype Behavior"). To see that it is the padding, the same network is run once more with a
picture that goes on round its edges, and then they are the same everywhere.

Usage: python 07_where_position_leaks.py [SHEET.png]
"""

import sys
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from yolact_cli.pipelines.model import resize_of
from yolact_cli.writers.colour_maps import signed_colours
from yolact_cli.writers.figure_sheet import ColourKey, Tile, draw_sheet
from yolact_cli.zoo.load import load_network
from yolact_cli.zoo.resolve import resolve_model

SHOWN, TILE_PX = 16, 150
path = Path(sys.argv[1] if len(sys.argv) > 1 else "position.png")

source = resolve_model("yolact_lite0")
network = load_network(source).eval()
side = resize_of(source.card).input_size
grey = torch.zeros(1, 3, side, side)  # the mean of all pictures


def prototypes() -> np.ndarray:
    with torch.inference_mode():
        return network(grey).prototypes[0].numpy()


def round_the_edges(layer: torch.nn.Conv2d, x: torch.Tensor) -> torch.Tensor:
    """The layer's convolution, with what lies at the other edge in the place of its zeros."""
    reach = layer.kernel_size[0] // 2
    x = functional.pad(x, (reach, reach, reach, reach), mode="circular")
    return functional.conv2d(x, layer.weight, layer.bias, layer.stride, groups=layer.groups)


def variation(maps: np.ndarray) -> np.ndarray:
    """For each cell, how far the prototypes are from their values in the centre, on average."""
    rows, columns, _ = maps.shape
    return np.abs(maps - maps[rows // 2, columns // 2]).mean(axis=2)


padded = prototypes()
for layer in network.modules():
    if isinstance(layer, torch.nn.Conv2d):
        layer.forward = partial(round_the_edges, layer)
endless = prototypes()

rows, columns, count = padded.shape
y, x = np.mgrid[:rows, :columns]
to_border = np.minimum(np.minimum(y, rows - 1 - y), np.minimum(x, columns - 1 - x))
correlation = np.corrcoef(variation(padded).ravel(), to_border.ravel())[0, 1]
at_border, inside = (variation(padded)[where].mean() for where in (to_border == 0, to_border > 20))

by_spread = np.argsort(-padded.std(axis=(0, 1)), kind="stable")[:SHOWN]
tiles = []
for number in by_spread:
    change = padded[:, :, number] - padded[rows // 2, columns // 2, number]
    limit = float(np.abs(change).max())
    image = Image.fromarray(signed_colours(change, limit=limit)).resize((TILE_PX, TILE_PX))
    tiles.append(Tile(image=np.asarray(image), captions=(f"#{number}", f"up to {limit:.2f}")))
sheet = draw_sheet(
    [tiles[: SHOWN // 2], tiles[SHOWN // 2 :]],
    title="What a grey picture without anything in it looks like to the prototypes",
    notes=["difference from the centre; each on a scale of its own"],
    key=ColourKey(is_signed=True, labels=("-largest", "0", "+largest")),
)
Image.fromarray(sheet).save(path)

print(f"correlation of the variation with the distance to the border: {correlation:.2f}")
print(f"variation at the border {at_border:.3f}, deep inside {inside:.3f}")
print(f"largest anywhere, without zeros at the border: {variation(endless).max():.6f}")
print(f"look at {path}")
