"""How the doctor examines: every part at once, each in a thread of its own, none longer than PART_SECONDS."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db import connections

from titanobova.logging import redact

PART_SECONDS = 3.0
LONGEST_LINE = 300  # characters of what a part says about itself

Examination = Callable[[], str]


class Ailment(Exception):
    """A part is not as it should be."""

    def __init__(self, what: str, *, mend: str) -> None:
        self.what, self.mend = what, mend
        super().__init__(what)


@dataclass(frozen=True)
class Part:
    """Something that can be out of order: how to look at it, and what to do when looking itself fails.

    `examine` returns a few words about a part that is well, and raises Ailment for one that is not.
    """

    name: str
    examine: Examination
    mend: str


@dataclass(frozen=True)
class Finding:
    """What came of looking at one part; `mend` is empty where it is well."""

    part: str
    says: str
    mend: str = ""

    @property
    def is_well(self) -> bool:
        """Whether nothing has to be done."""
        return not self.mend


def examine_all(parts: Sequence[Part]) -> list[Finding]:
    """Return a finding for each part, in their order, PART_SECONDS from now at the latest."""
    findings: dict[str, Finding] = {}
    threads = [threading.Thread(target=_examine, args=(part, findings), daemon=True) for part in parts]
    deadline = time.monotonic() + PART_SECONDS
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(max(0.0, deadline - time.monotonic()))
    silent = f"no answer within {PART_SECONDS:g} s"
    return [findings.get(part.name) or Finding(part.name, silent, part.mend) for part in parts]


def _examine(part: Part, findings: dict[str, Finding]) -> None:
    try:
        findings[part.name] = Finding(part.name, part.examine())
    except Ailment as ailment:
        findings[part.name] = Finding(part.name, ailment.what, ailment.mend)
    except Exception as error:  # whatever a part does, the doctor goes on to the next
        findings[part.name] = Finding(part.name, one_line(error), part.mend)
    finally:
        connections.close_all()


def one_line(error: Exception) -> str:
    """Return what an error says, on one line; its class where it says nothing, or may repeat a secret.

    A ValueError repeats the value: that of http.client for a bad header holds the key that was in it.
    """
    text = "" if isinstance(error, ValueError) else redact(" ".join(str(error).split()))
    return text[:LONGEST_LINE] or type(error).__name__
