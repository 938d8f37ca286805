"""The seal: each row gets its place in a chain, so that none can be changed, left out or put in between unseen.

It is given after the commit, by a job, in batches: a request that writes a row waits for nobody. A row that was written
early and committed late has a later place, and nothing else. Two sealers at once wait for each other at the head of the
chain; were they not to, the constraint on `sequence` would let one of them fail rather than fork the chain.
"""

from typing import Any

from django.db import connection, transaction

from audit.models import AuditLog, ChainHead, Tombstone
from audit.proofs import mac
from titanobova.logging import log_security_event

BATCH = 1000  # rows
SEAL_ONE = "UPDATE audit_auditlog SET sequence = %s, seal = %s WHERE id = %s AND sequence IS NULL"
SEAL_ALL = """
UPDATE audit_auditlog SET sequence = sealed.sequence, seal = sealed.seal
FROM unnest(%s::bigint[], %s::text[], %s::uuid[]) AS sealed(sequence, seal, id)
WHERE audit_auditlog.id = sealed.id AND audit_auditlog.sequence IS NULL
"""


class ChainBroken(Exception):
    """The chain cannot be gone on with; `verify_audit` says what is wrong with it."""


def seal_log() -> int:
    """Seal all rows that are committed, and return how many there were.

    The head of the chain goes to logs/security.log. Where that is kept out of reach of who can write to the database,
    not even the chain's key helps them to write it anew (`verify_audit --published`).
    """
    sealed = 0
    while some := seal_batch():
        sealed += some
        if some < BATCH:
            break
    if sealed:
        head = ChainHead.objects.get()
        log_security_event("audit.sealed", sequence=head.sequence, seal=head.seal, rows=sealed)
    return sealed


@transaction.atomic
def seal_batch() -> int:
    """Seal the next rows and return how many there were.

    :raises ChainBroken: when there is no head to go on from, or a row was sealed by somebody else.
    """
    head = lock_head()
    rows = AuditLog.objects.unsealed().order_by("pk").values_list("pk", "stamp")[:BATCH]
    key = AuditLog._meta.pk
    sealed = []
    for pk, stamp in rows:
        head.sequence, head.seal = head.sequence + 1, seal_of(head.seal, head.sequence + 1, stamp)
        sealed.append((head.sequence, head.seal, key.get_db_prep_value(pk, connection)))
    if sealed:
        _write(sealed)
        head.save(update_fields=["sequence", "seal"])
    return len(sealed)


def seal_of(previous: str, sequence: int, stamp: str, key: bytes | None = None) -> str:
    """Return the seal of a row: over the one before it, its place and its stamp."""
    return mac("seal", [previous, sequence, stamp], key)


def lock_head() -> ChainHead:
    """Return the head of the chain, which nobody else moves until the caller's transaction ends.

    :raises ChainBroken: when it is gone although there is a chain.
    """
    head = ChainHead.objects.select_for_update().first()
    if head is None:
        if AuditLog.objects.sealed().exists() or Tombstone.objects.exists():
            raise ChainBroken("The head of the chain is gone.")
        ChainHead.objects.bulk_create([ChainHead()], ignore_conflicts=True)
        head = ChainHead.objects.select_for_update().get()
    return head


def _write(sealed: list[tuple[int, str, Any]]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # one statement instead of a thousand
            cursor.execute(SEAL_ALL, [list(column) for column in zip(*sealed, strict=True)])
        else:
            cursor.executemany(SEAL_ONE, sealed)
        if cursor.rowcount != len(sealed):
            raise ChainBroken("Somebody else seals rows.")
