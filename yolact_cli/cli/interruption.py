"""Ctrl-C and SIGTERM while work is done in batches: the first is a request, the second an order."""

import signal
from types import FrameType, TracebackType
from typing import Any, Self

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interruption:
    """Takes the signals while it is entered; to be entered in the main thread.

    After a second signal the process ends wherever it is, with locks released.

    Attributes:
        signal_number: The signal that came, or None.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._take) for number in _SIGNALS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __bool__(self) -> bool:
        return self.signal_number is not None

    @property
    def exit_code(self) -> int:
        """What a shell gives for a program that a signal ended; 0 where none came."""
        return 128 + self.signal_number if self.signal_number is not None else 0

    def _take(self, number: int, _: FrameType | None) -> None:
        if self.signal_number is not None:
            raise SystemExit(128 + number)
        self.signal_number = number
