"""Comparing what there is at Stripe with what is known here, and recording what was missed."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from payments import gateway
from payments.models import Dispute, LedgerEntry, Payment, Refund, WebhookEvent
from payments.money import to_minor
from payments.services.catching_up import sweep
from payments.services.events import apply_event
from payments.services.holding import hold_intent
from payments.services.naming import payment_of, record_of
from payments.services.recording import record_dispute, record_intent, record_refund, refuse_misfit
from payments.stripe_lists import list_disputes, list_intents, list_refunds, list_undelivered_events
from payments.stripe_objects import (
    REFUND_STATUS,
    DoesNotFit,
    Json,
    declined_charge,
    kind_now,
    metadata_of,
    named_intent,
)
from payments.webhook_events import BadEvent, event_of

Outcome = WebhookEvent.Outcome
PAYABLE = frozenset({"requires_payment_method", "requires_confirmation", "requires_action"})


@dataclass
class Report:
    """What was found at Stripe, by kind, and what of it had been missed or cannot be mended by itself."""

    found: Counter[str] = field(default_factory=Counter)
    repaired: list[str] = field(default_factory=list)
    unrepairable: list[str] = field(default_factory=list)

    def note(self, kind: str, key: object, outcome: Outcome, *, is_ours: bool) -> None:
        """Count one object and what became of it."""
        self.found[kind] += 1
        if outcome == Outcome.APPLIED:
            self.repaired.append(f"{kind} {key}")
        elif outcome == Outcome.MISMATCH:
            self.unrepairable.append(f"{kind} {key} does not fit its payment")
        elif outcome == Outcome.WAITING and is_ours:
            self.unrepairable.append(f"{kind} {key} names a payment that is not here")


def reconcile(since: datetime, *, by: Actor) -> Report:
    """Record all that Stripe knows of payments since then and we do not, through the same code as its events.

    Whatever it finds and records is found as known the next time.

    :raises GatewayUnavailable: when Stripe does not answer.
    :raises TooMuchToList: when a shorter time should be chosen.
    """
    report, start, began = Report(), int(since.timestamp()), timezone.now()
    sweep(by=by)
    for payload in list_undelivered_events(start):
        _compare_event(payload, report, by=by)
    seen = _compare_all("intent", list_intents(start), _compare_intent, report, by=by)
    _compare_all("refund", list_refunds(start), _compare_refund, report, by=by)
    _compare_all("dispute", list_disputes(start), _compare_dispute, report, by=by)
    # What is paid while Stripe's lists are read need not be on them.
    compared = Payment.objects.arrived().filter(created_at__gte=since, created_at__lt=began)
    for payment in compared.exclude(intent_id="").iterator():
        if payment.intent_id not in seen:
            report.unrepairable.append(f"payment {payment.pk} is paid by an intent that is not at Stripe")
    return report


def _compare_event(payload: Json, report: Report, *, by: Actor) -> None:
    try:
        outcome = apply_event(event_of(payload), by=by)
    except BadEvent:
        outcome = None
    # What an event cannot repair its object below cannot either, and is reported there.
    known = outcome if outcome == Outcome.APPLIED else Outcome.UNCHANGED
    report.note("event", payload.get("id"), known, is_ours=False)


def _compare_all(
    kind: str, rows: Iterable[Json], compare: Callable[..., Outcome], report: Report, *, by: Actor
) -> set[str]:
    """Compare each object with its payment, and return the intents that they were about."""
    seen = set()
    for row in rows:
        intent_id = named_intent(row, "id" if kind == "intent" else "payment_intent")
        seen.add(intent_id)
        is_ours = "payment_id" in metadata_of(row)
        with transaction.atomic():
            hold_intent(intent_id)
            payment = payment_of(intent_id, row) if intent_id else None
            outcome = compare(payment, intent_id, row, by=by) if payment else Outcome.WAITING
        if kind == "intent" and payment is not None:
            outcome = _cancel_orphan(payment, row) or outcome
        report.note(kind, row.get("id"), outcome, is_ours=is_ours)
    return seen


def _compare_intent(payment: Payment, intent_id: str, intent: Json, *, by: Actor) -> Outcome:
    kind = kind_now(intent)
    if kind is None or _is_known(payment, kind, declined_charge(intent)):
        try:
            refuse_misfit(payment, intent, is_paid=kind == LedgerEntry.Kind.CAPTURED)
        except DoesNotFit:
            return Outcome.MISMATCH
        return Outcome.UNCHANGED
    return record_of(payment, intent_id, lambda held: record_intent(held, intent, kind, by=by), by=by)


def _is_known(payment: Payment, kind: str, charge_id: str) -> bool:
    recorded = payment.ledger.filter(kind=kind)
    if kind == LedgerEntry.Kind.FAILED and charge_id:
        recorded = recorded.filter(reference=charge_id)
    return bool(payment.intent_id) and recorded.exists()


def _cancel_orphan(payment: Payment, intent: Json) -> Outcome | None:
    """Cancel an intent that could still be paid though its payment was given up here, when Stripe had failed."""
    if payment.status != Payment.Status.CANCELED or intent.get("status") not in PAYABLE:
        return None
    try:
        gateway.cancel_intent(intent["id"])
    except gateway.GatewayRefused:
        return None  # it was paid meanwhile: the next run records that
    return Outcome.APPLIED


def _compare_refund(payment: Payment, intent_id: str, refund: Json, *, by: Actor) -> Outcome:
    status = REFUND_STATUS.get(str(refund.get("status")))
    if Refund.objects.filter(payment=payment, stripe_id=refund.get("id"), status=status).exists():
        return Outcome.UNCHANGED
    return record_of(payment, intent_id, lambda held: record_refund(held, refund, by=by), by=by)


def _compare_dispute(payment: Payment, intent_id: str, dispute: Json, *, by: Actor) -> Outcome:
    known = Dispute.objects.filter(payment=payment, pk=dispute.get("id"), status=dispute.get("status")).first()
    if known is not None and to_minor(known.amount, known.currency) == dispute.get("amount"):
        return Outcome.UNCHANGED
    return record_of(payment, intent_id, lambda held: record_dispute(held, dispute, by=by), by=by)
