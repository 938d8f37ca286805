"""Starting a payment: its row first, then its intent at Stripe."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment
from courses.services.enrolling import AlreadyEnrolled
from courses.services.finding import get_priced_course
from payments import gateway
from payments.models import Payment, PaymentQuerySet
from payments.money import to_minor
from payments.services.orders import Order, course_of, order_amount, order_course
from titanobova.errors import DomainError, FieldError
from users.models import User

UNDERWAY = frozenset({"succeeded", "processing"})  # Stripe's words for money on its way


class PaymentUnderway(DomainError):
    """The buyer has paid, and the event that says so is not here yet."""

    code, status, message = "payment_underway", 409, "This payment is being confirmed. Do not pay again."


@dataclass(frozen=True)
class StartedPayment:
    """A payment and the secret with which its buyer pays; for them alone, and kept nowhere."""

    payment: Payment
    client_secret: str = field(repr=False)


def start_payment(
    user: User,
    *,
    by: Actor,
    amount: Decimal | None = None,
    currency: str = "",
    description: str = "",
    course: str = "",
    enrollment: UUID | None = None,
) -> StartedPayment:
    """Make a payment that `user` can pay now, or return the one that is open for the same enrolment.

    With `course` (a slug or id) or `enrollment`, price and currency are the server's and `amount` and `currency` only
    say what the buyer saw. Without either the payment opens nothing, whatever is paid.

    The row is committed before Stripe is asked, outside any transaction. When Stripe does not answer, the row stays
    `created`, and trying again sends the same idempotency key: there is never a second intent that could be paid.

    :raises PaymentsNotConfigured: without a key; nothing is written.
    :raises PaymentUnderway: when the open payment of the enrolment was just paid.
    :raises GatewayUnavailable: when Stripe does not answer.
    :raises DomainError: what `order_amount`, `order_course` or Stripe refuse.
    """
    gateway.require_key()
    if course or enrollment:
        wanted = course_of(user, enrollment) if enrollment else get_priced_course(course)
        order = order_course(user, wanted, seen=amount, seen_currency=currency, description=description, by=by)
    else:
        order = order_amount(amount, currency, description)
    payment = _payment_for(user, order, by=by)
    intent = _intent_of(payment, by=by)
    if intent.status == "canceled" or not order.is_for(payment):
        _withdraw(payment, intent, by=by)
        payment = _payment_for(user, order, by=by)
        intent = _intent_of(payment, by=by)
    return StartedPayment(payment, intent.client_secret)


@transaction.atomic
def _payment_for(user: User, order: Order, *, by: Actor) -> Payment:
    """Return the open payment of the enrolment, or a new one.

    The lock on the enrolment puts parallel requests of one buyer in a row: the second finds the first one's payment.

    :raises AlreadyEnrolled: when the enrolment was paid for, or became free, at this very moment.
    """
    if order.enrollment is not None:
        locked = Enrollment.objects.select_for_update(no_key=True).get(pk=order.enrollment.pk)
        if locked.status != Enrollment.Status.PENDING:
            raise AlreadyEnrolled
        existing = Payment.objects.open().filter(enrollment=order.enrollment).first()
        if existing is not None:
            return existing
    payment = Payment.objects.create(
        user=user,
        enrollment=order.enrollment,
        course_title=order.course_title,
        amount=order.amount,
        currency=order.currency,
        description=order.description,
    )
    record("create", "payments.payment.started", by=by, on=payment, details=_facts(payment))
    return payment


def _facts(payment: Payment) -> dict[str, object]:
    return {"amount": payment.amount_text, "currency": payment.currency, "enrollment": payment.enrollment_id}


def _intent_of(payment: Payment, *, by: Actor) -> gateway.Intent:
    """Return the payment's intent as it is at Stripe.

    :raises PaymentUnderway: when it is being paid.
    """
    intent = gateway.fetch_intent(payment.intent_id) if payment.intent_id else _create_intent(payment, by=by)
    if intent.status in UNDERWAY:
        raise PaymentUnderway
    return intent


def _create_intent(payment: Payment, *, by: Actor) -> gateway.Intent:
    """Make the payment's intent; only what the row says is sent, so that a repetition is the same to the letter.

    A failure that only a new key can mend closes the row, and a row that was closed gives no secret away: whichever
    of two parallel requests comes first, the buyer never holds two intents.
    """
    unnamed = Payment.objects.filter(pk=payment.pk, intent_id="")
    try:
        intent = gateway.create_intent(
            amount_minor=to_minor(payment.amount, payment.currency),
            currency=payment.currency,
            description=payment.description,
            metadata=payment.metadata,
            idempotency_key=str(payment.pk),
        )
    except (gateway.GatewayFailed, gateway.GatewayRefused, FieldError) as refusal:
        _close(unnamed, payment, by=by, reason=refusal.code)
        raise
    unnamed.open().update(intent_id=intent.id)
    payment.refresh_from_db(fields=["status", "intent_id"])
    if payment.status == Payment.Status.SUCCEEDED:  # its event was faster than this answer
        raise PaymentUnderway
    if payment.intent_id != intent.id or payment.status not in Payment.OPEN:
        raise gateway.GatewayUnavailable
    return intent


def _withdraw(payment: Payment, intent: gateway.Intent, *, by: Actor) -> None:
    """End a payment at Stripe first, then here: at no moment can a buyer pay both the old and the new one.

    :raises PaymentUnderway: when it was paid at this very moment.
    """
    if intent.status != "canceled":
        try:
            gateway.cancel_intent(intent.id)
        except gateway.GatewayRefused:
            raise PaymentUnderway from None
    _close(Payment.objects.filter(pk=payment.pk), payment, by=by, reason="replaced")


def _close(which: PaymentQuerySet, payment: Payment, *, by: Actor, reason: str) -> None:
    with transaction.atomic():
        if which.move(Payment.Status.CANCELED):
            record("update", "payments.payment.canceled", by=by, on=payment, details={"reason": reason})
