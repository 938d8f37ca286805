"""One thread that does things when they are due, one after another."""

import heapq
import itertools
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Schedule(Generic[Item]):
    """What is still to be done, and the thread that does it; what is due at the same time keeps its order."""

    def __init__(self, carry_out: Callable[[Item], None], name: str) -> None:
        self._carry_out = carry_out
        self._waiting: list[tuple[float, int, Item]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()
        self._is_busy = self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name=name)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is still waiting is not done."""
        with self._changed:
            self._is_stopping = True
            self._changed.notify_all()
        self._thread.join()

    def put(self, item: Item, seconds: float = 0.0) -> None:
        """Have this done so many seconds from now."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + seconds, next(self._numbers), item))
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget what is still waiting."""
        with self._changed:
            self._waiting.clear()
            self._changed.notify_all()

    def wait_until_done(self, seconds: float) -> bool:
        """Wait until nothing is left to do; false if that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._waiting and not self._is_busy, seconds)

    def _run(self) -> None:
        while (item := self._take()) is not None:
            try:
                self._carry_out(item)
            finally:
                with self._changed:
                    self._is_busy = False
                    self._changed.notify_all()

    def _take(self) -> Item | None:
        """Wait for what is due next and return it, or None once the end has come."""
        with self._changed:
            while not self._is_stopping:
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and wait <= 0:
                    self._is_busy = True
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait)
        return None
