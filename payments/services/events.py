"""What an event of Stripe does here."""

import logging
import time
from dataclasses import replace

from django.db import transaction

from audit.actor import Actor
from audit.forgeries import record_forgery
from audit.services import record
from payments import gateway
from payments.models import WebhookEvent
from payments.personal_data import of_the_money
from payments.services.holding import hold_intent
from payments.services.naming import payment_of, record_of
from payments.services.recording import CONCERNING, KIND_OF_EVENT, record_event
from payments.stripe_objects import named_buyer, named_intent
from payments.webhook_events import BadSignature, Event, read_event
from titanobova import faults
from titanobova.metrics import WEBHOOK_EVENTS, WEBHOOK_LAG
from users.erased import is_erased_email

logger = logging.getLogger("titanobova.payments")
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
        record_forgery("payments.webhook.bad_signature", by=by)
        WEBHOOK_EVENTS.labels("bad_signature").inc()
        raise
    outcome = apply_event(event, by=replace(by, system="stripe"))
    WEBHOOK_EVENTS.labels(outcome or "repeated").inc()
    if outcome is not None and event.created:
        WEBHOOK_LAG.observe(max(0.0, time.time() - event.created))


def apply_event(event: Event, *, by: Actor) -> Outcome | None:
    """Do what `event` says, exactly once: its row, the payment, the enrolment, audit and mail stand or fall together.

    Stripe delivers at least once and in any order (https://docs.stripe.com/webhooks). A second delivery finds the
    first one's row and changes nothing; a parallel one waits for it. A crash leaves nothing behind, and Stripe sends
    again. An event of the other mode (a test event at a live site, or the reverse) or of another account changes
    nothing at all. Return what became of it; None for a repetition, and for what is not ours.
    """
    if event.livemode != gateway.is_live() or event.account:
        logger.warning("An event of the other mode or another account was ignored: %s %s", event.type, event.id)
        return None
    with transaction.atomic():
        stored, is_new = WebhookEvent.objects.get_or_create(pk=event.id, defaults=_columns(event))
        faults.hit("payments.after_event_insert")
        if not is_new:
            return None
        if event.type in CONCERNING and stored.intent_id:
            stored.outcome = _apply(stored, by=by)
            stored.save(update_fields=["outcome", "payload", "buyer_id"])
        _record_arrival(stored, by=by)
        faults.hit("payments.before_commit")
    return Outcome(stored.outcome)


def _record_arrival(stored: WebhookEvent, *, by: Actor) -> None:
    """Record an event that did nothing, or nothing new; what any other did has rows of its own."""
    if stored.outcome != Outcome.APPLIED:
        told: dict[str, object] = {"stripe_event": stored.pk, "kind": stored.type, "status": stored.outcome}
        record("create", "payments.webhook.received", by=by, details=told)


def _columns(event: Event) -> dict[str, object]:
    """Return how an event is stored: one that we have no use for without the names and addresses that Stripe puts in.

    So nothing of a person comes back with it after they were erased, though it names no payment by which to know them.
    """
    intent_id = ""
    if event.type in CONCERNING:
        intent_id = named_intent(event.subject, "id" if event.type in KIND_OF_EVENT else "payment_intent")
    told = {"type": event.type, "livemode": event.livemode}
    if not intent_id:
        return {**told, "payload": of_the_money(event.payload)}
    return {**told, "payload": event.payload, "intent_id": intent_id, "buyer_id": named_buyer(event.subject)}


def _apply(stored: WebhookEvent, *, by: Actor) -> Outcome:
    """Record what an event says of its payment; one about money that went back may come before we know the intent."""
    hold_intent(stored.intent_id)
    payment = payment_of(stored.intent_id, stored.subject)
    if payment is None and stored.type in KIND_OF_EVENT:
        stored.payload = of_the_money(stored.payload)  # it is another site's
        return Outcome.IGNORED
    if payment is None:
        return Outcome.WAITING
    stored.buyer_id = payment.user_id
    outcome = record_of(payment, stored.intent_id, record_event(stored, by=by), by=by, event_id=stored.pk)
    if is_erased_email(payment.user.email):
        stored.payload = of_the_money(stored.payload)
    return outcome
