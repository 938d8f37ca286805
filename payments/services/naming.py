"""Which payment an intent belongs to, and recording what is said of it under its locks."""

from collections.abc import Callable

from audit.actor import Actor
from payments.models import Payment, WebhookEvent
from payments.personal_data import of_the_money
from payments.services.holding import flag, hold_payment
from payments.services.recording import record_event
from payments.stripe_objects import DoesNotFit, Json, named_payment
from titanobova import faults
from users.erased import is_erased_email

Outcome = WebhookEvent.Outcome


def payment_of(intent_id: str, subject: Json) -> Payment | None:
    """Return the payment that an object of Stripe is about.

    It is known by its intent, or, when the object overtakes the answer that names the intent, by the id that we gave
    Stripe.
    """
    own_id = named_payment(subject)
    named = Payment.objects.filter(intent_id=intent_id).first()
    return named or (Payment.objects.filter(pk=own_id).first() if own_id else None)


def record_of(
    payment: Payment, intent_id: str, say: Callable[[Payment], bool], *, by: Actor, event_id: str = ""
) -> Outcome:
    """Hold a payment, have recorded what `say` records of it, and learn its intent; what does not fit is flagged.

    The caller holds the intent (`hold_intent`).
    """
    held = hold_payment(payment.pk)
    faults.hit("payments.after_locks")
    if held.intent_id not in {"", intent_id}:
        flag(held, {"id"}, by=by, event_id=event_id)
        return Outcome.MISMATCH
    outcome = _try_to_record(held, say, by=by, event_id=event_id)
    if not held.intent_id and outcome != Outcome.MISMATCH:
        learn_intent(held, intent_id, by=by)
    return outcome


def learn_intent(held: Payment, intent_id: str, *, by: Actor) -> None:
    """Write down which intent is the payment's, and apply the events that came too early, in the caller's transaction.

    Of an erased buyer they are kept without names from now on: nobody could know whose they were before.
    The caller holds the intent, then the payment.
    """
    held.intent_id = intent_id
    held.save(update_fields=["intent_id", "updated_at"])
    for event in WebhookEvent.objects.waiting().filter(intent_id=intent_id).order_by("received_at"):
        event.outcome = _try_to_record(held, record_event(event, by=by), by=by, event_id=event.pk)
        if is_erased_email(held.user.email):
            event.payload = of_the_money(event.payload)
        event.save(update_fields=["outcome", "payload"])


def _try_to_record(held: Payment, say: Callable[[Payment], bool], *, by: Actor, event_id: str) -> Outcome:
    try:
        return Outcome.APPLIED if say(held) else Outcome.UNCHANGED
    except DoesNotFit as misfit:
        flag(held, misfit.reasons, by=by, event_id=event_id)
        return Outcome.MISMATCH
