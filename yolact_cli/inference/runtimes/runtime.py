"""What runs a network: the one contract that everything after it knows.

A runtime takes a batch of pictures at the network's input size and gives arrays; masks are
assembled from those without it (``inference/postprocess.py``).
"""

import logging
from collections.abc import Callable
from typing import Protocol

import numpy as np
from jaxtyping import Shaped

from yolact_cli.errors import DeviceError
from yolact_cli.structures import Candidates, RawOutputs

_log = logging.getLogger(__name__)

Choose = Callable[[], list[Candidates]]
"""Makes candidates of what a network gave."""


class Runtime(Protocol):
    """Pixels in, candidates out; for a given batch always the same.

    Attributes:
        largest_batch: What larger batches are cut into since one did not fit into memory, or None:
            all have fitted.
    """

    largest_batch: int | None

    def run(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> list[Candidates]:
        """Candidates of each picture (RGB, [0, 255], not normalised), in order.

        A picture's candidates do not depend on the others of its batch but for rounding.
        """

    def start(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Choose:
        """Begin :meth:`run`, to be ended by the call of what this returns, once.

        The network works beside whatever the caller does meanwhile. Batches are worked off in the
        order in which they are begun.
        """

    def run_network(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> Choose:
        """The network alone, done when this returns; the call of what it returns does the rest.

        Together they are :meth:`run`, in two steps whose times can be told apart. Nothing else may
        be run in between.

        Raises:
            DeviceError: The batch does not fit into the device's memory.
        """

    def raw(self, pixels: Shaped[np.ndarray, "b s s 3"]) -> RawOutputs:
        """The network's outputs before any selection, for looking inside."""


def no_room_for_one(device: str) -> DeviceError:
    """The error where batches cannot be made any smaller."""
    return DeviceError(
        f"One picture does not fit into the memory of {device}.",
        remedy="Free the device of other programs, or use a smaller model or --device cpu.",
    )


def halved_batch(pictures: int, *, device: str) -> int:
    """What batches are cut into from now on, since one of so many pictures did not fit.

    Raises:
        DeviceError: Not even one picture fits.
    """
    if pictures <= 1:
        raise no_room_for_one(device)
    half = pictures // 2
    _log.warning(
        "A batch of %d does not fit into the memory of %s; going on with %d", pictures, device, half
    )
    return half
