"""Whether a graph gives what torch gives, whatever the number of pictures and of masks."""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float32, Shaped

from yolact_cli.errors import ModelError
from yolact_cli.inference.runtimes.graph import Engine, GraphRuntime, output_shapes
from yolact_cli.inference.runtimes.torch_runtime import Normalisation, TorchRuntime
from yolact_cli.inference.selection import Selection
from yolact_cli.network.config import NetworkConfig
from yolact_cli.network.mask_rescoring import MaskIouNet
from yolact_cli.network.yolact import Yolact

_OUTPUTS = ("box_offsets", "class_probabilities", "mask_coefficients", "prototypes")
_MASK_IOUS = "mask_ious"
# Between float32 on two runtimes, relative to an output's largest value. Measured at most 2e-5;
# what is wrong (a resize of another kind, swapped offsets) is off by 1e-2 and more.
TOLERANCE = 1e-3
_RADII = (0.1, 0.25, 0.5)


def largest_differences(
    network: Yolact,
    normalisation: Normalisation,
    engines: Sequence[Engine],
    pixels: Shaped[np.ndarray, "b s s 3"],
) -> dict[str, float]:
    """The largest difference of each output from torch's, over torch's largest value.

    Pictures are taken in twos and ones, masks to be rescored in ones and threes: an axis that was
    taken for a constant shows. A rescored mask is compared for every class.

    Args:
        network: On the processor; it belongs to torch's runtime from now on.
        normalisation: Of pixels.
        engines: Of the graph; one that was made for it, and not for batches, comes last.
        pixels: At least one picture.

    Raises:
        ModelError: An engine cannot run the graph on so many.
    """
    config = network.config
    largest: dict[str, float] = dict.fromkeys(_OUTPUTS, 0.0)
    if config.mask_rescoring:
        largest[_MASK_IOUS] = _rescoring_difference(network.maskiou_net, engines, config)
    cpu, selection = torch.device("cpu"), Selection()
    torchs = TorchRuntime(network, normalisation=normalisation, device=cpu, selection=selection)
    runtimes = [GraphRuntime(one, config=config, selection=selection) for one in engines]
    for part in _batches(pixels):
        wanted = torchs.raw(part)
        for given in (runtime.raw(part) for runtime in runtimes):
            for name in _OUTPUTS:
                difference = _difference(getattr(wanted, name), getattr(given, name))
                largest[name] = max(largest[name], difference)
    return largest


def check_differences(differences: Mapping[str, float], *, name: str) -> None:
    """Refuse a graph that does not give what torch gives.

    Raises:
        ModelError: Naming the output that differs most.
    """
    worst = max(differences, key=lambda key: differences[key])
    if not differences[worst] <= TOLERANCE:
        raise ModelError(
            f"{name}: the graph's {worst} differ from torch's by {differences[worst]:.1e} of the "
            f"largest value; at most {TOLERANCE:.0e} is let through. Nothing was written.",
            remedy="Please report this with the versions of 'pip list'.",
        )


def _batches(pixels: Shaped[np.ndarray, "b s s 3"]) -> list[Shaped[np.ndarray, "_ s s 3"]]:
    """Twos, and the last alone; there is a two in any case."""
    if len(pixels) == 1:
        pixels = np.concatenate([pixels, pixels[:, :, ::-1]])
    twos = [pixels[start : start + 2] for start in range(0, len(pixels) - 1, 2)]
    return [*twos, pixels[-1:]]


def _rescoring_difference(
    branch: MaskIouNet, engines: Sequence[Engine], config: NetworkConfig
) -> float:
    masks = _trial_masks(config)
    class_ids = torch.arange(config.num_classes)
    with torch.inference_mode():
        wanted = np.stack(
            [
                branch(torch.from_numpy(mask).expand(len(class_ids), -1, -1), class_ids).numpy()
                for mask in masks
            ]
        )
    return max(
        _difference(wanted[:count], engine.rescore(masks[:count]))
        for engine in engines
        for count in (1, len(masks))
    )


def _trial_masks(config: NetworkConfig) -> Float32[np.ndarray, "n h w"]:
    """Soft discs, at the prototypes' size."""
    height, width, _ = output_shapes(config)["prototypes"]
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows / height - 0.5, columns / width - 0.5)
    discs = [1 / (1 + np.exp(30 * (distance - radius))) for radius in _RADII]
    return np.stack(discs).astype(np.float32)


def _difference(wanted: np.ndarray, given: np.ndarray) -> float:
    if wanted.shape != given.shape or not np.isfinite(given).all():
        return float("inf")
    scale = max(float(np.abs(wanted).max()), 1e-6)
    return float(np.abs(wanted - given).max()) / scale
