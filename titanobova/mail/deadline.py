"""A bound for calls whose library knows only how long one read of the network may take."""

import queue
import threading
from collections.abc import Callable
from typing import TypeVar

Returned = TypeVar("Returned")


class TookTooLong(Exception):
    """The call goes on in its thread, and nobody waits for it any more."""


def within(seconds: float, call: Callable[[], Returned]) -> Returned:
    """Return what `call` returns, or raise what it raises, if that comes in time.

    A server that sends a byte now and then never lets a read time out, and would hold a worker for ever.

    :raises TookTooLong: after `seconds`.
    """
    outcome: queue.SimpleQueue[Returned | Exception] = queue.SimpleQueue()

    def run() -> None:
        try:
            outcome.put(call())
        except Exception as error:
            outcome.put(error)

    threading.Thread(target=run, name="mail-call", daemon=True).start()
    try:
        returned = outcome.get(timeout=seconds)
    except queue.Empty:
        raise TookTooLong(f"no answer within {seconds} seconds") from None
    if isinstance(returned, Exception):
        raise returned
    return returned
