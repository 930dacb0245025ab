"""What a graph will hold in memory, told before anything of it is computed.

Compiling computes whatever depends on no picture, so a graph that makes gigabytes out of a single
number would have them then.
"""

import math
from typing import TYPE_CHECKING

from yolact_cli.errors import DeviceError, WeightsMismatchError
from yolact_cli.free_memory import available_bytes

if TYPE_CHECKING:
    import openvino

_SHARE = 0.75
"""Of the memory that is free, which one picture may take."""
_GIGABYTE = 1e9


def check_memory(model: "openvino.Model") -> None:
    """Do nothing for a graph that fits into the memory that is free.

    Raises:
        DeviceError: One picture would take most of it.
        WeightsMismatchError: Nobody can tell, since sizes in it depend on what is in the picture.
    """
    needed, free = live_bytes(model), available_bytes()
    if needed > _SHARE * free:
        raise DeviceError(
            f"One picture takes {needed / _GIGABYTE:,.1f} GB of memory in this graph, and"
            f" {free / _GIGABYTE:,.1f} GB are free.",
            remedy="Use a smaller model, or one from somebody you trust.",
        )


def live_bytes(model: "openvino.Model") -> int:
    """What lies in memory at a time, at most: all that has been computed and is still to be used.

    Constants, which are read from a file, do not count. A first axis whose length is free counts as
    one.

    Raises:
        WeightsMismatchError: Another axis is free.
    """
    operations = model.get_ordered_ops()
    places = {one.get_friendly_name(): place for place, one in enumerate(operations)}
    let_go = [0] * len(operations)  # bytes that nobody needs after the operation of that place
    live = most = 0
    for place, operation in enumerate(operations):
        if operation.get_type_name() != "Constant":
            for output in operation.outputs():
                takers = output.get_target_inputs()
                last = max(
                    (places[one.get_node().get_friendly_name()] for one in takers), default=0
                )
                let_go[max(last, place)] += _size_bytes(output)
                live += _size_bytes(output)
        most = max(most, live)
        live -= let_go[place]
    return most


def _size_bytes(output: "openvino.Output") -> int:
    shape = output.get_partial_shape()
    sides = list(shape) if shape.rank.is_static else None
    if sides is None or not all(side.is_static for side in sides[1:]):
        name = output.get_node().get_friendly_name()[:80]
        raise WeightsMismatchError(f"The graph does not say how large {name!r} becomes.")
    lengths = (side.get_length() if side.is_static else 1 for side in sides)
    size: int = math.prod(lengths) * output.get_element_type().size
    return size
