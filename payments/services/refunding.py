"""Giving money back."""

import logging
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.money import price_text
from payments import gateway
from payments.ledger import position_of
from payments.models import Payment, Refund
from payments.money import refundable, to_minor
from payments.services.holding import flag, hold_payment
from payments.services.recording import record_refund, want_sync
from payments.services.reserving import reserve_refund
from payments.stripe_lists import refunds_of
from payments.stripe_objects import DoesNotFit, Json, metadata_of
from titanobova import faults
from titanobova.errors import DomainError, FieldError
from titanobova.idempotency import Attempt, claim
from titanobova.ids import uuid7

logger = logging.getLogger("titanobova.payments")

KEY_LIVES = timedelta(hours=23)  # for which Stripe surely knows an idempotency key


class NotRefundable(DomainError):
    """There is no money to give back: it never came, went back already, or is held by a bank."""

    code, status, message = "not_refundable", 409, "There is nothing to refund of this payment."


class RefundTooLarge(DomainError):
    """More is asked for than is left."""

    code, status, message = "refund_too_large", 409, "There is less left of this payment."


class RefundRefused(DomainError):
    """Stripe understood and said no."""

    code, status, message = "refund_refused", 409, "The payment service refused this refund."


def request_refund(
    payment: Payment, *, amount: Decimal | None = None, reason: str = "", by: Actor, attempt: Attempt | None = None
) -> Refund:
    """Give back `amount`, or all that is left, and return the refund as far as it came.

    It is written down under the payment's lock first, so that no two requests give the same money back, and Stripe is
    asked outside any transaction. When it does not answer, the refund stays `requested`, and the sweep asks again with
    the same idempotency key: the money goes back once. A repetition of `attempt` gives nothing more back: it is
    answered with the refund of the first.

    :raises IdempotencyKeyReused: when the attempt stands for another refund.
    :raises NotRefundable: when nothing is left.
    :raises RefundTooLarge: when less is left; the answer says how much.
    :raises RefundRefused: when Stripe refuses; the refund then counts as failed.
    :raises BadAmount: when the currency has no such amount.
    :raises PaymentsNotConfigured: without a key; nothing is written.
    """
    gateway.require_key()
    if amount is not None:
        refundable(amount, payment.currency)
    refund = _reserve(payment, amount, reason=reason, by=by, attempt=attempt)
    faults.hit("payments.after_refund_row")
    if refund.status == Refund.Status.FAILED:
        raise RefundRefused
    return send_refund(refund, by=by) if refund.status == Refund.Status.REQUESTED else refund


def send_refund(refund: Refund, *, by: Actor) -> Refund:
    """Have Stripe carry out a refund that was requested, and record its answer; without one the refund stays.

    Stripe keeps an idempotency key for a day at least (https://docs.stripe.com/api/idempotent_requests). Afterwards,
    and where it would only repeat a failure, nothing is sent: the refund is looked for instead.

    :raises RefundRefused: when Stripe has not made it and will not; the refund then counts as failed.
    """
    try:
        made = _create(refund) if timezone.now() - refund.created_at < KEY_LIVES else _find(refund)
        faults.hit("payments.after_refund_call")
        _record_answer(refund.payment, made, by=by)
    except (gateway.GatewayRefused, FieldError) as refusal:
        give_up(refund, getattr(refusal, "reason", "amount"), by=by)
        raise RefundRefused from refusal
    except gateway.GatewayUnavailable:
        logger.warning("Whether Stripe made the refund %s is not known; the sweep asks again.", refund.pk)
    return Refund.objects.select_related("payment").get(pk=refund.pk)


def _create(refund: Refund) -> Json:
    payment = refund.payment
    try:
        return gateway.create_refund(
            intent_id=payment.intent_id,
            amount_minor=to_minor(refund.amount, payment.currency),
            metadata={"refund_id": str(refund.pk), "payment_id": str(payment.pk)},
            idempotency_key=str(refund.pk),
        )
    except gateway.GatewayFailed:
        return _find(refund)


def _find(refund: Refund) -> Json:
    """Return the refund as Stripe has made it.

    :raises GatewayRefused: when it has not.
    """
    for made in refunds_of(refund.payment.intent_id):
        if metadata_of(made).get("refund_id") == str(refund.pk):
            return made
    raise gateway.GatewayRefused("not_made")


@transaction.atomic
def give_up(refund: Refund, reason: str, *, by: Actor) -> None:
    """Note that Stripe has not made a refund and will not; where it had told of it meanwhile, its word stands."""
    held = hold_payment(refund.payment_id)
    asked_for = Refund.objects.filter(pk=refund.pk, status=Refund.Status.REQUESTED, stripe_id="")
    if asked_for.update(status=Refund.Status.FAILED, failure_reason=reason[:200]):
        details: dict[str, object] = {"reason": reason, "payment": held.pk}
        record("update", "payments.refund.refused", by=by, on=refund, details=details, outcome="failure")
        if refund.requested_by_id is None:
            flag(held, {"refund_failed"}, by=by)
        want_sync(held)


@transaction.atomic
def _reserve(payment: Payment, amount: Decimal | None, *, reason: str, by: Actor, attempt: Attempt | None) -> Refund:
    held, refund_id = hold_payment(payment.pk), uuid7()
    if attempt is not None and (first := claim(attempt, refund_id, status=201)):
        return Refund.objects.select_related("payment").get(pk=first)
    left = left_of(held)
    if left <= 0:
        raise NotRefundable
    if amount is not None and amount > left:
        raise RefundTooLarge(details={"left": price_text(left, held.currency), "currency": held.currency})
    return reserve_refund(held, amount or left, reason=reason, by=by, requested_by=by.user, refund_id=refund_id)


def left_of(held: Payment) -> Decimal:
    """Return how much of a payment can be given back: what arrived, less what went, is going, or a bank has kept.

    While a bank decides, that is nothing: Stripe refuses every refund then. Once it has kept a part, the rest is ours
    to give, and Stripe says whether it still carries that out (`is_charge_refundable`).
    """
    if held.status not in Payment.ARRIVED:
        return Decimal(0)
    position = position_of(entry.fact for entry in held.ledger.all())
    if position.disputed > position.lost:
        return Decimal(0)
    going = held.refunds.standing().aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    return max(held.amount - going - position.lost, Decimal(0))


@transaction.atomic
def _record_answer(payment: Payment, made: Json, *, by: Actor) -> None:
    held = hold_payment(payment.pk)
    try:
        record_refund(held, made, by=replace(by, system="stripe"))
    except DoesNotFit as misfit:
        flag(held, misfit.reasons, by=by)
