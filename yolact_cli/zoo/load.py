"""From a resolved model to a network ready for inference."""

import torch

from yolact_cli.network.yolact import Yolact
from yolact_cli.zoo.resolve import ModelSource, weights_absent
from yolact_cli.zoo.weights import load_weights


def load_network(source: ModelSource, *, device: str | torch.device = "cpu") -> Yolact:
    """The source's network with its weights, float32, in eval mode, on ``device``.

    Takes no numbers from torch's random state.

    Raises:
        ModelError: If the weights are not on this machine.
        ChecksumError: If the file is not the promised one.
        NotACheckpointError: If the file holds no tensors that can be trusted.
        WeightsMismatchError: If its tensors do not fit the network.
    """
    path = source.weights_path
    if path is None:
        raise weights_absent(source)
    with torch.device("meta"):
        network = Yolact(source.card.network)
    load_weights(network, path, sha256=source.sha256)
    return network.eval().requires_grad_(requires_grad=False).to(device)
