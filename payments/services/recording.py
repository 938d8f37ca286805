"""Recording what Stripe says, by whatever way it comes: an event, an answer, a list."""

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import Any

from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from payments import letters
from payments.ledger import Fact, Kind
from payments.models import Dispute, Payment, Refund, WebhookEvent
from payments.money import from_minor, to_minor
from payments.services.holding import flag
from payments.services.settling import settle
from payments.states import ARRIVED
from payments.stripe_objects import (
    DisputeTold,
    DoesNotFit,
    Json,
    RefundTold,
    declined_charge,
    metadata_of,
    read_dispute,
    read_refund,
)
from payments.waking import wake_on_commit

KIND_OF_EVENT = {
    "payment_intent.requires_action": Kind.REQUIRES_ACTION,
    "payment_intent.processing": Kind.PROCESSING,
    "payment_intent.payment_failed": Kind.FAILED,
    "payment_intent.canceled": Kind.CANCELED,
    "payment_intent.succeeded": Kind.CAPTURED,
}
OF_REFUNDS = frozenset({"refund.created", "refund.updated", "refund.failed", "charge.refund.updated"})
OF_DISPUTES = frozenset(
    f"charge.dispute.{name}" for name in ("created", "updated", "closed", "funds_withdrawn", "funds_reinstated")
)
OF_CHARGES = frozenset({"charge.refunded"})
CONCERNING = frozenset({*KIND_OF_EVENT, *OF_REFUNDS, *OF_DISPUTES, *OF_CHARGES})


def record_event(event: WebhookEvent, *, by: Actor) -> Callable[[Payment], bool]:
    """Return what records an event for the payment that its caller holds; it is false when all was known.

    It raises DoesNotFit.
    """
    if event.type in KIND_OF_EVENT:
        return partial(record_intent, intent=event.subject, kind=KIND_OF_EVENT[event.type], by=by, event_id=event.pk)
    if event.type in OF_REFUNDS:
        return partial(record_refund, subject=event.subject, by=by, event_id=event.pk)
    if event.type in OF_DISPUTES:
        return partial(record_dispute, subject=event.subject, by=by, event_id=event.pk)
    return partial(record_charge, charge=event.subject, by=by, event_id=event.pk)


def record_intent(held: Payment, intent: Json, kind: Kind, *, by: Actor, event_id: str = "") -> bool:
    """Record that the payment's intent came so far; false when that was known.

    :raises DoesNotFit: when it is not the intent that was agreed. It is a hint; our row says what was agreed.
    """
    refuse_misfit(held, intent, is_paid=kind == Kind.CAPTURED)
    reference = declined_charge(intent) or event_id if kind == Kind.FAILED else ""
    if kind == Kind.FAILED and not reference and held.ledger.filter(kind=kind).exists():
        return False
    fact = Fact(kind, held.amount if kind == Kind.CAPTURED else Decimal(0), reference)
    return settle(held, [fact], by=by, event_id=event_id)


def refuse_misfit(held: Payment, intent: Json, *, is_paid: bool) -> None:
    """Return if the intent is the one that was agreed.

    :raises DoesNotFit: otherwise, with the members that differ.
    """
    minor = to_minor(held.amount, held.currency)
    agreed: dict[str, object] = {"id": held.intent_id or intent.get("id"), "amount": minor, "currency": held.currency}
    if is_paid:
        agreed["amount_received"] = minor
    different = {name for name, value in agreed.items() if intent.get(name) != value}
    if not held.metadata.items() <= metadata_of(intent).items():
        different.add("metadata")
    if different:
        raise DoesNotFit(*different)


def record_refund(held: Payment, subject: Json, *, by: Actor, event_id: str = "") -> bool:
    """Record a refund as it is at Stripe, ours or one of Stripe's dashboard; false when that was known.

    Its money counts as gone from the moment at which Stripe has made it, pending or not, as Stripe itself counts. A
    refund that fails brings it back, and staff see it: the buyer believes to have it.

    :raises DoesNotFit: when it is odd, or not about money of this payment.
    """
    told = read_refund(subject)
    amount = _amount(held, told)
    if amount > held.amount:
        raise DoesNotFit("refund")
    refund, has_moved = _mirror_refund(held, told, amount)
    came_to_nothing = told.status in Refund.CAME_TO_NOTHING
    facts = [Fact(Kind.REFUNDED, amount, str(refund.pk))]
    facts += [Fact(Kind.REFUND_FAILED, amount, str(refund.pk))] if came_to_nothing else []
    is_new = settle(held, facts, by=by, event_id=event_id)
    if has_moved and not is_new:
        told_of: dict[str, object] = {"status": refund.status, "payment": held.pk, "stripe_event": event_id}
        record("update", "payments.refund.updated", by=by, on=refund, details=told_of)
    if came_to_nothing:
        flag(held, {"refund_failed"}, by=by, event_id=event_id)
    _ask_if_ahead(held, event_id)
    return is_new or has_moved


def record_dispute(held: Payment, subject: Json, *, by: Actor, event_id: str = "") -> bool:
    """Record a dispute as it is at Stripe, and tell the staff of a new one; false when that was known.

    An inquiry moves no money. A bank may take more than was paid (currencies fluctuate), and other sums than it first
    named: the dispute says what it took, the ledger what of the payment it took, and staff see the payment. Which of
    two sums is the later one no event says, and they come in any order: then Stripe is asked.

    :raises DoesNotFit: when it is odd, or not about money of this payment.
    """
    told = read_dispute(subject)
    amount = _amount(held, told)
    dispute, has_moved, has_changed = _mirror_dispute(held, told, amount)
    is_new = settle(held, _facts_of(held, told, min(amount, held.amount)), by=by, event_id=event_id)
    if has_changed or amount > held.amount:
        flag(held, {"dispute"}, by=by, event_id=event_id)
    if has_changed and event_id:
        want_sync(held)
    if has_moved and not is_new:
        told_of: dict[str, object] = {"status": dispute.status, "payment": held.pk, "stripe_event": event_id}
        record("update", "payments.dispute.updated", by=by, on=dispute, details=told_of)
    decisions = {Kind.DISPUTE_WON, Kind.DISPUTE_LOST}
    if held.ledger.filter(reference=dispute.pk, kind__in=decisions).count() == len(decisions):
        flag(held, {"dispute_won_and_lost"}, by=by, event_id=event_id)
    _ask_if_ahead(held, event_id)
    return is_new or has_moved


def record_charge(held: Payment, charge: Json, *, by: Actor, event_id: str = "") -> bool:
    """Record the refunds that a charge lists; where it tells of others, have Stripe asked. False when all was known.

    Newer versions of Stripe's API leave the list out, and an older charge may arrive after a newer one.
    """
    listed = charge.get("refunds")
    rows: list[Any] = listed.get("data") or [] if isinstance(listed, dict) else []
    changed = [record_refund(held, row, by=by, event_id=event_id) for row in rows if isinstance(row, dict)]
    refunded = charge.get("amount_refunded")
    if not isinstance(refunded, int) or refunded != to_minor(held.amount_refunded, held.currency):
        want_sync(held)
    return any(changed)


def want_sync(held: Payment) -> None:
    """Have Stripe asked how the payment stands, after the caller's transaction."""
    held.sync_wanted_at = timezone.now()
    held.save(update_fields=["sync_wanted_at"])
    wake_on_commit()


def _ask_if_ahead(held: Payment, event_id: str) -> None:
    """Have Stripe asked where an event tells of money going back of which we do not know that it came."""
    if event_id and held.status not in ARRIVED:
        want_sync(held)


def _amount(held: Payment, told: RefundTold | DisputeTold) -> Decimal:
    """Return how much it is about.

    :raises DoesNotFit: for another currency than the payment's.
    """
    if told.currency != held.currency:
        raise DoesNotFit("currency")
    return from_minor(told.amount, told.currency)


def _mirror_refund(held: Payment, told: RefundTold, amount: Decimal) -> tuple[Refund, bool]:
    """Return our row of a refund, made or moved on if need be, and whether it was.

    :raises DoesNotFit: when our row is one of another amount or payment.
    """
    refund = Refund.objects.filter(stripe_id=told.id).first()
    if refund is None and told.refund_id:
        refund = held.refunds.filter(pk=told.refund_id, stripe_id="").first()
    if refund is None:
        made = {"stripe_id": told.id, "status": told.status, "reason": told.reason, "created_at": told.made_at}
        return held.refunds.create(amount=amount, failure_reason=told.failure_reason, **made), True
    if (refund.payment_id, refund.amount) != (held.pk, amount):
        raise DoesNotFit("refund")
    refund.payment = held
    if not refund.may_become(told.status):
        return refund, False
    refund.stripe_id, refund.status, refund.failure_reason = told.id, told.status, told.failure_reason
    refund.save(update_fields=["stripe_id", "status", "failure_reason", "updated_at"])
    return refund, True


def _mirror_dispute(held: Payment, told: DisputeTold, amount: Decimal) -> tuple[Dispute, bool, bool]:
    """Return our row of a dispute, made or moved on if need be, whether it was, and whether it was of another amount.

    :raises DoesNotFit: when our row is one of another payment.
    """
    closed_at = timezone.now() if told.status in Dispute.CLOSED else None
    state = {"status": told.status, "evidence_due_at": told.evidence_due_at, "closed_at": closed_at}
    facts = {"amount": amount, "currency": told.currency, "reason": told.reason, "opened_at": told.opened_at}
    dispute, is_new = Dispute.objects.get_or_create(pk=told.id, defaults={"payment": held, **facts, **state})
    if dispute.payment_id != held.pk:
        raise DoesNotFit("dispute")
    has_changed = amount != dispute.amount
    if is_new:
        letters.tell_staff_of_dispute(dispute)
    return dispute, is_new or _move_dispute(dispute, {**state, "amount": amount}), has_changed


def _move_dispute(dispute: Dispute, state: dict[str, Any]) -> bool:
    """Write how a known dispute stands; false when that was known, or is older than what is known."""
    was, status = dispute.status, state["status"]
    if status == was and state["amount"] != dispute.amount:
        state = {"amount": state["amount"]}
    elif not dispute.may_become(status):
        return False
    for name, value in state.items():
        setattr(dispute, name, value)
    dispute.save(update_fields=list(state))
    if was in Dispute.INQUIRIES and status not in Dispute.INQUIRIES:
        letters.tell_staff_of_dispute(dispute)
    return True


def _facts_of(held: Payment, told: DisputeTold, amount: Decimal) -> list[Fact]:
    """Return what a dispute says of money; one that is decided was open before, though that may be told later."""
    if told.status in Dispute.INQUIRIES:
        return []
    opened = Fact(Kind.DISPUTE_OPENED, amount, told.id)
    if held.ledger.filter(kind=opened.kind, reference=opened.reference, amount__lt=amount).exists():
        opened = opened.raised(told.amount)
    decided = {Dispute.Status.WON: Kind.DISPUTE_WON, Dispute.Status.LOST: Kind.DISPUTE_LOST}.get(told.status)
    return [opened, Fact(decided, amount, told.id)] if decided else [opened]
