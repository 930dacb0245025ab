"""What a checkpoint's pickle says it holds, found without executing it.

A pickle is a program for a small stack machine. This one walks through it with stand-ins: a call
becomes a record of what would be called, a tensor becomes its declared shape. Only what
``torch.save`` writes for numbers, text, containers and tensors is known; all else is refused.
"""

import math
import pickletools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, BinaryIO

PROTOCOLS = range(2, 6)
# Bytes of one element, by the class name that torch writes into the pickle.
ITEM_BYTES = {
    "BoolStorage": 1,
    "ByteStorage": 1,
    "CharStorage": 1,
    "ShortStorage": 2,
    "HalfStorage": 2,
    "BFloat16Storage": 2,
    "IntStorage": 4,
    "FloatStorage": 4,
    "LongStorage": 8,
    "DoubleStorage": 8,
}
HARMLESS = {
    "collections OrderedDict",
    "torch Size",
    "torch device",
    "torch._utils _rebuild_parameter",
    "torch._utils _rebuild_tensor_v2",
    *(f"torch {name}" for name in ITEM_BYTES),
}


class PickleRefusedError(Exception):
    """The pickle cannot be vouched for."""


class CodeFoundError(PickleRefusedError):
    """The pickle wants something called that tensors do not need.

    Attributes:
        target: The module and name it asks for, with a dot.
    """

    def __init__(self, target: str) -> None:
        super().__init__(f"it asks to call {target}")
        self.target = target


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """A run of numbers that the file should hold elsewhere."""

    key: str
    items: int
    item_bytes: int

    @property
    def size_bytes(self) -> int:
        """Declared size."""
        return self.items * self.item_bytes


@dataclass(frozen=True, slots=True)
class Callee:
    """A stand-in for something importable."""

    target: str


@dataclass(slots=True)
class PickleScan:
    """What was found.

    Attributes:
        storages: By key.
        value: The pickled object, with stand-ins; containers that were filled are empty.
    """

    storages: dict[str, Storage] = field(default_factory=dict)
    value: Any = None


def scan_pickle(stream: BinaryIO) -> PickleScan:
    """Walk through the one pickle that ``stream`` stands at, and leave it just behind.

    Raises:
        CodeFoundError: If it wants anything called but what rebuilds tensors.
        PickleRefusedError: If it is cut off, malformed, or declares tensors larger than their
            storage.
    """
    machine = _Machine()
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            machine.step(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise PickleRefusedError(f"its pickle is damaged ({error})") from error
    machine.scan.value = machine.stack[-1] if machine.stack else None
    return machine.scan


_MARK = object()
_CONSTANTS = {
    "BININT", "BININT1", "BININT2", "LONG1", "LONG4", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE",
    "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip
_FIXED: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "MARK": lambda: _MARK,
}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
# How many values each takes off the stack before leaving the container there.
_FILLING = {"SETITEM": 2, "APPEND": 1, "BUILD": 1}
_FILLING_TO_MARK = {"SETITEMS", "APPENDS"}


class _Machine:
    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}
        self.scan = PickleScan()

    def step(self, name: str, argument: Any) -> None:
        if name in _CONSTANTS:
            self.stack.append(argument)
        elif name in _FIXED:
            self.stack.append(_FIXED[name]())
        elif name in _TUPLES:
            self.stack.append(self._pop(_TUPLES[name]))
        elif name in _FILLING:
            self._pop(_FILLING[name])
        elif name in _FILLING_TO_MARK:
            self._pop_to_mark()
        elif name == "PROTO":
            _check_protocol(argument)
        elif name not in ("FRAME", "STOP"):
            self._step_rarer(name, argument)

    def _step_rarer(self, name: str, argument: Any) -> None:
        if name == "TUPLE":
            self.stack.append(self._pop_to_mark())
        elif name in ("BINPUT", "LONG_BINPUT"):
            self.memo[argument] = self.stack[-1]
        elif name == "MEMOIZE":
            self.memo[len(self.memo)] = self.stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            self.stack.append(self.memo[argument])
        elif name == "GLOBAL":
            self.stack.append(_callee(argument))
        elif name == "STACK_GLOBAL":
            self.stack.append(_callee(" ".join(self._pop(2))))
        elif name == "BINPERSID":
            self.stack.append(self._storage(self.stack.pop()))
        elif name == "REDUCE":
            callee, arguments = self._pop(2)
            self.stack.append(_call(callee, arguments))
        else:
            raise PickleRefusedError(f"its pickle uses {name}, which torch.save never writes")

    def _pop(self, count: int) -> tuple[Any, ...]:
        if len(self.stack) < count:
            raise IndexError("a value is missing")
        taken = tuple(self.stack[-count:])
        del self.stack[-count:]
        return taken

    def _pop_to_mark(self) -> tuple[Any, ...]:
        taken = []
        while (value := self.stack.pop()) is not _MARK:
            taken.append(value)
        return tuple(reversed(taken))

    def _storage(self, reference: Any) -> Storage:
        kind, callee, key, _, items, *view = reference
        item_bytes = ITEM_BYTES[callee.target.removeprefix("torch ")]
        if kind != "storage" or type(items) is not int or items < 0 or any(view):
            raise ValueError("a storage is not described as torch.save does")
        storage = Storage(key=str(key), items=items, item_bytes=item_bytes)
        if self.scan.storages.setdefault(storage.key, storage) != storage:
            raise ValueError(f"storage {storage.key} is described twice")
        return storage


def _check_protocol(number: int) -> None:
    if number not in PROTOCOLS:
        raise PickleRefusedError(f"its pickle is of protocol {number}")


def _callee(target: str) -> Callee:
    if target not in HARMLESS:
        raise CodeFoundError(target.replace(" ", "."))
    return Callee(target)


def _call(callee: Any, arguments: Any) -> Any:
    if not isinstance(callee, Callee):
        raise TypeError("a call of something that cannot be called")
    if callee.target.endswith("_rebuild_tensor_v2"):
        _check_tensor(*arguments[:4])
    return {} if callee.target.endswith("OrderedDict") else object()


def _check_tensor(storage: Any, offset: Any, shape: Any, stride: Any) -> None:
    numbers = (offset, *shape, *stride)
    if not isinstance(storage, Storage) or not all(type(n) is int and n >= 0 for n in numbers):
        raise TypeError("a tensor is not described as torch.save does")
    items = math.prod(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, stride, strict=True))
    if items and (items > storage.items or last >= storage.items):
        raise PickleRefusedError(
            f"a tensor of shape {tuple(shape)} is declared on {storage.items} stored numbers"
        )
