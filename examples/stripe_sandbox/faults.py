"""Trouble on request: what the next matching requests meet instead of a healthy Stripe."""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal, get_args

LONGEST_DELAY = 60.0
How = Literal["none", "delay", "500", "429", "cut", "silent"]


@dataclass
class Fault:
    """Trouble for the next requests with this method and path, where `*` in the path stands for anything.

    - `delay` holds the request for some seconds before it runs, its idempotency key in flight.
    - `500` fails inside the endpoint and is saved for its key; `429` refuses before it and is not.
    - `cut` resets the connection after the request has been carried out and its answer saved.
    - `silent` neither carries it out nor answers, until the client goes away.

    :raises ValueError: for other trouble, a delay over a minute, or none at all
    """

    method: str
    path: str
    how: How
    seconds: float = 0.0
    times: int = 1

    def __post_init__(self) -> None:
        if self.how not in get_args(How) or not 0 <= self.seconds <= LONGEST_DELAY or self.times < 1:
            raise ValueError(f"a fault is one of {get_args(How)}, 0 to {LONGEST_DELAY:.0f} seconds, 1 or more times")


class Faults:
    """The trouble still to come, in the order in which it was asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Queue trouble for the next matching requests."""
        with self._lock:
            self._waiting.append(fault)

    def take(self, method: str, path: str) -> Fault:
        """Return the trouble that this request meets, counted down by one."""
        with self._lock:
            for fault in self._waiting:
                if fault.method == method and fnmatchcase(path, fault.path):
                    fault.times -= 1
                    if fault.times < 1:
                        self._waiting.remove(fault)
                    return fault
        return Fault(method, path, "none")

    def clear(self) -> None:
        """Forget all trouble."""
        with self._lock:
            self._waiting.clear()
