"""Rows whose old id an earlier row of their table has: they are found while reading, in the order of the old database.

Nobody can tell which of two rows an id means, so the first one counts in every run, whatever is here already. Rows are
read in the order of their key, so what repeats an id of an earlier chunk stands at the beginning of the next one. But
for an id that is spelled in several ways, as 7 and `7` in SQLite: such stand anywhere, and are known before.
"""

from collections.abc import Collection
from typing import NamedTuple

from legacy_import.rows import Chunk, Rejected

REASON = "the id {} occurs more than once, and this is not the first row"


class Firsts(NamedTuple):
    """A chunk without the rows that repeat an id: what is left of it, those rejected, and the ids said once more."""

    chunk: Chunk
    legacy_ids: list[str]
    checksums: list[int]
    rejected: list[Rejected]
    said_again: list[str]


class Repeats:
    """Finds them in one table; from chunk to chunk it remembers the last id, and those of `odd` that it met."""

    def __init__(self, odd: Collection[str] = frozenset()) -> None:
        """`odd` are the ids of which some row has an odd spelling: few, or none."""
        self._odd = frozenset(odd)
        self._met: dict[str, int] = {}  # what counts as the last id in the order of the table, odd ones, and checksums

    def without(self, chunk: Chunk, legacy_ids: list[str], checksums: list[int]) -> Firsts:
        """Leave them out. A row without an id ("") repeats nothing."""
        first = dict(self._met)
        kept: list[int] = []
        again: list[int] = []
        for position, legacy_id in enumerate(legacy_ids):
            is_again = legacy_id != "" and legacy_id in first
            (again if is_again else kept).append(position)
            first.setdefault(legacy_id, checksums[position])
        if legacy_ids:
            last = legacy_ids[-1].casefold()
            self._met = {one: first[one] for one in first if one.casefold() == last or one in self._odd}
        if not again:
            return Firsts(chunk, legacy_ids, checksums, [], [])
        others = [position for position in again if checksums[position] != first[legacy_ids[position]]]
        return Firsts(
            chunk.among(kept),
            [legacy_ids[position] for position in kept],
            [checksums[position] for position in kept],
            [_rejected(legacy_ids[position], chunk, position) for position in others],
            [legacy_ids[position] for position in again if checksums[position] == first[legacy_ids[position]]],
        )


def is_repeat(legacy_id: str | None, reason: str) -> bool:
    """Say whether a row of this id was rejected for repeating it."""
    return legacy_id is not None and reason == REASON.format(legacy_id)


def _rejected(legacy_id: str, chunk: Chunk, position: int) -> Rejected:
    return Rejected(legacy_id, REASON.format(legacy_id), dict(chunk.row(position)))
