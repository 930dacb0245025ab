"""ImageNet starts: a classifier's feature extractor into a network's backbone."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from yolact_cli.errors import WeightsMismatchError
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.checkpoint import read_tensors
from yolact_cli.zoo.mismatch import explain_other_network
from yolact_cli.zoo.weights import COUNTER, as_weights, check_tensors

CLASSIFIER = ("fc.", "classifier.")
# What YOLACT++ adds to a plain ResNet; starts afresh.
DEFORMABLE = re.compile(r"layers\.\d+\.\d+\.conv2\.(bias|conv_offset_mask\..+)")
TORCHVISION_STAGE = re.compile(r"^layer(\d)\.")


def load_backbone_weights(network: Yolact, path: Path, *, sha256: str | None = None) -> None:
    """Start ``network``'s backbone from a classifier learnt on ImageNet.

    Takes ResNets as torchvision names them (resnet50-….pth, resnet101_reducedfc.pth) and DarkNet-53
    (darknet53.pth); the classifying layer is left out.

    Raises:
        ChecksumError: If the file is not the promised one.
        NotACheckpointError: If the file holds no tensors that can be trusted.
        WeightsMismatchError: If it is of another backbone.
    """
    tensors = read_tensors(path, sha256=sha256)
    if any(name.startswith(("backbone.", "fpn.")) for name in tensors):
        raise WeightsMismatchError(
            f"{path}: holds a whole detector, not a backbone.",
            remedy="Start training from it as a checkpoint.",
        )
    put_backbone(network, rename_torchvision(tensors), path=path)


def rename_torchvision(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """``layer1.`` to ``layers.0.`` and so on, the classifier left out."""

    def rename(name: str) -> str:
        return TORCHVISION_STAGE.sub(lambda match: f"layers.{int(match[1]) - 1}.", name)

    return {rename(n): tensor for n, tensor in tensors.items() if not n.startswith(CLASSIFIER)}


def put_backbone(network: Yolact, tensors: Mapping[str, Tensor], *, path: Path) -> None:
    """Put tensors named as the backbone's own into it, all checked first.

    Args:
        network: Its offsets and modulation (YOLACT++) keep what they have.
        tensors: Names without the ``backbone.`` prefix.
        path: Names the file in errors.

    Raises:
        WeightsMismatchError: If a name, shape, dtype or value is wrong.
    """

    def is_optional(name: str) -> bool:
        return name.endswith(COUNTER) or DEFORMABLE.fullmatch(name) is not None

    wanted = network.backbone.state_dict()
    check_tensors(tensors, wanted, path=path, optional=is_optional, explain=explain_other_network)
    ready = {name: as_weights(tensor) for name, tensor in tensors.items()}
    network.backbone.load_state_dict(ready, strict=False)
