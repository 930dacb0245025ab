"""How much memory graphs may have, and how much one of OpenVINO's takes, told before compiling.

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
_GIGABYTE = 1e9


def most_bytes() -> int:
    """What graphs may take: three quarters of the memory that is free."""
    return int(_SHARE * available_bytes())


def check_memory(model: "openvino.Model", *, at_once: int) -> None:
    """Do nothing for a graph that fits into :func:`most_bytes`.

    Args:
        model: All lengths of its inputs known.
        at_once: How often it is run side by side.

    Raises:
        DeviceError: It takes more.
        WeightsMismatchError: Nobody can tell, since sizes in it depend on what is in the picture.
    """
    needed, most = at_once * live_bytes(model), most_bytes()
    if needed > most:
        raise DeviceError(
            f"The graph takes {needed / _GIGABYTE:,.1f} GB of memory, more than the"
            f" {most / _GIGABYTE:,.1f} GB that are three quarters of what is free.",
            remedy="Use a smaller model, or one from somebody you trust.",
        )


def live_bytes(model: "openvino.Model") -> int:
    """What lies in memory at a time, at most: all that has been computed and is still to be used.

    Constants, which are read from a file, do not count.

    Raises:
        WeightsMismatchError: A length in it is not known.
    """
    operations = model.get_ordered_ops()
    places = {one.get_friendly_name(): place for place, one in enumerate(operations)}
    let_go = [0] * len(operations)  # bytes that nobody needs after the operation of that place
    live = most = 0
    for place, operation in enumerate(operations):
        if operation.get_type_name() != "Constant":
            for output in operation.outputs():
                takers = [one.get_node().get_friendly_name() for one in output.get_target_inputs()]
                size_bytes = _size_bytes(output)
                let_go[max([place, *(places[name] for name in takers)])] += size_bytes
                live += size_bytes
        most = max(most, live)
        live -= let_go[place]
    return most


def _size_bytes(output: "openvino.Output") -> int:
    shape = output.get_partial_shape()
    if not shape.is_static:
        name = output.get_node().get_friendly_name()[:80]
        raise WeightsMismatchError(f"The graph does not say how large {name!r} becomes.")
    size: int = math.prod(side.get_length() for side in shape) * output.get_element_type().size
    return size
