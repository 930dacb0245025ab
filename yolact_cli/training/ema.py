"""A moving average of the weights: steadier than the weights of any one iteration."""

import torch
from torch import Tensor, nn


class WeightAverage:
    """Exponential moving average of a network's whole state, batch-norm statistics included."""

    def __init__(self, network: nn.Module, *, decay: float) -> None:
        self.decay = decay
        self.state = {name: value.detach().clone() for name, value in network.state_dict().items()}

    @torch.no_grad()
    def update(self, network: nn.Module, iteration: int) -> None:
        """Move towards the network; faster while young, when the average still holds the start."""
        decay = min(self.decay, (1 + iteration) / (10 + iteration))
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                self.state[name].lerp_(value, 1 - decay)
            else:
                self.state[name].copy_(value)

    def load(self, state: dict[str, Tensor]) -> None:
        """Go on from a saved average."""
        for name, value in state.items():
            self.state[name].copy_(value)
