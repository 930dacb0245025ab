"""Tensors of a file into a network: every name, shape, dtype and value checked first."""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from torch import Tensor

from yolact_cli.errors import WeightsMismatchError
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.checkpoint import read_tensors
from yolact_cli.zoo.mismatch import count_classes, explain_mismatch

SEMANTIC = "semantic_seg_conv."
COUNTER = "num_batches_tracked"
CLASS_DEPENDENT = (
    "prediction_layers.0.conf_layer.",
    SEMANTIC,
    "maskiou_net.maskiou_net.10.",
)
LOADABLE = (torch.float32, torch.float16, torch.bfloat16)


def load_weights(network: Yolact, path: Path, *, sha256: str | None = None) -> None:
    """Put a file's weights into ``network`` for inference.

    The semantic head serves training alone: it is neither required nor read, and becomes zero.
    ``network`` may be on torch's meta device; its tensors are replaced, in float32 on the CPU.

    Raises:
        ChecksumError: If the file is not the promised one.
        NotACheckpointError: If the file holds no tensors that can be trusted.
        WeightsMismatchError: If it holds those of another network, or values that are not finite.
    """
    wanted = network.state_dict()
    weights = checked_weights(wanted, path, sha256=sha256)
    # Not zeros_like: of a tensor without memory it goes through sympy, half a second to load.
    complete = {
        name: weights[name]
        if name in weights and not name.startswith(SEMANTIC)
        else torch.zeros(slot.shape, dtype=slot.dtype)
        for name, slot in wanted.items()
    }
    network.load_state_dict(complete, strict=True, assign=True)


def checked_weights(
    wanted: Mapping[str, Tensor], path: Path, *, sha256: str | None = None
) -> dict[str, Tensor]:
    """A file's tensors for inference, in float32, each a copy of its own.

    Counters of batch norm are absent where the file has none; so is the semantic head where the
    file's does not fit or is not finite.

    Args:
        wanted: The network's state, only names, shapes and dtypes of which are looked at.
        path: The file.
        sha256: The digest it must have, or None for any.

    Raises:
        ChecksumError: If the file is not the promised one.
        NotACheckpointError: If the file holds no tensors that can be trusted.
        WeightsMismatchError: If it holds those of another network, or values that are not finite.
    """
    tensors = drop_released_quirks(read_tensors(path, sha256=sha256))
    semantic = {n: tensors.pop(n) for n in list(tensors) if n.startswith(SEMANTIC)}
    check_tensors(tensors, wanted, path=path, optional=is_optional)
    weights = {name: as_weights(tensors.pop(name)) for name in list(tensors)}
    if all(_fits(tensor, wanted.get(name)) for name, tensor in semantic.items()):
        weights |= {name: as_weights(tensor) for name, tensor in semantic.items()}
    return weights


def _fits(tensor: Tensor, slot: Tensor | None) -> bool:
    return (
        slot is not None
        and tensor.shape == slot.shape
        and tensor.dtype in LOADABLE
        and bool(torch.isfinite(tensor).all())
    )


def load_for_training(
    network: Yolact, path: Path, *, sha256: str | None = None, keep_classes: bool = True
) -> tuple[str, ...]:
    """Start training from a file that may know other classes.

    Layers whose shape depends on the classes keep what ``network`` has where the file is for
    another number of classes; the semantic head also where the file has none.

    Args:
        network: Freshly made.
        path: Released weights, or any file that inference takes.
        sha256: The digest the file must have, or None for any.
        keep_classes: Whether equally many classes are taken for the same classes.

    Returns:
        The names of the layers that start afresh; empty when all was loaded.

    Raises:
        ChecksumError: If the file is not the promised one.
        NotACheckpointError: If the file holds no tensors that can be trusted.
        WeightsMismatchError: If it differs in more than its classes.
    """
    tensors = drop_released_quirks(read_tensors(path, sha256=sha256))
    wanted = network.state_dict()
    if keep_classes and count_classes(tensors) in (None, count_classes(wanted)):
        has_semantic = any(name.startswith(SEMANTIC) for name in tensors)
        fresh: tuple[str, ...] = () if has_semantic else (SEMANTIC,)
    else:
        fresh = tuple(p for p in CLASS_DEPENDENT if any(name.startswith(p) for name in wanted))
    kept = {name: tensor for name, tensor in tensors.items() if not name.startswith(fresh)}
    rest = {name: slot for name, slot in wanted.items() if not name.startswith(fresh)}
    check_tensors(kept, rest, path=path, optional=lambda name: name.endswith(COUNTER))
    network.load_state_dict({name: as_weights(t) for name, t in kept.items()}, strict=False)
    return tuple(prefix.rstrip(".") for prefix in fresh)


def is_optional(name: str) -> bool:
    """Whether a file for inference may lack the tensor."""
    return name.endswith(COUNTER) or name.startswith(SEMANTIC)


def drop_released_quirks(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without what released files carry too much.

    Old ones hold the backbone twice, as ``backbone.layer.`` beside ``backbone.layers.``, and
    downsampling layers beyond the two that are used.
    """

    def is_surplus(name: str) -> bool:
        if name.startswith("backbone.layer."):
            return True
        level = name.removeprefix("fpn.downsample_layers.")
        return level != name and level.split(".")[0].isdigit() and int(level.split(".")[0]) >= 2

    return {name: tensor for name, tensor in tensors.items() if not is_surplus(name)}


def check_tensors(
    tensors: Mapping[str, Tensor],
    wanted: Mapping[str, Tensor],
    *,
    path: Path,
    optional: Callable[[str], bool],
    explain: Callable[..., WeightsMismatchError] = explain_mismatch,
) -> None:
    """Hold a file's tensors against a network's: names, then shapes, dtypes and values.

    Raises:
        WeightsMismatchError: Naming the first tensors that are wrong, and what the file may be.
    """
    missing = [name for name in wanted if name not in tensors and not optional(name)]
    surplus = [name for name in tensors if name not in wanted]
    reshaped = [
        name
        for name, tensor in tensors.items()
        if name in wanted and tensor.shape != wanted[name].shape
    ]
    if missing or surplus or reshaped:
        raise explain(tensors, wanted, path=path, missing=missing)
    for name, tensor in tensors.items():
        expected = (torch.int64,) if wanted[name].dtype == torch.int64 else LOADABLE
        if tensor.dtype not in expected:
            names = " or ".join(str(dtype).removeprefix("torch.") for dtype in expected)
            found = str(tensor.dtype).removeprefix("torch.")
            raise WeightsMismatchError(f"{path}: {name} is {found}; it must be {names}.")
        if not bool(torch.isfinite(tensor).all()):
            count = int((~torch.isfinite(tensor)).sum())
            values = "1 value that is" if count == 1 else f"{count:,} values that are"
            raise WeightsMismatchError(
                f"{path}: {name} holds {values} not finite.",
                remedy="The file is damaged, or its training had diverged.",
            )


def as_weights(tensor: Tensor) -> Tensor:
    """A contiguous copy of its own, in float32 (counters stay int64)."""
    dtype = tensor.dtype if tensor.dtype == torch.int64 else torch.float32
    return tensor.detach().to(dtype, copy=True, memory_format=torch.contiguous_format)
