"""A network for use alone: what it gives stays the same but for rounding, and is had quicker.

Each batch norm that directly follows a convolution is folded into it, and activations write over
what they were given: fewer passes over memory.
"""

from typing import cast

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from yolact_cli.network.backbones.deformable import DeformableConv
from yolact_cli.network.backbones.efficientnet_lite import SameConv


def bring_to_inference_form(module: nn.Module) -> None:
    """Change a module in place; it cannot be trained afterwards, nor keeps its names of tensors.

    Norms of several pyramid levels behind one convolution stay.

    Args:
        module: In evaluation mode.
    """
    for part in list(module.modules()):
        if isinstance(part, nn.Sequential):
            _fold_neighbours(part)
        else:
            _fold_namesakes(part)
    for part in module.modules():
        if isinstance(part, SameConv):
            part.pads_first = False


def _fold_neighbours(layers: nn.Sequential) -> None:
    for place in range(len(layers) - 1):
        convolution, after = layers[place], layers[place + 1]
        if isinstance(convolution, nn.Conv2d) and isinstance(after, nn.BatchNorm2d):
            layers[place] = fuse_conv_bn_eval(convolution, after)
            layers[place + 1] = nn.Identity()
        if isinstance(after, nn.ReLU | nn.ReLU6):
            after.inplace = True


def _fold_namesakes(part: nn.Module) -> None:
    """``conv1`` with ``bn1``, and so on, as ResNet's blocks have them."""
    for name, convolution in list(part.named_children()):
        norm_name = name.replace("conv", "bn")
        norm = getattr(part, norm_name, None)
        if isinstance(convolution, nn.Conv2d | DeformableConv) and isinstance(norm, nn.BatchNorm2d):
            # torch wants a convolution of its own by name, and no more of it than weight and bias
            setattr(part, name, fuse_conv_bn_eval(cast("nn.Conv2d", convolution), norm))
            setattr(part, norm_name, nn.Identity())
