"""What comparing the two sides finds, counted and named; knows no database."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from legacy_import.aliases import Kind

NAMED = 50  # differences of each table in the text; the counts are of all, and so is the file


class How(StrEnum):
    """On which side something changed. The first three happen on purpose while both sites live on."""

    CHANGED_HERE = "was changed here"
    DELETED_HERE = "was deleted here"
    CHANGED_THERE = "changed in the old database, or is read by other rules now"
    CHANGED_ON_BOTH_SIDES = "changed on both sides"
    NOT_HERE = "is not here"
    GONE = "is gone from the old database"
    REJECTED = "is here, but would be rejected as it stands in the old database"
    OTHERWISE = "is not here as it would come over, though neither side changed"


class Difference(NamedTuple):
    """One row that differs: the names of the fields, never their values."""

    kind: Kind
    legacy_id: str
    how: How
    fields: tuple[str, ...] = ()
    reason: str = ""

    def __str__(self) -> str:
        said = ", ".join(filter(None, [*self.fields, self.reason]))
        return _one_line(f"{self.kind} {self.legacy_id} {self.how}{f': {said}' if said else ''}")

    def as_json(self) -> dict[str, object]:
        """Return it as members of a line of the file."""
        return {**self._asdict(), "fields": list(self.fields)}


@dataclass
class Compared:
    """One kind: how many rows there are on both sides, and what differs.

    `rejected` are rows that no import would bring, and `left_out` those that are older than what was asked for.
    """

    kind: Kind
    in_source: int = 0
    known: int = 0
    rejected: int = 0
    left_out: int = 0
    counts: dict[How, int] = field(default_factory=dict)
    named: list[Difference] = field(default_factory=list)

    def differ(self, difference: Difference) -> None:
        """Count a difference and name it, as long as there is room."""
        self.counts[difference.how] = self.counts.get(difference.how, 0) + 1
        if len(self.named) < NAMED:
            self.named.append(difference)


@dataclass
class Comparison:
    """All kinds."""

    kinds: dict[Kind, Compared]

    @property
    def differences(self) -> int:
        """How many there are."""
        return sum(sum(one.counts.values()) for one in self.kinds.values())

    def as_text(self) -> str:
        """Return it as people read it."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        for one in self.kinds.values():
            yield from _lines_of(one)
        yield "Both sides are the same." if not self.differences else f"{self.differences:,} differences."


def _lines_of(one: Compared) -> Iterator[str]:
    yield f"{one.kind}: {one.in_source:,} rows in the old database, {one.known:,} imported rows are remembered"
    if one.rejected:
        yield f"  {one.rejected:,} rows are no differences: an import rejects them, or repeats what it has"
    if one.left_out:
        yield f"  {one.left_out:,} rows are older than asked for"
    yield from (f"  {count:,} rows: {how}" for how, count in one.counts.items())
    yield from (f"  {difference}" for difference in one.named)
    if (more := sum(one.counts.values()) - len(one.named)) > 0:
        yield f"  {more:,} more; --report FILE names them all"


def _one_line(text: str) -> str:
    """An old id is any text; it must not write to the terminal."""
    return "".join(letter if letter.isprintable() else "·" for letter in text)
