"""Starting a payment: its row first, then its intent at Stripe."""

from dataclasses import dataclass, field, replace
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment
from courses.services.enrolling import AlreadyEnrolled
from courses.services.finding import get_priced_course
from payments import gateway
from payments.ledger import Fact, Kind
from payments.models import Payment
from payments.money import to_minor
from payments.services.card_testing import network_digest, refuse_card_testing
from payments.services.holding import hold_intent, hold_payment, record_facts
from payments.services.naming import learn_intent
from payments.services.orders import Order, course_of, order_amount, order_course
from payments.services.settling import settle
from titanobova import faults
from titanobova.errors import DomainError, FieldError
from titanobova.idempotency import KEPT_FOR, Attempt, claim, give_up, release
from titanobova.idempotency import settle as settle_attempt
from titanobova.ids import uuid7
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


@dataclass(frozen=True)
class Wish:
    """What to pay: a course (a slug or id), an enrolment or an amount; beside those two, amount is what they saw."""

    amount: Decimal | None = None
    currency: str = ""
    description: str = ""
    course: str = ""
    enrollment: UUID | None = None


def start_payment(user: User, wish: Wish, *, by: Actor, attempt: Attempt | None = None) -> StartedPayment:
    """Make a payment that `user` can pay now, or return the one that is open for the same enrolment.

    With a course or an enrolment, price and currency are the server's; without either the payment opens nothing,
    whatever is paid. A repeated `attempt` answers with the payment of the first one, whose secret Stripe is asked for;
    but one that was canceled since, as the sweep does, can never be paid, and the attempt starts anew.

    The row is committed before Stripe is asked, outside any transaction. When Stripe does not answer, the row stays
    `created`, and trying again sends the same idempotency key: there is never a second intent that could be paid.

    :raises PaymentsNotConfigured: without a key; nothing is written.
    :raises TooManyDeclines: for somebody who tries stolen cards.
    :raises PaymentUnderway: when the open payment of the enrolment was just paid.
    :raises GatewayUnavailable: when Stripe does not answer.
    :raises DomainError: what `claim`, `order_amount`, `order_course` or Stripe refuse.
    """
    gateway.require_key()
    refuse_card_testing(user, by=by)
    if attempt is None:
        return _start(user, wish, by=by)
    known = claim(attempt, uuid7())
    if known is not None:
        payment = Payment.objects.get(pk=known)
        if payment.status == Payment.Status.CANCELED:
            give_up(attempt, object_id=known)
            return start_payment(user, wish, by=by, attempt=attempt)
        return StartedPayment(payment, gateway.fetch_intent(payment.intent_id).client_secret)
    try:
        started = _start(user, wish, by=by, attempt=attempt.key)
    except BaseException:
        release(attempt)
        raise
    settle_attempt(attempt, status=201, object_id=started.payment.pk)
    return started


def _start(user: User, wish: Wish, *, by: Actor, attempt: str = "") -> StartedPayment:
    order = _order(user, wish, by=by)
    _withdraw_earlier(user, order, by=by)
    payment = _payment_for(user, order, by=by, attempt=attempt)
    intent = _intent_of(payment, by=by)
    if intent.status == "canceled" or not order.is_for(payment):
        _withdraw(payment, intent, by=by)
        payment = _payment_for(user, order, by=by, attempt=attempt)
        intent = _intent_of(payment, by=by)
    return StartedPayment(payment, intent.client_secret)


def _order(user: User, wish: Wish, *, by: Actor) -> Order:
    if not wish.course and wish.enrollment is None:
        return order_amount(wish.amount, wish.currency, wish.description)
    course = course_of(user, wish.enrollment) if wish.enrollment else get_priced_course(wish.course)
    return order_course(
        user, course, seen=wish.amount, seen_currency=wish.currency, description=wish.description, by=by
    )


def _withdraw_earlier(user: User, order: Order, *, by: Actor) -> None:
    """End what the person could still pay for a place in this course that they gave up: they would pay twice.

    :raises PaymentUnderway: when it was just paid, which opens that place again.
    """
    if order.enrollment is not None:
        of_the_course = Payment.objects.open().filter(user=user, enrollment__course=order.enrollment.course_id)
        for earlier in of_the_course.exclude(enrollment=order.enrollment):
            _withdraw(earlier, _intent_of(earlier, by=by), by=by)


@transaction.atomic
def _payment_for(user: User, order: Order, *, by: Actor, attempt: str = "") -> Payment:
    """Return the open payment of the enrolment or the attempt, or a new one.

    The lock on the enrolment puts parallel requests of one buyer in a row: the second finds the first one's payment. An
    attempt that came to no end (Stripe did not answer) goes on with the payment that it made.

    :raises AlreadyEnrolled: when the enrolment was paid for, or became free, at this very moment.
    """
    existing = _open_payment(order.enrollment) if order.enrollment else _payment_of(user, attempt)
    if existing is not None:
        return existing
    payment = Payment.objects.create(
        user=user,
        enrollment=order.enrollment,
        course_title=order.course_title,
        amount=order.amount,
        currency=order.currency,
        description=order.description,
        attempt=attempt,
        network_digest=network_digest(by),
    )
    record_facts(payment, [Fact(Kind.CREATED)])
    record("create", "payments.payment.started", by=by, on=payment, details=_details(payment))
    return payment


def _open_payment(enrollment: Enrollment) -> Payment | None:
    locked = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    if locked.status != Enrollment.Status.PENDING:
        raise AlreadyEnrolled
    return Payment.objects.open().filter(enrollment=enrollment).first()


def _payment_of(user: User, attempt: str) -> Payment | None:
    if not attempt:
        return None
    same = Payment.objects.open().filter(user=user, attempt=attempt, created_at__gt=timezone.now() - KEPT_FOR)
    return same.first()


def _details(payment: Payment) -> dict[str, object]:
    return {"amount": payment.amount_text, "currency": payment.currency, "enrollment": payment.enrollment_id}


def _intent_of(payment: Payment, *, by: Actor) -> gateway.Intent:
    """Return the payment's intent as it is at Stripe.

    :raises PaymentUnderway: when it is being paid.
    """
    intent = gateway.fetch_intent(payment.intent_id) if payment.intent_id else _make_intent(payment, by=by)
    if intent.status in UNDERWAY:
        raise PaymentUnderway
    return intent


def _make_intent(payment: Payment, *, by: Actor) -> gateway.Intent:
    """Make the payment's intent and write down which it is.

    A failure that only a new key can mend closes the row, and a row that was closed gives no secret away: whichever
    of two parallel requests comes first, the buyer never holds two intents.
    """
    faults.hit("payments.after_payment_row")
    try:
        intent = create_intent_of(payment)
    except (gateway.GatewayFailed, gateway.GatewayRefused, FieldError) as refusal:
        close_payment(payment, by=by, reason=refusal.code, unless_named=True)
        raise
    faults.hit("payments.after_intent_call")
    learn_intent_of(payment, intent.id, by=by)
    if payment.status in Payment.ARRIVED:  # its event was faster than this answer
        raise PaymentUnderway
    if payment.intent_id != intent.id or payment.status not in Payment.OPEN:
        raise gateway.GatewayUnavailable
    return intent


def create_intent_of(payment: Payment) -> gateway.Intent:
    """Make the payment's intent, or return the one that was made for it before.

    Only what the row says is sent, so that a repetition is the same to the letter.

    :raises DomainError: as `gateway.create_intent`.
    """
    return gateway.create_intent(
        amount_minor=to_minor(payment.amount, payment.currency),
        currency=payment.currency,
        description=payment.description,
        metadata=payment.metadata,
        idempotency_key=str(payment.pk),
    )


@transaction.atomic
def learn_intent_of(payment: Payment, intent_id: str, *, by: Actor) -> None:
    """Write down which intent is the payment's, unless it ended meanwhile, and apply the events that came too early."""
    hold_intent(intent_id)
    held = hold_payment(payment.pk)
    if not held.intent_id and held.status in Payment.OPEN:
        learn_intent(held, intent_id, by=replace(by, system="stripe"))
    payment.refresh_from_db(fields=["status", "intent_id"])


def _withdraw(payment: Payment, intent: gateway.Intent, *, by: Actor) -> None:
    """End a payment at Stripe first, then here: at no moment can a buyer pay both the old and the new one.

    Stripe also refuses to cancel what a parallel request, or the sweep, has just canceled.

    :raises PaymentUnderway: when it was paid at this very moment.
    """
    if intent.status != "canceled":
        try:
            gateway.cancel_intent(intent.id)
        except gateway.GatewayRefused:
            if gateway.fetch_intent(intent.id).status != "canceled":
                raise PaymentUnderway from None
    close_payment(payment, by=by, reason="replaced")


@transaction.atomic
def close_payment(payment: Payment, *, by: Actor, reason: str, unless_named: bool = False) -> None:
    """Note that nobody can pay this any more; one whose intent another request has learned stays, if so wished."""
    held = hold_payment(payment.pk)
    if not (unless_named and held.intent_id):
        settle(held, [Fact(Kind.CANCELED)], by=by, reason=reason)
