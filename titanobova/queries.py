"""How many statements a request sends to the database, and how long it waits for them."""

import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper


class Tally:
    """The statements of one request so far; what a COMMIT waits for is not among them."""

    __slots__ = ("count", "seconds")

    def __init__(self) -> None:
        self.count, self.seconds = 0, 0.0


current_tally: ContextVar[Tally | None] = ContextVar("current_tally", default=None)


def watch(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    """Have the statements of a connection counted; Django calls this for each that it opens."""
    if _count not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count)


def _count(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    tally = current_tally.get()
    if tally is None:
        return execute(sql, params, many, context)
    started = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        tally.count += 1
        tally.seconds += time.perf_counter() - started
