"""What of a network stays in float32 when the rest computes in bf16.

In networks of separable convolutions rounding is felt: a filter of nine weights averages little of
it out, and each layer hands what it lost to all others. With all of ``yolact_lite0`` in bf16 one
object in twenty was not found again. With the first stages and the class scores in float32 it was
one in a hundred, a few more or fewer from processor to processor; with the backbone and the head
one in five hundred (``pytest -m slow -s tests/pipelines/test_runtime_labels.py``).
"""

from torch import nn

from yolact_cli.network.yolact import Yolact


def float32_modules(network: Yolact) -> dict[str, nn.Module]:
    """The modules to be kept in float32, by their names in the network.

    Args:
        network: Any; of one whose convolutions are not separable, nothing is kept.
    """
    if not network.backbone.is_separable:
        return {}
    names = {module: name for name, module in network.named_modules()}
    return {names[part]: part for part in (network.backbone, network.prediction_layers[0])}
