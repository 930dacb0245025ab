"""Items made ahead of their use by a thread, a few at most, so that memory stays flat."""

import contextlib
import threading
from collections import deque
from collections.abc import Generator, Iterator
from typing import Generic, TypeVar

__all__ = ["decode_ahead"]

T = TypeVar("T")


@contextlib.contextmanager
def decode_ahead(items: Iterator[T], *, max_items: int) -> Generator[Iterator[T], None, None]:
    """Run an iterator in a thread of its own, for the length of a ``with`` block.

    What it raises is raised where its items are used, after those made before. When the block is
    left, however that is, the thread has ended and the iterator is closed; at most the item at hand
    is still made. Decoding leaves Python's lock alone, so both sides do run at the same time.

    Args:
        items: Used by the thread alone until the block is left.
        max_items: That wait to be used; one more is in the making.
    """
    if max_items < 1:
        raise ValueError(f"max_items is {max_items}, and must be at least 1.")
    shelf: _Shelf[T] = _Shelf(max_items)
    thread = threading.Thread(target=_fill, args=(shelf, items), name="yolact-decode", daemon=True)
    thread.start()
    try:
        yield shelf.take_all()
    finally:
        shelf.stop()
        thread.join()


class _Shelf(Generic[T]):
    """Between the two threads."""

    def __init__(self, max_items: int) -> None:
        self._max_items = max_items
        self._items: deque[T] = deque()
        self._changed = threading.Condition()
        self._is_full_set = False
        self._is_stopped = False
        self._error: BaseException | None = None

    def put(self, item: T) -> bool:
        """Wait for room and lay the item down; False when no more are wanted."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or len(self._items) < self._max_items)
            if not self._is_stopped:
                self._items.append(item)
                self._changed.notify_all()
            return not self._is_stopped

    def finish(self, error: BaseException | None) -> None:
        """No more items come."""
        with self._changed:
            self._is_full_set, self._error = True, error
            self._changed.notify_all()

    def stop(self) -> None:
        """No more items are wanted."""
        with self._changed:
            self._is_stopped = True
            self._items.clear()
            self._changed.notify_all()

    def take_all(self) -> Iterator[T]:
        """The items in order, as they come."""
        while True:
            with self._changed:
                self._changed.wait_for(self._has_news)
                if not self._items:
                    break
                item = self._items.popleft()
                self._changed.notify_all()
            yield item
            del item  # not held while the next is waited for
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _has_news(self) -> bool:
        return bool(self._items) or self._is_full_set or self._is_stopped


def _fill(shelf: _Shelf[T], items: Iterator[T]) -> None:
    error: BaseException | None = None
    try:
        for item in items:
            if not shelf.put(item):
                break
    except BaseException as caught:  # noqa: BLE001 -- raised again where the items are used
        error = caught
    finally:
        if isinstance(items, Generator):
            items.close()
        shelf.finish(error)
