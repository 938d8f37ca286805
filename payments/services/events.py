"""What an event of Stripe does here."""

import logging
from dataclasses import replace
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Enrollment
from courses.services.grants import Kind, grant_access
from courses.services.seats import CourseFull
from payments import gateway
from payments.models import Payment, WebhookEvent
from payments.money import to_minor
from payments.webhook_events import STRIPE_ID, BadSignature, Event, read_event
from titanobova.email import send_later

logger = logging.getLogger("titanobova.payments")

STATUS_AFTER = {
    "payment_intent.requires_action": Payment.Status.REQUIRES_ACTION,
    "payment_intent.processing": Payment.Status.PROCESSING,
    "payment_intent.payment_failed": Payment.Status.FAILED,
    "payment_intent.canceled": Payment.Status.CANCELED,
    "payment_intent.succeeded": Payment.Status.SUCCEEDED,
}
Outcome = WebhookEvent.Outcome


def receive_event(body: bytes, header: str, *, by: Actor) -> None:
    """Apply the event in `body`, once its signature is verified; what is forged leaves a security event.

    :raises BadSignature: when Stripe did not sign it, or not just now.
    :raises BadEvent: when what it signed is no event.
    :raises WebhookNotConfigured: without STRIPE_WEBHOOK_SECRET.
    """
    try:
        event = read_event(body, header)
    except BadSignature:
        record("update", "payments.webhook.bad_signature", by=by, outcome="failure")
        raise
    apply_event(event, by=replace(by, system="stripe"))


def apply_event(event: Event, *, by: Actor) -> None:
    """Do what `event` says, exactly once: its row, the payment, the enrolment, audit and mail stand or fall together.

    Stripe delivers at least once and in any order (https://docs.stripe.com/webhooks). A second delivery finds the
    first one's row and changes nothing; a parallel one waits for it. A crash leaves nothing behind, and Stripe sends
    again. An event from the other mode (test events at a live site, or the reverse) changes nothing at all.
    """
    if event.livemode != gateway.is_live():
        logger.warning("An event of the other mode was ignored: %s %s", event.type, event.id)
        return
    with transaction.atomic():
        stored, is_new = WebhookEvent.objects.get_or_create(
            pk=event.id, defaults={"type": event.type, "livemode": event.livemode, "payload": event.payload}
        )
        if is_new and event.type in STATUS_AFTER:
            stored.outcome = _apply_to_payment(event, by=by)
            stored.save(update_fields=["outcome"])


def _apply_to_payment(event: Event, *, by: Actor) -> Outcome:
    payment = _locked_payment(event)
    if payment is None:
        return Outcome.IGNORED
    mismatch = _mismatch(payment, event)
    if mismatch:
        _flag(payment, mismatch, event, by=by)
        return Outcome.MISMATCH
    changes = Payment.objects.filter(pk=payment.pk)
    if not payment.intent_id:  # the event came before the answer that names the intent
        changes.filter(intent_id="").update(intent_id=event.subject["id"])
    status = STATUS_AFTER[event.type]
    if not changes.move(status):
        return Outcome.UNCHANGED
    payment.status = status
    record("update", f"payments.payment.{status}", by=by, on=payment, details={"stripe_event": event.id})
    if status == Payment.Status.SUCCEEDED:
        _grant(payment, event, by=by)
    return Outcome.APPLIED


def _locked_payment(event: Event) -> Payment | None:
    """Return the payment that the event is about, locked after its course and enrolment (the order of all locks).

    The payment is known by its intent, or, when the event overtakes the answer that names the intent, by the id that
    we gave Stripe.
    """
    intent_id = event.subject.get("id")
    if not isinstance(intent_id, str) or not STRIPE_ID.fullmatch(intent_id):
        return None
    payments = Payment.objects.select_related("enrollment")
    payment = payments.filter(intent_id=intent_id).first() or payments.filter(pk=_claimed_payment(event)).first()
    if payment is None:
        return None
    if payment.enrollment is not None:
        Course.objects.select_for_update(no_key=True).filter(pk=payment.enrollment.course_id).first()
        Enrollment.objects.select_for_update(no_key=True).filter(pk=payment.enrollment.pk).first()
    return Payment.objects.select_for_update(no_key=True).get(pk=payment.pk)


def _claimed_payment(event: Event) -> UUID:
    try:
        return UUID(str(_metadata(event)["payment_id"]))
    except (KeyError, ValueError):
        return UUID(int=0)


def _metadata(event: Event) -> dict[str, object]:
    metadata = event.subject.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _mismatch(payment: Payment, event: Event) -> set[str]:
    """Return in what the event differs from our row. The event is a hint; the row says what was agreed."""
    intent, amount = event.subject, to_minor(payment.amount, payment.currency)
    agreed: dict[str, object] = {
        "id": payment.intent_id or intent["id"],
        "amount": amount,
        "currency": payment.currency,
    }
    if event.type == "payment_intent.succeeded":
        agreed["amount_received"] = amount
    different = {name for name, value in agreed.items() if intent.get(name) != value}
    if not payment.metadata.items() <= _metadata(event).items():
        different.add("metadata")
    return different


def _flag(payment: Payment, reasons: set[str], event: Event, *, by: Actor) -> None:
    """Ask staff to look at the payment; reasons add up, so that the order of events does not matter."""
    known = set(payment.flag_reason.split(", ")) - {""}
    payment.is_flagged, payment.flag_reason = True, ", ".join(sorted(known | reasons))
    payment.save(update_fields=["is_flagged", "flag_reason", "updated_at"])
    logger.warning("Payment %s does not add up: %s", payment.pk, payment.flag_reason)
    details: dict[str, object] = {"reasons": sorted(reasons), "stripe_event": event.id}
    record("update", "payments.payment.flagged", by=by, on=payment, details=details, outcome="failure")


def _grant(payment: Payment, event: Event, *, by: Actor) -> None:
    """Open what was paid for and tell the buyer; where that is not possible any more, staff see why."""
    obstacle = _obstacle(payment, by=by) if payment.enrollment else ""
    if obstacle:
        _flag(payment, {obstacle}, event, by=by)
    send_later(
        "payments_succeeded",
        to=payment.user.email,
        subject="We received your payment",
        context={"payment": payment, "user": payment.user, "obstacle": obstacle},
    )


def _obstacle(payment: Payment, *, by: Actor) -> str:
    """Open the enrolment; return why not: its seat was lost to somebody else, or it was open already."""
    enrollment = payment.enrollment
    assert enrollment is not None  # noqa: S101 - the caller asked
    was_open = enrollment.status in Enrollment.SEATED
    try:
        grant_access(enrollment, kind=Kind.PAYMENT, reference=str(payment.pk), by=by)
    except CourseFull:
        return "seat_lost"
    return "open_already" if was_open else ""
