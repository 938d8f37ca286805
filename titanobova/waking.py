"""Waking a job from a request without waiting for the queue."""

import atexit
import os
import threading
import time
from collections.abc import Callable

MOMENT = 0.2  # seconds; one job does the work of all the calls of a moment


class Waker:
    """Calls a function soon, in a thread of its own, once for all who wanted it meanwhile.

    Putting a job into the queue costs more than all the rows of a short request together, and waits where the queue is
    down. Who is killed before the thread came to it leaves the work to the periodic sweep.
    """

    def __init__(self, call: Callable[[], object]) -> None:
        self._call, self._wanted, self._process = call, threading.Event(), 0
        self._starting, self._calling = threading.Lock(), threading.Lock()
        atexit.register(self.flush)

    def wake(self) -> None:
        """Have the function called in a moment."""
        self._wanted.set()
        if self._process != os.getpid():  # a fork leaves the thread behind
            self._start()

    def flush(self) -> None:
        """Return once nothing is wanted any more: a command that ends does not leave its work to the sweep."""
        with self._calling:
            if self._wanted.is_set():
                self._wanted.clear()
                self._call()

    def _start(self) -> None:
        with self._starting:
            if self._process != os.getpid():
                self._process = os.getpid()
                threading.Thread(target=self._run, name="wake", daemon=True).start()

    def _run(self) -> None:
        while self._wanted.wait():
            self.flush()
            time.sleep(MOMENT)
