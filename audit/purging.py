"""Retention: the oldest rows go, and a signed tombstone says which they were and from where the chain goes on."""

from collections.abc import Iterator
from datetime import datetime
from itertools import takewhile

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog, Tombstone
from audit.proofs import mac
from audit.sealing import lock_head
from audit.services import record

BATCH = 5000  # rows of one transaction; each leaves a tombstone of its own


def purgeable(before: datetime) -> Iterator[tuple[int, int]]:
    """Yield the first and the last number of each batch of sealed rows that are older than an instant.

    Rows go from the beginning of the chain alone, up to the first that is to be kept. Each query reads one batch by the
    index on the numbers, however long the log is: to look for that first row at once would read all those before it,
    and end at the statement_timeout.
    """
    first = _purged_so_far() + 1
    while last := _last_older(first, before):
        yield first, last
        if last < first + BATCH - 1:
            return
        first = last + 1


def _last_older(first: int, before: datetime) -> int:
    """Return how far the rows of the batch that begins with `first` are all older; 0 when the first of them is not."""
    batch = AuditLog.objects.filter(sequence__range=(first, first + BATCH - 1)).order_by("sequence")
    numbered = batch.values_list("sequence", "timestamp")
    older = [number or 0 for number, _ in takewhile(lambda row: row[1] < before, numbered)]
    return older[-1] if older else 0


def purge_log(before: datetime, *, by: Actor) -> int:
    """Delete the sealed rows that are older than an instant, batch by batch, and return how many went."""
    return sum(_purge_batch(first, last, before, by=by) for first, last in purgeable(before))


@transaction.atomic
def _purge_batch(first: int, last: int, before: datetime, *, by: Actor) -> int:
    """Delete rows of the chain in one transaction with their tombstone, which lets the trigger of the table agree."""
    lock_head()
    if _purged_so_far() >= first:
        return 0  # somebody else purges, too
    seal = AuditLog.objects.values_list("seal", flat=True).get(sequence=last)
    stone = Tombstone(
        from_sequence=first, through_sequence=last, through_seal=seal or "", before=before, purged_at=timezone.now()
    )
    stone.signature = mac("tombstone", stone.facts)
    stone.save(force_insert=True)
    gone, _ = AuditLog.objects.filter(sequence__range=(first, last)).delete()
    record("delete", "audit.purged", by=by, details={"before": before, "rows": gone, "through": last})
    return gone


def _purged_so_far() -> int:
    newest = Tombstone.objects.order_by("-through_sequence").values_list("through_sequence", flat=True).first()
    return newest or 0
