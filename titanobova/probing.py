"""Asking parts that may hang, within a bound: a dead disk or a silent database must not take the answer with it."""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from django.db import connections

T = TypeVar("T")


class NoAnswer(Exception):
    """A part has not answered in time, or stands on one that did not."""


class Look(Generic[T]):
    """The parts of one probe being asked, one after the other, in a thread of its own."""

    def __init__(self, checks: Mapping[str, Callable[[], T]]) -> None:
        self.parts = tuple(checks)
        self.is_over = threading.Event()
        self._found: dict[str, T | Exception] = {}
        threading.Thread(target=self._ask_all, args=(checks,), name="probe", daemon=True).start()

    def answers(self, *, deadline: float, seconds: float) -> dict[str, T | Exception]:
        """Return what each part has answered by `deadline` (of the monotonic clock), `seconds` after the question."""
        self.is_over.wait(max(0.0, deadline - time.monotonic()))
        found = dict(self._found)
        silent = [part for part in self.parts if part not in found]
        for part in silent[:1]:
            found[part] = NoAnswer(f"no answer within {seconds} s")
        for part in silent[1:]:
            found[part] = NoAnswer(f"not known: {silent[0]} does not answer")
        return found

    def _ask_all(self, checks: Mapping[str, Callable[[], T]]) -> None:
        first, *others = self.parts
        try:
            self._found[first] = _ask(checks[first])
            for part in others:
                stands = not isinstance(self._found[first], Exception)
                self._found[part] = _ask(checks[part]) if stands else NoAnswer(f"not known without the {first}")
        finally:
            connections.close_all()
            self.is_over.set()


def _ask(check: Callable[[], T]) -> T | Exception:
    try:
        return check()
    except Exception as error:  # whatever a part does, its answer names it
        return error


class Probe(Generic[T]):
    """Parts that are asked together; all others stand on the first.

    Whoever asks while a look is under way joins it: what hangs for ever keeps one thread, not one for each time that an
    orchestrator, or an attacker, asks.
    """

    def __init__(self, checks: Mapping[str, Callable[[], T]]) -> None:
        self._checks, self._lock = checks, threading.Lock()
        self._under_way: Look[T] | None = None

    def look(self) -> Look[T]:
        """Return the look that is under way, or a new one."""
        with self._lock:
            if self._under_way is None or self._under_way.is_over.is_set():
                self._under_way = Look(self._checks)
            return self._under_way


def ask(probes: Iterable[Probe[T]], *, seconds: float) -> dict[str, T | Exception]:
    """Return the answers of all parts of all probes, which share one bound: two that hang take no longer than one."""
    deadline = time.monotonic() + seconds
    looks = [probe.look() for probe in probes]
    return {part: answer for look in looks for part, answer in look.answers(deadline=deadline, seconds=seconds).items()}
