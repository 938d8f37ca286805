"""Is the log what was written? The chain is followed from its beginning, or from the last purge, to its head.

What an attacker with rights on the database could try: change a row (its stamp does not fit), change what the stamp
covers by a digest only (that does not fit), write one past the program (no stamp), take one away (its number is
missing; at the end, the head says how far the chain goes), exchange two (their seals do not fit), purge without the
command (no signature fits the tombstone), set everything back to an earlier state, head included (what was published
says that there was more). What they cannot do is compute a stamp, a seal or a signature: the database has no key.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.db.models import Max

from audit.models import AuditLog, AuditLogQuerySet, ChainHead, Tombstone
from audit.proofs import FACTS, current_keys, digest, mac, origin_of
from audit.sealing import seal_of
from titanobova.append_only import missing_guards

BATCH = 2000  # rows
Published = Mapping[int, set[str]]  # seals by their numbers; a second one for a number says that it was sealed anew


class Finding(NamedTuple):
    """What is wrong, and with which row: by its number in the chain, and its id where there is one."""

    what: str
    sequence: int | None = None
    id: UUID | None = None

    def __str__(self) -> str:
        if self.sequence is None and self.id is None:
            return self.what
        place = "A row without a seal" if self.sequence is None else f"Row {self.sequence}"
        return f"{place} ({self.id}) {self.what}" if self.id else f"{place} {self.what}"


@dataclass
class Counts:
    """What a verification has looked at, in rows."""

    sealed: int = 0
    unsealed: int = 0
    forgotten: int = 0
    purged: int = 0


@dataclass
class _Chain:
    """Where the walk is: the number and the seal of the row before, and the oldest of the keys that may still come."""

    sequence: int = 0
    seal: str = ""
    oldest: int = field(default_factory=lambda: len(current_keys()) - 1)

    def goes_on_with(self, row: AuditLog) -> bool:
        """Step on to the row if its seal follows.

        Once a newer key has sealed, an older one counts no more: it may have leaked, which is why there is a new one.
        """
        keys = current_keys()
        for number in range(self.oldest, -1, -1):
            if seal_of(self.seal, row.sequence or 0, row.stamp, keys[number]) == row.seal:
                self.oldest = number
                self.stand_at(row.sequence or 0, row.seal)
                return True
        return False

    def stand_at(self, sequence: int, seal: str) -> None:
        """Go on from here."""
        self.sequence, self.seal = sequence, seal


def findings(counts: Counts, *, published: Published | None = None) -> Iterator[Finding]:
    """Yield what is wrong, the first place in the chain first, counting into `counts`.

    What comes after the first may follow from it. `published` is what logs/security.log says; what was purged since
    is not compared.
    """
    for model in (AuditLog, ChainHead, Tombstone):
        for name in missing_guards(connection, model._meta.db_table):
            yield Finding(f"The trigger {name} is gone or switched off.")
    last = AuditLog.objects.aggregate(last=Max("sequence"))["last"] or 0
    head = ChainHead.objects.first() or ChainHead()  # read after the last row: a sealer only moves it on
    chain = _Chain()
    yield from _tombstones(chain, counts)
    yield from _rows(chain, head, counts, published or {})
    yield from _end(chain, head, last, published or {})
    yield from _unsealed(counts)


def _tombstones(chain: _Chain, counts: Counts) -> Iterator[Finding]:
    """Check what stands for purged rows, and stand at the end of the last of it."""
    for stone in Tombstone.objects.filter(through_sequence__gt=chain.sequence).order_by("through_sequence"):
        if stone.signature not in {mac("tombstone", stone.facts, key) for key in current_keys()}:
            yield Finding(f"The tombstone of {stone} is forged.", stone.through_sequence)
        if stone.from_sequence != chain.sequence + 1:
            yield Finding(f"was purged without a tombstone before the one of {stone}.", chain.sequence + 1)
        counts.purged += stone.through_sequence - stone.from_sequence + 1
        chain.stand_at(stone.through_sequence, stone.through_seal)


def _rows(chain: _Chain, head: ChainHead, counts: Counts, published: Published) -> Iterator[Finding]:
    sealed = AuditLog.objects.sealed()
    if left := sealed.filter(sequence__lte=chain.sequence).order_by("sequence").first():
        yield Finding("stands although a tombstone stands for it.", left.sequence, left.pk)
    for row in _in_order(sealed.filter(sequence__lte=head.sequence), "sequence", chain.sequence):
        if row.sequence != chain.sequence + 1:
            yield from _gap(row.sequence or 0, chain, counts)
        if (row.sequence or 0) > chain.sequence:
            yield from _row(row, chain, counts, published)
    if chain.sequence < head.sequence:
        yield from _tombstones(chain, counts)


def _gap(sequence: int, chain: _Chain, counts: Counts) -> Iterator[Finding]:
    """Say that a row is missing before this one, unless somebody has purged meanwhile."""
    yield from _tombstones(chain, counts)
    if sequence > chain.sequence + 1:
        yield Finding("is missing.", chain.sequence + 1)


def _row(row: AuditLog, chain: _Chain, counts: Counts, published: Published) -> Iterator[Finding]:
    counts.sealed += 1
    counts.forgotten += _is_forgotten(row)
    sequence = row.sequence or 0
    if what := _wrong_with(row, chain, published.get(sequence)):
        yield Finding(what, sequence, row.pk)
        chain.stand_at(sequence, row.seal or "")


def _wrong_with(row: AuditLog, chain: _Chain, published: set[str] | None) -> str:
    """Return what is wrong with a row, and step on to it if nothing is."""
    if what := _altered(row):
        return what
    if not chain.goes_on_with(row):
        return "does not follow the row before it: rows were reordered, put in or taken out here, or sealed anew."
    return "is not the one whose seal was published." if published not in (None, {row.seal}) else ""


def _altered(row: AuditLog) -> str:
    if not _fits(row.origin_salt, row.origin_digest, origin_of(row.ip_address, row.user_agent)):
        return "has another address or user agent than it was written with."
    if not _fits(row.personal_salt, row.personal_digest, [row.personal]):
        return "has other personal details than it was written with."
    facts = [getattr(row, name) for name in FACTS]
    if not any(mac("row", facts, key) == row.stamp for key in current_keys()):
        return "was changed, or was not written by this program, or by one whose SECRET_KEY is not known any more."
    return ""


def _fits(salt: str | None, stored: str, values: Any) -> bool:
    """Whether personal values are what was written, or were forgotten as a whole."""
    return digest(salt, values) == stored if salt else not any(values)


def _is_forgotten(row: AuditLog) -> bool:
    return bool(row.origin_digest and not row.origin_salt) or bool(row.personal_digest and not row.personal_salt)


def _end(chain: _Chain, head: ChainHead, last: int, published: Published) -> Iterator[Finding]:
    if chain.sequence < head.sequence:
        yield Finding(f"is missing, and all after it to {head.sequence}.", chain.sequence + 1)
    elif last > head.sequence:
        yield Finding("lies behind the head of the chain, which was set back.", head.sequence + 1)
    elif chain.sequence == head.sequence and chain.seal != head.seal:
        yield Finding("is not the one that the head of the chain names.", head.sequence)
    later = [sequence for sequence in published if sequence > max(chain.sequence, last)]
    if later:
        yield Finding(f"is missing: the chain was published as far as row {max(later)}.", max(chain.sequence, last) + 1)


def _unsealed(counts: Counts) -> Iterator[Finding]:
    for row in _in_order(AuditLog.objects.unsealed(), "pk", None):
        counts.unsealed += 1
        if what := _altered(row):
            yield Finding(what, None, row.pk)


def _in_order(rows: AuditLogQuerySet, column: str, after: Any) -> Iterator[AuditLog]:
    """Yield rows by short queries; no snapshot of a growing table is held for minutes."""
    ordered = rows.order_by(column)
    while True:
        batch = list((ordered.filter(**{f"{column}__gt": after}) if after is not None else ordered)[:BATCH])
        yield from batch
        if len(batch) < BATCH:
            return
        after = getattr(batch[-1], column)
