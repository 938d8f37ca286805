"""Holding a payment, so that nobody else changes it meanwhile, and writing on it."""

import logging
from collections.abc import Iterable
from uuid import UUID

from django.db import connection

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment
from courses.services.grants import hold_course
from payments.ledger import Fact
from payments.models import LedgerEntry, Payment

logger = logging.getLogger("titanobova.payments")


def hold_intent(intent_id: str) -> None:
    """Let nobody else name or look for this intent until the caller's transaction ends.

    An event may come before the payment knows its intent. Without this lock the event would look for a payment, and the
    payment for waiting events, each before the other one's commit, and both would find nothing. It is taken first,
    before the course, the enrolment and the payment. On SQLite there is one writer at a time.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [intent_id])


def hold_payment(payment_id: UUID) -> Payment:
    """Return a payment, locked until the caller's transaction ends, after its course and enrolment.

    That is the order of all locks, so that nobody waits in a ring.
    """
    payment = Payment.objects.select_related("enrollment").get(pk=payment_id)
    if payment.enrollment is not None:
        hold_course(payment.enrollment.course_id)
        Enrollment.objects.select_for_update(no_key=True).filter(pk=payment.enrollment.pk).first()
    return (
        Payment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("user", "enrollment")
        .get(pk=payment_id)
    )


def record_facts(payment: Payment, facts: Iterable[Fact], *, event_id: str = "") -> None:
    """Write facts that are not known yet, in the caller's transaction."""
    LedgerEntry.objects.bulk_create(
        LedgerEntry(
            payment=payment, kind=fact.kind, reference=fact.reference, amount=fact.amount, stripe_event=event_id
        )
        for fact in facts
    )


def flag(held: Payment, reasons: set[str], *, by: Actor, event_id: str = "") -> None:
    """Ask staff to look at the payment; reasons add up, so that the order of events does not matter."""
    known = set(held.flag_reason.split(", ")) - {""}
    if reasons <= known:
        return
    held.is_flagged, held.flag_reason = True, ", ".join(sorted(known | reasons))
    held.save(update_fields=["is_flagged", "flag_reason", "updated_at"])
    logger.warning("Payment %s does not add up: %s", held.pk, held.flag_reason)
    details: dict[str, object] = {"reasons": sorted(reasons), "stripe_event": event_id}
    record("update", "payments.payment.flagged", by=by, on=held, details=details, outcome="failure")


def unflag(held: Payment, reason: str, *, by: Actor) -> None:
    """Take one reason back that does not hold any more; the payment stays flagged for the others."""
    known = set(held.flag_reason.split(", ")) - {""}
    if reason not in known:
        return
    left = known - {reason}
    held.is_flagged, held.flag_reason = bool(left), ", ".join(sorted(left))
    held.save(update_fields=["is_flagged", "flag_reason", "updated_at"])
    record("update", "payments.payment.unflagged", by=by, on=held, details={"reasons": [reason]})
