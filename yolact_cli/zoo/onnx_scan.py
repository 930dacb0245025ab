"""A look at an ONNX file's structure without the library: what does it ask for?

Walks the protocol buffer by hand, as far as nodes, tensors and subgraphs go. Field numbers are
those of onnx.proto (onnx/onnx, Apache-2.0), which never change.
"""

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MAX_TAG = (1 << 32) - 1
"""The largest there is. Readers drop what lies above, and would see another field than we do."""
MAX_NODES = 100_000
MAX_NESTING = 8

# What the networks' exports consist of, and what the exporter may choose in their place.
OPERATORS = frozenset({
    "Add", "BatchNormalization", "Cast", "Ceil", "Clip", "Concat", "Constant", "ConstantOfShape",
    "Conv", "DeformConv", "Div", "Equal", "Expand", "Flatten", "Floor", "Gather", "Identity",
    "LeakyRelu", "MaxPool", "Max", "Min", "Mul", "Pad", "ReduceMax", "Relu", "Reshape", "Resize",
    "Shape", "Sigmoid", "Slice", "Split", "Squeeze", "Sub", "Tanh", "Transpose", "Unsqueeze",
    "Where",
})  # fmt: skip

# Messages by name: the fields that hold further messages.
NESTED: dict[str, dict[int, str]] = {
    "Model": {7: "Graph", 25: "Function"},
    "Graph": {1: "Node", 5: "Tensor", 15: "SparseTensor"},
    "Function": {7: "Node", 11: "Attribute"},
    "Node": {5: "Attribute"},
    "Attribute": {
        5: "Tensor", 6: "Graph", 10: "Tensor", 11: "Graph", 22: "SparseTensor", 23: "SparseTensor",
    },
    "SparseTensor": {1: "Tensor", 2: "Tensor"},
    "Tensor": {},
}  # fmt: skip
NODE_OPERATOR, NODE_DOMAIN = 4, 7
TENSOR_EXTERNAL_DATA, TENSOR_DATA_LOCATION = 13, 14


class GraphRefusedError(Exception):
    """A graph that is broken, or asks for what no export asks for; the message says what."""


def scan_onnx(model: bytes) -> None:
    """Do nothing for a file that a runtime may read.

    Raises:
        GraphRefusedError: It is no ONNX, is cut off, keeps tensors in other files, or has
            operators that YOLACT does not need.
    """
    if not model:
        raise GraphRefusedError("it is empty")
    nodes = _Counter()
    _walk(memoryview(model), "Model", depth=0, nodes=nodes)
    if not nodes.count:
        raise GraphRefusedError("it holds no graph")


class _Counter:
    def __init__(self) -> None:
        self.count = 0

    def add(self) -> None:
        self.count += 1
        if self.count > MAX_NODES:
            raise GraphRefusedError("its graph is implausibly large")


def _walk(message: memoryview, kind: str, *, depth: int, nodes: _Counter) -> None:
    if depth > MAX_NESTING:
        raise GraphRefusedError("its graphs are nested too deeply")
    for field, value in _fields(message):
        if kind == "Node":
            _check_node(field, value)
        if kind == "Tensor" and _is_external(field, value):
            raise GraphRefusedError("it keeps tensors in other files")
        inner = NESTED[kind].get(field)
        if inner is None:
            continue
        if not isinstance(value, memoryview):
            raise GraphRefusedError("it is no ONNX")
        if inner == "Node":
            nodes.add()
        _walk(value, inner, depth=depth + 1, nodes=nodes)


def _check_node(field: int, value: memoryview | int) -> None:
    if field == NODE_OPERATOR and _text(value) not in OPERATORS:
        raise GraphRefusedError(f"it has an operator {_text(value)[:40]!r}")
    if field == NODE_DOMAIN and _text(value) not in ("", "ai.onnx"):
        raise GraphRefusedError(f"it has an operator of the domain {_text(value)[:40]!r}")


def _is_external(field: int, value: memoryview | int) -> bool:
    return field == TENSOR_EXTERNAL_DATA or (field == TENSOR_DATA_LOCATION and value != 0)


def _text(value: memoryview | int) -> str:
    return bytes(value).decode("utf-8", "replace") if isinstance(value, memoryview) else ""


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Each field's number with its bytes, or its number where it is a varint."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        if not 8 <= key <= MAX_TAG:
            raise GraphRefusedError("it is no ONNX")
        field, wire = key >> 3, key & 7
        if wire == VARINT:
            value, place = _varint(message, place)
            yield field, value
            continue
        length, place = _length(message, place, wire)
        if place + length > len(message):
            raise GraphRefusedError("it is cut off")
        yield field, message[place : place + length]
        place += length


def _length(message: memoryview, place: int, wire: int) -> tuple[int, int]:
    if wire == BYTES:
        return _varint(message, place)
    if wire in (FIXED32, FIXED64):
        return (4 if wire == FIXED32 else 8), place
    raise GraphRefusedError("it is no ONNX")


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= len(message):
            raise GraphRefusedError("it is cut off")
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value, place
    raise GraphRefusedError("it is no ONNX")
