"""Read docs/migration-guide.md: what the tests expect comes from its text, so that guide and product cannot drift.

Every function raises LookupError where the guide does not hold what it is asked for: a reworded guide fails the tests
rather than emptying them.
"""

import re
from pathlib import Path
from typing import NamedTuple

GUIDE = (Path(__file__).resolve().parents[2] / "docs" / "migration-guide.md").read_text()
OWN_ADDRESS = "http://localhost:8000"

# A heading (or a line in bold, which the guide uses as one), or a whole code block with whatever it holds.
_HEADING_OR_BLOCK = re.compile(r"^#{2,4} ([^\n]+)$|^\*\*([^\n*]+)\*\*$|^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block of code, the heading that it stands under, and its language."""

    heading: str
    language: str
    code: str


class Endpoint(NamedTuple):
    """A verb and the path that answers it."""

    verb: str
    path: str


class Field(NamedTuple):
    """A name of a list and the remark in brackets beside it, or an empty text."""

    name: str
    remark: str


class Quota(NamedTuple):
    """Requests that a caller may make in a period."""

    requests: int
    period: str


def _blocks() -> list[Block]:
    blocks, heading = [], ""
    for found in _HEADING_OR_BLOCK.finditer(GUIDE):
        title, bold, language, code = found.groups()
        heading = title or bold or heading
        if code is not None:
            blocks.append(Block(heading, language, code))
    return blocks


BLOCKS = _blocks()


def block(heading: str, language: str = "") -> str:
    """Return the code of the first block under a heading, of one language if it is given.

    :raises LookupError: when there is none.
    """
    for candidate in BLOCKS:
        if candidate.heading == heading and language in {"", candidate.language}:
            return candidate.code
    raise LookupError(f"The guide shows no {language or 'code'} under {heading!r}.")


def find(pattern: str, text: str = GUIDE) -> tuple[str, ...]:
    """Return the groups of the first place that `pattern` fits.

    :raises LookupError: when there is none.
    """
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise LookupError(f"The guide does not hold {pattern!r}.")
    return found.groups()


def find_all(pattern: str, text: str = GUIDE) -> list[str]:
    """Return the one group of every place that `pattern` fits, each text once, in the guide's order.

    :raises LookupError: when there is none.
    """
    found = list(dict.fromkeys(re.findall(pattern, text, re.MULTILINE)))
    if not found:
        raise LookupError(f"The guide does not hold {pattern!r}.")
    return found


def new_endpoints() -> list[Endpoint]:
    """Return the right-hand side of the table of old and new endpoints."""
    table = block("Old Endpoints → New Endpoints")
    return [Endpoint(*line.split()) for line in find_all(r"→ (\w+ \S+)$", table)]


def paths_of(prefix: str) -> list[str]:
    """Return every path of the guide that starts with `prefix`."""
    return find_all(rf"({re.escape(prefix)}[\w/]*)")


def fields(listing: str) -> list[Field]:
    """Return the names of a list such as `id (UUID), email, status (new/read)`.

    :raises LookupError: for an empty list.
    """
    names = [Field(name, remark) for name, remark in re.findall(r"(\w+)(?: \(([^)]*)\))?", listing)]
    if not names:
        raise LookupError("The guide's list is empty.")
    return names


def model_fields(model: str) -> list[Field]:
    """Return the fields that the new model has by the comparison of the data models."""
    return fields(find(r"# New Django[^{]*\{(.*?)\}", block(model))[0])


def audit_fields() -> list[Field]:
    """Return what a row of the audit log holds."""
    listing = find(r"# Fields logged:\n((?:- [^\n]+\n)+)", block("Audit Logging"))[0]
    return fields(listing)


def environment(heading: str) -> dict[str, str]:
    """Return the variables of an env file that the guide shows."""
    lines = find_all(r"^(\w+=.*)$", block(heading))
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def quota(callers: str) -> Quota:
    """Return how often these callers may ask.

    :raises LookupError: also where the guide gives no figure, as for the staff.
    """
    requests, period = find(rf"^{callers}: (\d+) requests/(\w+)", block("API Rate Limits"))
    return Quota(int(requests), period)
