"""The passes of one optimiser step: one after another, or on a CPU at the same time.

Inside a layer a CPU's cores wait for each other thousands of times in an iteration; given a pass
each, they wait once. Every pass has a copy of the network that shares its weights and has
gradients and statistics of its own, so what comes out does not depend on which pass is done first.
"""

import copy
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self, TypeVar

import torch
from torch import Tensor, nn

from yolact_cli.network.yolact import Yolact

Outcome = TypeVar("Outcome")


class Passes:
    """Runs a fixed number of passes over copies of a network; closed, its threads end."""

    def __init__(self, network: Yolact, *, count: int, device: torch.device) -> None:
        """Make the copies; the network must be in the modes that it is trained in."""
        self._network = network
        self._copies = [_sharing_weights(network) for _ in range(count)]
        cores = torch.get_num_threads()
        at_once = min(count, cores) if device.type == "cpu" else 1
        self._threads = (
            ThreadPoolExecutor(
                at_once, initializer=torch.set_num_threads, initargs=(cores // at_once,)
            )
            if at_once > 1
            else None
        )

    def run(self, one_pass: Callable[[Yolact, int], Outcome]) -> list[Outcome]:
        """Call ``one_pass`` with a copy of the network and the pass's number, for each pass.

        The gradients that the passes leave are added up, in the passes' order, in the network's
        own parameters. Its statistics stay as they are until :meth:`keep_statistics`.
        """
        state = dict(self._network.named_buffers())
        for one in self._copies:
            for name, value in one.named_buffers():
                value.copy_(state[name])
        numbers = range(len(self._copies))
        run_all = self._threads.map if self._threads else map
        outcomes = list(run_all(one_pass, self._copies, numbers))
        self._add_gradients()
        return outcomes

    def keep_statistics(self) -> None:
        """Give the network the mean of the passes' batch-norm statistics."""
        per_pass = [dict(one.named_buffers()) for one in self._copies]
        for name, value in self._network.named_buffers():
            values = [buffers[name] for buffers in per_pass]
            is_mean = value.is_floating_point() and len(values) > 1
            value.copy_(torch.stack(values).mean(dim=0) if is_mean else values[0])

    def _add_gradients(self) -> None:
        each = [one.parameters() for one in self._copies]
        for parameter, *copies in zip(self._network.parameters(), *each, strict=True):
            gradients = [one.grad for one in copies if one.grad is not None]
            parameter.grad = _sum(gradients) if gradients else None
            for one in copies:
                one.grad = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        if self._threads:
            self._threads.shutdown(cancel_futures=True)


def _sharing_weights(network: Yolact) -> Yolact:
    other = copy.deepcopy(network)
    for own, shared in zip(other.modules(), network.modules(), strict=True):
        for name, parameter in shared.named_parameters(recurse=False):
            weights = nn.Parameter(parameter.detach(), requires_grad=parameter.requires_grad)
            own.register_parameter(name, weights)
    return other


def _sum(gradients: list[Tensor]) -> Tensor:
    total = gradients[0]
    for gradient in gradients[1:]:
        total += gradient
    return total
