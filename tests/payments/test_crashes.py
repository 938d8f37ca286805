"""A crash at any named place, and the next try, end as if there had been none."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import Document, DocumentYear, LedgerEntry, Payment, Refund, WebhookEvent
from payments.services.catching_up import catch_up
from payments.services.refunding import request_refund
from payments.services.starting import Wish, start_payment
from tests.conftest import make_user
from tests.payments.conftest import (
    PAID,
    UNTOUCHED,
    Json,
    deliver,
    dispute_event,
    intent_event,
    payment_for_a_place,
    refund_event,
    state_of,
)
from tests.payments.faulty import PowerWent, crashing_at, points_of
from titanobova import faults
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")
DURING_EVENTS = [
    "payments.after_event_insert",
    "payments.after_locks",
    "payments.after_facts",
    "payments.after_status",
    "payments.after_access",
    "payments.after_documents",
    "payments.before_commit",
]
DURING_REFUNDS = ["payments.after_refund_row", "payments.after_refund_call", *DURING_EVENTS[2:6]]
DURING_STARTS = ["payments.after_payment_row", "payments.after_intent_call"]
TELLERS: dict[str, Callable[[Payment], Json]] = {
    "a payment": intent_event,
    "a refund": lambda payment: refund_event(payment, 9999),
    "a failed refund": lambda payment: refund_event(payment, 9999, "failed"),
    "a lost dispute": lambda payment: dispute_event(payment, 9999, "lost"),
}


@pytest.fixture(autouse=True)
def _no_hook_is_left() -> Iterator[None]:
    yield
    assert faults.hook is None


def everything() -> list[object]:
    """Return all that an event can write."""
    entries = LedgerEntry.objects.values_list("payment", "kind", "reference", "amount")
    payments = Payment.objects.values_list("pk", "status", "amount_refunded", "amount_disputed", "flag_reason")
    numbers = [*DocumentYear.objects.values_list()]
    counted = [model.objects.count() for model in (WebhookEvent, Refund, Document, OutgoingMail, AuditLog)]
    return [
        sorted(map(str, entries)),
        sorted(map(str, payments)),
        *Enrollment.objects.values_list("status"),
        *numbers,
        *counted,
    ]


@pytest.mark.parametrize("place", DURING_EVENTS)
@pytest.mark.parametrize("told_of", TELLERS)
def test_an_event_that_crashed_leaves_nothing_and_stripes_next_try_does_it_all(
    payment: Payment, told_of: str, place: str
) -> None:
    if told_of != "a payment":
        deliver(intent_event(payment))
        payment.refresh_from_db()
    before, told = everything(), TELLERS[told_of](payment)

    with crashing_at(place), pytest.raises(PowerWent):
        deliver(told)
    assert everything() == before

    deliver(told)
    after = everything()
    deliver(told)
    assert everything() == after != before
    call_command("check_ledger")


def test_every_place_that_an_event_comes_by_is_tried(payment: Payment) -> None:
    told = intent_event(payment)

    assert points_of(lambda: deliver(told)) == DURING_EVENTS
    assert state_of(payment) == PAID


def test_a_place_without_a_test_is_passed_in_silence(payment: Payment) -> None:
    faults.hit("payments.after_facts")

    assert state_of(payment) == UNTOUCHED


# --- Where Stripe is asked ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("place", DURING_STARTS)
def test_a_start_that_crashed_goes_on_with_the_same_payment(
    student: User, course: Course, sandbox: StripeSandbox, place: str
) -> None:
    wish = Wish(course=course.slug)
    with crashing_at(place), pytest.raises(PowerWent):
        start_payment(student, wish, by=SYSTEM)

    started = start_payment(student, wish, by=SYSTEM)

    [intent] = sandbox.payment_intents
    assert (started.payment, started.client_secret) == (Payment.objects.get(), intent["client_secret"])


def test_every_place_that_a_start_comes_by_is_tried(student: User, sandbox: StripeSandbox) -> None:
    assert points_of(lambda: start_payment(student, Wish(amount=Decimal(5)), by=SYSTEM)) == DURING_STARTS


@pytest.fixture
def at_stripe(student: User, course: Course, sandbox: StripeSandbox) -> Payment:
    """A payment that arrived at the sandbox and here."""
    payment = start_payment(student, Wish(course=course.slug), by=SYSTEM).payment
    sandbox.pay(payment.intent_id)
    deliver(sandbox.events[-1])
    payment.refresh_from_db()
    return payment


@pytest.mark.parametrize("place", DURING_REFUNDS)
def test_a_refund_that_crashed_is_carried_out_once(
    at_stripe: Payment, staff: User, sandbox: StripeSandbox, place: str
) -> None:
    with crashing_at(place), pytest.raises(PowerWent):
        request_refund(at_stripe, by=Actor(user=staff))
    assert Refund.objects.get().status == "requested"

    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    catch_up(by=SYSTEM)

    at_stripe.refresh_from_db()
    assert (at_stripe.status, at_stripe.amount_refunded, len(sandbox.refunds.rows)) == ("refunded", at_stripe.amount, 1)
    assert OutgoingMail.objects.filter(subject="Your money is on its way back").count() == 1
    call_command("check_ledger")


def test_every_place_that_a_refund_comes_by_is_tried(at_stripe: Payment, staff: User, sandbox: StripeSandbox) -> None:
    assert points_of(lambda: request_refund(at_stripe, by=Actor(user=staff))) == DURING_REFUNDS


@pytest.mark.parametrize("place", DURING_EVENTS)
def test_a_crash_between_other_peoples_events_does_not_touch_them(course: Course, webhook: None, place: str) -> None:
    payments = [payment_for_a_place(make_user(f"buyer-{number}@example.com"), course) for number in range(3)]

    for number, payment in enumerate(payments):
        told = intent_event(payment)
        if number == 1:
            with crashing_at(place), pytest.raises(PowerWent):
                deliver(told)
        else:
            deliver(told)

    assert [state_of(payment) for payment in payments] == [PAID, UNTOUCHED, PAID]
