"""First weights of everything but the backbone.

Source: dbolya/yolact (MIT): Xavier-uniform convolutions with zero bias. The prior of the class
layer is ours, after RetinaNet (arXiv 1708.02002) section 3.3.
"""

import math

from torch import nn

from yolact_cli.network.yolact import Yolact

# Background starts this likely, so that thousands of easy anchors do not drown the first steps.
BACKGROUND_PRIOR = 0.99


def initialise(network: Yolact) -> None:
    """Draw fresh weights from torch's random state; the backbone is left as it is."""
    backbone = set(network.backbone.modules())
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module not in backbone:
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    classes = network.config.num_classes
    odds = BACKGROUND_PRIOR / (1 - BACKGROUND_PRIOR) * classes
    for name, parameter in network.named_parameters():
        if name.endswith("conf_layer.bias"):
            parameter.detach().view(-1, classes + 1)[:, 0] = math.log(odds)
