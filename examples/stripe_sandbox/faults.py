"""Trouble on request: what the next requests, or the next deliveries of events, meet instead of a healthy Stripe."""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

LONGEST_DELAY = 60.0
EVENT = "EVENT"  # stands for the method where trouble is aimed at deliveries; the path is then the event's type
How = Literal["none", "delay", "500", "429", "cut", "silent", "duplicate", "reorder", "drop"]
_TO_REQUESTS = frozenset({"none", "delay", "500", "429", "cut", "silent"})
_TO_DELIVERIES = frozenset({"none", "delay", "duplicate", "reorder", "drop"})


@dataclass
class Fault:
    """Trouble for the next requests with this method and path, where `*` in the path stands for anything.

    - `delay` holds the request for some seconds before it runs, its idempotency key in flight.
    - `500` fails inside the endpoint and is saved for its key; `429` refuses before it and is not, and `seconds`
      is then what `Retry-After` asks for.
    - `cut` resets the connection after the request has been carried out and its answer saved.
    - `silent` neither carries it out nor answers, until the client goes away.

    With the method EVENT, trouble for the next events whose type is like the path:

    - `delay` delivers them some seconds later, `duplicate` twice, `drop` never.
    - `reorder` holds as many as `times` says and then delivers the last of them first.

    :param times: how often; None for as long as the sandbox runs or until it is reset
    :raises ValueError: for other trouble, a delay over a minute, or none at all
    """

    method: str
    path: str
    how: How
    seconds: float = 0.0
    times: int | None = 1

    def __post_init__(self) -> None:
        known = _TO_DELIVERIES if self.method == EVENT else _TO_REQUESTS
        if self.how not in known or not 0 <= self.seconds <= LONGEST_DELAY:
            raise ValueError(f"a fault is one of {sorted(known)}, after 0 to {LONGEST_DELAY:.0f} seconds")
        least = 2 if self.how == "reorder" else 1
        is_enough = self.how != "reorder" if self.times is None else self.times >= least
        if not is_enough:
            raise ValueError(f"{self.how} happens {least} or more times; to reorder, say how many")


class Faults:
    """The trouble still to come, in the order in which it was asked for."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> None:
        """Queue trouble for the next matching requests or events."""
        with self._lock:
            self._waiting.append(fault)

    def on_requests(
        self, how: How, path: str = "*", *, method: str = "POST", seconds: float = 0.0, times: int | None = 1
    ) -> None:
        """Queue trouble for the next requests to this path.

        :raises ValueError: for trouble that requests do not meet
        """
        self.add(Fault(method, path, how, seconds, times))

    def on_events(self, how: How, kind: str = "*", *, seconds: float = 0.0, times: int | None = 1) -> None:
        """Queue trouble for the next deliveries of events of this type.

        :raises ValueError: for trouble that deliveries do not meet
        """
        self.add(Fault(EVENT, kind, how, seconds, times))

    def take(self, method: str, path: str) -> Fault:
        """Return the trouble that this request or event meets, counted down by one."""
        with self._lock:
            for fault in self._waiting:
                if fault.method == method and fnmatchcase(path, fault.path):
                    self._count_down(fault)
                    return fault
        return Fault(method, path, "none")

    def clear(self) -> None:
        """Forget all trouble."""
        with self._lock:
            self._waiting.clear()

    def _count_down(self, fault: Fault) -> None:
        if fault.times is not None:
            fault.times -= 1
            if fault.times < 1:
                self._waiting.remove(fault)
