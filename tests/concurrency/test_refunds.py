"""Money goes back once, however many people ask for it at the same moment and however often Stripe tells of it."""

import threading
from collections.abc import Iterator
from decimal import Decimal

import pytest
from django.conf import settings as django_settings
from django.db.models import QuerySet
from pytest_django import Settings

from audit.actor import Actor
from courses.models import Course, Enrollment
from courses.services.enrolling import enroll
from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment, Refund
from payments.services import refunding
from payments.services.catching_up import catch_up
from payments.services.refunding import NotRefundable, RefundRefused, RefundTooLarge, request_refund
from tests.conftest import RunTogether, make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import deliver, intent_event, make_payment, refund_event, set_up_payments
from titanobova.models import OutgoingMail

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
NOBODY = Actor.from_system("tests")


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[StripeSandbox]:
    """The sandbox in Stripe's place."""
    with set_up_payments(settings) as running:
        yield running


def paid_at(sandbox: StripeSandbox) -> Payment:
    """Return a payment of 100.00 usd that arrived at the sandbox and here."""
    buyer = make_user("buyer@example.com")
    held = enroll(buyer, make_course(price="100.00"), by=NOBODY)
    payment = make_payment(buyer, enrollment=held, amount="100.00")
    intent = sandbox.intents.create(
        {"amount": "10000", "currency": "usd", "description": "x", "metadata": payment.metadata}, {}
    )
    Payment.objects.update(intent_id=intent["id"])
    sandbox.pay(intent["id"])
    deliver(sandbox.events[-1])
    payment.refresh_from_db()
    return payment


def sum_at(sandbox: StripeSandbox) -> int:
    return sum(refund["amount"] for refund in sandbox.refunds.rows.values())


def test_many_who_ask_for_all_of_it_get_it_once(run_together: RunTogether, sandbox: StripeSandbox) -> None:
    payment = paid_at(sandbox)

    outcomes = run_together(THREADS, lambda _: request_refund(payment, by=NOBODY))

    assert [type(outcome) for outcome in outcomes].count(Refund) == 1
    assert [type(outcome) for outcome in outcomes].count(NotRefundable) == THREADS - 1
    assert sum_at(sandbox) == 10_000
    assert Enrollment.objects.get().status == "refunded"


def test_many_who_ask_for_parts_never_get_more_than_there_is(run_together: RunTogether, sandbox: StripeSandbox) -> None:
    payment = paid_at(sandbox)

    outcomes = run_together(THREADS, lambda _: request_refund(payment, amount=Decimal(30), by=NOBODY))

    assert [type(outcome) for outcome in outcomes].count(Refund) == 3
    assert [type(outcome) for outcome in outcomes].count(RefundTooLarge) == THREADS - 3
    payment.refresh_from_db()
    assert (sum_at(sandbox), payment.amount_refunded, payment.status) == (9000, Decimal(90), "partially_refunded")


def test_one_refund_told_by_many_deliveries_at_once_has_one_effect(
    run_together: RunTogether, sandbox: StripeSandbox
) -> None:
    payment = paid_at(sandbox)
    told = refund_event(payment, 10_000, id="re_dashboard")
    different = [{**told, "id": f"evt_{number}"} for number in range(THREADS)]

    answers = run_together(THREADS, lambda number: deliver(different[number]).status_code)

    assert answers == [200] * THREADS
    assert (Refund.objects.count(), payment.ledger.filter(kind="refunded").count()) == (1, 1)
    assert OutgoingMail.objects.filter(subject="Your money is on its way back").count() == 1


def test_a_refund_sent_by_many_jobs_at_once_is_made_once(run_together: RunTogether, sandbox: StripeSandbox) -> None:
    payment = paid_at(sandbox)
    payment.refunds.create(amount=100, reason="automatic")

    run_together(8, lambda _: catch_up(by=NOBODY))
    catch_up(by=NOBODY)

    assert (sum_at(sandbox), Refund.objects.get().status) == (10_000, "succeeded")


def test_events_of_many_payments_for_one_course_wait_for_each_other_in_no_ring(
    run_together: RunTogether, sandbox: StripeSandbox
) -> None:
    course, payments = make_course(price="10.00", capacity=4), []
    for number in range(8):
        buyer = make_user(f"buyer-{number}@example.com")
        place = Enrollment.objects.create(user=buyer, course=course)
        payments.append(make_payment(buyer, enrollment=place, amount="10.00"))
    told = [intent_event(payment) for payment in payments] + [refund_event(payment, 1000) for payment in payments]

    answers = run_together(THREADS, lambda number: deliver(told[number]).status_code)

    assert answers == [200] * THREADS
    assert Course.objects.get().enrollments.taking_a_seat().count() == 0
    assert set(Payment.objects.values_list("status", flat=True)) == {"refunded"}


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_without_the_lock_more_goes_back_than_there_is(
        run_together: RunTogether, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment, threads = paid_at(sandbox), 4
        everyone_has_looked = threading.Barrier(threads, timeout=30)
        look = refunding.left_of

        def look_then_wait(held: Payment) -> Decimal:
            left = look(held)
            everyone_has_looked.wait()
            return left

        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
        monkeypatch.setattr(refunding, "left_of", look_then_wait)
        outcomes = run_together(threads, lambda _: request_refund(payment, by=NOBODY))

        assert Refund.objects.count() == threads
        # What saves the money then is Stripe alone.
        assert [type(outcome) for outcome in outcomes].count(RefundRefused) == threads - 1
