"""Starting a payment: what it costs, its row, its intent at Stripe."""

from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Enrollment
from courses.money import price_text
from courses.services import AlreadyEnrolled, enroll, get_priced_course
from payments import gateway
from payments.models import Payment
from payments.money import chargeable, to_minor
from titanobova.errors import DomainError, FieldError
from users.models import User

UNDERWAY = frozenset({"succeeded", "processing", "requires_capture"})  # Stripe's words for money on its way


class PriceChanged(DomainError):
    """The buyer saw another price than the course has now."""

    code, status, message = "price_changed", 409, "The price is another one now."


class UnknownEnrollment(DomainError):
    """This person has no such enrolment: another person's answers like one that never was."""

    code, status, message = "not_found", 404, "There is no such enrolment."


class EnrollmentClosed(DomainError):
    """Nothing is to be paid for an enrolment that was given up or paid back."""

    code, status, message = "enrollment_closed", 409, "This enrolment has ended. Enrol again."


class PaymentUnderway(DomainError):
    """The buyer has paid, and the event that says so is not here yet."""

    code, status, message = "payment_underway", 409, "This payment is being confirmed. Do not pay again."


@dataclass(frozen=True)
class Order:
    """What is to be paid, by the server's own reckoning."""

    amount: Decimal
    currency: str
    description: str
    course_title: str = ""
    enrollment: Enrollment | None = None

    def is_for(self, payment: Payment) -> bool:
        """Whether `payment` pays exactly this."""
        return (payment.amount, payment.currency) == (self.amount, self.currency)


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
    :raises PriceChanged: when the price is not `amount`; the answer says the right one.
    :raises BadAmount: when `amount` is missing, or none that can be charged in its currency.
    :raises PaymentUnderway: when the open payment of the enrolment was just paid.
    :raises GatewayUnavailable: when Stripe does not answer.
    :raises DomainError: what `enroll` refuses, an enrolment of somebody else, what Stripe refuses.
    """
    gateway.require_key()
    if course or enrollment:
        wanted = get_priced_course(_course_of(user, enrollment) if enrollment else course)
        _compare(wanted, amount, currency)
        order = _order_for(user, wanted, description, by=by)
    else:
        order = _bare_order(amount, currency, description)
    payment = _payment_for(user, order, by=by)
    intent = _intent_of(payment, by=by)
    if intent.status == "canceled" or not order.is_for(payment):
        _withdraw(payment, intent, by=by)
        payment = _payment_for(user, order, by=by)
        intent = _intent_of(payment, by=by)
    return StartedPayment(payment, intent.client_secret)


def _bare_order(amount: Decimal | None, currency: str, description: str) -> Order:
    if amount is None:
        raise FieldError("amount", "Say what to pay, or for which course.", "required")
    currency = currency or settings.DEFAULT_CURRENCY
    chargeable(amount, currency)
    return Order(amount, currency, description)


def _order_for(user: User, course: Course, description: str, *, by: Actor) -> Order:
    chargeable(course.price, course.currency)
    enrollment = enroll(user, course, by=by)
    return Order(course.price, course.currency, description or course.title, course.title, enrollment)


def _course_of(user: User, enrollment_id: UUID) -> str:
    enrollment = Enrollment.objects.filter(pk=enrollment_id, user=user).first()
    if enrollment is None:
        raise UnknownEnrollment
    if enrollment.status in Enrollment.SEATED:
        raise AlreadyEnrolled
    if enrollment.status != Enrollment.Status.PENDING:
        raise EnrollmentClosed
    return str(enrollment.course_id)


def _compare(course: Course, amount: Decimal | None, currency: str) -> None:
    """Hold what the buyer saw against the course; the client's figure decides nothing."""
    if amount is not None:
        to_minor(amount, currency or course.currency)
    if amount in {None, course.price} and currency in {"", course.currency}:
        return
    raise PriceChanged(details={"amount": price_text(course.price, course.currency), "currency": course.currency})


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
    """Return the payment's intent; only what the row says is sent, so that a repetition is the same to the letter.

    :raises PaymentUnderway: when it is being paid.
    """
    intent = gateway.fetch_intent(payment.intent_id) if payment.intent_id else _create_intent(payment, by=by)
    if intent.status in UNDERWAY:
        raise PaymentUnderway
    return intent


def _create_intent(payment: Payment, *, by: Actor) -> gateway.Intent:
    try:
        intent = gateway.create_intent(
            amount_minor=chargeable(payment.amount, payment.currency),
            currency=payment.currency,
            description=payment.description,
            metadata=payment.metadata,
            idempotency_key=str(payment.pk),
        )
    except (gateway.GatewayFailed, gateway.GatewayRefused, FieldError) as refusal:
        _close(payment, by=by, reason=refusal.code)
        raise
    is_open = Payment.objects.open().filter(pk=payment.pk).update(intent_id=intent.id)
    payment.refresh_from_db(fields=["status", "intent_id"])
    if payment.status == Payment.Status.SUCCEEDED:  # its event was faster than this answer
        raise PaymentUnderway
    if not is_open:
        raise gateway.GatewayUnavailable  # a parallel request withdrew it: nobody may learn this intent's secret
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
    _close(payment, by=by, reason="replaced")


def _close(payment: Payment, *, by: Actor, reason: str) -> None:
    with transaction.atomic():
        if Payment.objects.filter(pk=payment.pk).move(Payment.Status.CANCELED):
            record("update", "payments.payment.canceled", by=by, on=payment, details={"reason": reason})
