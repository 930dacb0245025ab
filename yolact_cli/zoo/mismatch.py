"""Why a file's tensors do not fit a network, and what to do about it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from yolact_cli.errors import WeightsMismatchError

CONF_BIAS = "prediction_layers.0.conf_layer.bias"
BOX_BIAS = "prediction_layers.0.bbox_layer.bias"
# First parts of names in files that hold a classifier or a bare feature extractor.
BACKBONE_STARTS = (
    "conv1.", "bn1.", "layer1.", "layer2.", "layers.", "_preconv.", "features.", "fc.",
)  # fmt: skip


def explain_mismatch(
    tensors: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    *,
    path: Path,
    missing: Sequence[str],
) -> WeightsMismatchError:
    """The error that fits best; the caller has found that something is wrong.

    Args:
        tensors: The file's.
        wanted: The network's.
        path: Names the file.
        missing: Names in ``wanted`` that the file lacks and should not.
    """
    return (
        backbone_only(tensors, path)
        or _wrapped(tensors, path)
        or _other_classes(tensors, wanted, path)
        or explain_other_network(tensors, wanted, path=path, missing=missing)
    )


def backbone_only(tensors: Mapping[str, Tensor], path: Path) -> WeightsMismatchError | None:
    """The error for a classifier or a feature extractor in place of a detector, or None."""
    if any(name.startswith(("prediction_layers.", "fpn.", "module.")) for name in tensors):
        return None
    is_cut_out = all(name.startswith("backbone.") for name in tensors)
    if not is_cut_out and not any(name.startswith(BACKBONE_STARTS) for name in tensors):
        return None
    first = next(iter(tensors))
    whole = "give weights of a whole network."
    return WeightsMismatchError(
        f"{path}: holds only a backbone (its first tensor is {first}), no detector.",
        remedy=f"It was cut out of a network: {whole}"
        if is_cut_out
        else f"Training can start from it (--start); for masks, {whole}",
    )


def _wrapped(tensors: Mapping[str, Tensor], path: Path) -> WeightsMismatchError | None:
    first = next(iter(tensors))
    if not all(name.startswith("module.") for name in tensors):
        return None
    return WeightsMismatchError(
        f"{path}: every name begins with 'module.', such as {first}.",
        remedy="It was saved from a wrapper for several GPUs; save the wrapped network's state.",
    )


def count_classes(tensors: Mapping[str, Tensor]) -> int | None:
    """For how many classes (without background) a detector's tensors are; None if unclear."""
    classes, boxes = tensors.get(CONF_BIAS), tensors.get(BOX_BIAS)
    if classes is None or boxes is None or boxes.numel() < 4 or boxes.numel() % 4:
        return None
    anchors = boxes.numel() // 4
    return classes.numel() // anchors - 1 if classes.numel() % anchors == 0 else None


def _other_classes(
    tensors: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path
) -> WeightsMismatchError | None:
    found, expected = count_classes(tensors), count_classes(wanted)
    same_anchors = BOX_BIAS in tensors and tensors[BOX_BIAS].shape == wanted[BOX_BIAS].shape
    if found is None or found == expected or not same_anchors:
        return None
    return WeightsMismatchError(
        f"{path}: is for {found} classes, but the model's card names {expected} "
        f"({CONF_BIAS} has {tensors[CONF_BIAS].numel()} values, not {wanted[CONF_BIAS].numel()}).",
        remedy=f"Write a card with these {found} class names and put it beside the file as "
        f"{path.with_suffix('.toml').name}; training can start from the file as it is.",
    )


def explain_other_network(
    tensors: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    *,
    path: Path,
    missing: Sequence[str],
) -> WeightsMismatchError:
    """The error for tensors of another shape or name, whatever the reason."""
    surplus = [name for name in tensors if name not in wanted]
    reshaped = [
        f"{name} is {_shape(tensors[name])}, not {_shape(wanted[name])}"
        for name in tensors
        if name in wanted and tensors[name].shape != wanted[name].shape
    ]
    complaints = []
    if missing:
        complaints.append(f"{_some(missing)} missing")
    if surplus:
        complaints.append(f"{_some(surplus)} not of this network")
    if reshaped:
        complaints.append(_some(reshaped))
    return WeightsMismatchError(
        f"{path}: weights of another network: {'; '.join(complaints)}.",
        remedy="Check that the model named is the one the file was made for.",
    )


def _some(items: Sequence[str], shown: int = 2) -> str:
    more = len(items) - shown
    return ", ".join(items[:shown]) + (f" and {more} more" if more > 0 else "")


def _shape(tensor: Tensor) -> str:
    return "x".join(map(str, tensor.shape)) or "a single number"
