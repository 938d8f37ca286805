"""The places at which the program may crash, found by running what passes them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from titanobova import faults


class PowerWent(Exception):
    """The crash."""


def points_of(work: Callable[[], object]) -> list[str]:
    """Return the named places that `work` comes by, each once, in order."""
    passed: list[str] = []
    with watching(passed.append):
        work()
    return list(dict.fromkeys(passed))


@contextmanager
def crashing_at(name: str) -> Iterator[None]:
    """Let the program crash at this place."""

    def crash(place: str) -> None:
        if place == name:
            raise PowerWent(name)

    with watching(crash):
        yield


@contextmanager
def watching(hook: Callable[[str], None]) -> Iterator[None]:
    """Call the hook at every named place."""
    faults.hook = hook
    try:
        yield
    finally:
        faults.hook = None
