"""What of a network stays in float32 when the rest computes in bf16.

In networks of separable convolutions rounding is felt: a filter of nine weights averages little of
it out, and what the first layers lose is lost to all others. With all of ``yolact_lite0`` in bf16
one object in twenty was not found again, with its first stages and class scores in float32 less
than one in a hundred (``pytest -m slow -s tests/pipelines/test_runtime_labels.py``).
"""

from torch import nn

from yolact_cli.network.yolact import Yolact

_CLASS_SCORES = "prediction_layers.0.conf_layer"
_STAGES = 5
"""Of the backbone, the stem included."""


def float32_modules(network: Yolact, *, whole_backbone: bool) -> dict[str, nn.Module]:
    """The modules to be kept in float32, by their names in the network.

    Args:
        network: Any; of one whose convolutions are not separable, nothing is kept.
        whole_backbone: Keep all of it, not its first stages alone: where each layer rounds what it
            gives, as torch's do, instead of several together.
    """
    if not network.backbone.is_separable:
        return {}
    names = {module: name for name, module in network.named_modules()}
    stages = network.backbone.stages()[:_STAGES]
    kept = [names[part] for part in ([network.backbone] if whole_backbone else stages)]
    return {name: network.get_submodule(name) for name in (*kept, _CLASS_SCORES)}
