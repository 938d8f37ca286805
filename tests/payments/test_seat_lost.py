"""Paying after the hold of the seat: a free seat is taken, and where there is none the money goes back."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import LedgerEntry, Payment, Refund
from payments.services.catching_up import catch_up, sweep
from tests.conftest import make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import (
    CREATE,
    PAID,
    Json,
    deliver,
    dispute_event,
    intent_event,
    mails_to,
    refund_event,
    state_of,
)
from titanobova.models import OutgoingMail
from users.erased import erased_email
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")


def lapse(payment: Payment, *, capacity: int) -> Course:
    """Let the hold of the seat end, in a course of so many seats of which one is taken."""
    course = make_course(slug="small", price="99.99", capacity=capacity)
    Enrollment.objects.create(user=make_user("faster@example.com"), course=course, status="active")
    held = Enrollment.objects.filter(payments=payment)
    held.update(course=course, seat_held_until=timezone.now() - timedelta(minutes=1))
    return course


def kinds_of(payment: Payment) -> list[str]:
    return list(LedgerEntry.objects.filter(payment=payment).values_list("kind", flat=True))


def test_who_pays_after_the_hold_lapsed_takes_a_free_seat(payment: Payment) -> None:
    lapse(payment, capacity=2)

    deliver(intent_event(payment))

    assert state_of(payment) == PAID


def test_who_pays_after_the_hold_lapsed_and_the_course_is_full_gets_all_of_it_back(payment: Payment) -> None:
    lapse(payment, capacity=1)

    deliver(intent_event(payment))

    refund = Refund.objects.get()
    assert state_of(payment) == ("succeeded", "pending", "", 1, 1)
    assert kinds_of(payment) == ["captured", "seat_lost"]
    assert (refund.payment, refund.amount, refund.status, refund.requested_by) == (
        payment,
        payment.amount,
        "requested",
        None,
    )
    mail = OutgoingMail.objects.get()
    assert mail.subject == "Your place was gone, and your money comes back"
    assert "You get all of it back" in mail.text
    assert AuditLog.objects.filter(details__event="payments.payment.seat_lost", outcome="failure").count() == 1


def test_the_automatic_refund_is_carried_out_at_stripe(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, student: User
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    payment = Payment.objects.get()
    lapse(payment, capacity=1)
    sandbox.pay(payment.intent_id)
    deliver(sandbox.events[-1])

    catch_up(by=SYSTEM)

    payment.refresh_from_db()
    [made] = sandbox.refunds.rows.values()
    assert (payment.status, payment.amount_refunded, payment.is_flagged) == ("refunded", payment.amount, False)
    assert (made["amount"], made["metadata"]["refund_id"]) == (9999, str(Refund.objects.get().pk))
    assert mails_to(student.email) == [
        "Your place was gone, and your money comes back",
        "Your money is on its way back",
    ]
    call_command("check_ledger")


def test_a_repeated_success_after_the_refund_does_not_take_a_seat_that_became_free(payment: Payment) -> None:
    lapse(payment, capacity=1)
    deliver(intent_event(payment))
    Enrollment.objects.filter(user__email="faster@example.com").update(status="cancelled")

    deliver(intent_event(payment))

    assert Enrollment.objects.get(payments=payment).status == "pending"
    assert Refund.objects.count() == 1


def test_a_failed_refund_that_finds_no_seat_any_more_is_shown_to_staff_and_not_repeated(payment: Payment) -> None:
    deliver(intent_event(payment))
    back = refund_event(payment, 9999)
    deliver(back)
    lapse(payment, capacity=1)
    Enrollment.objects.filter(payments=payment).update(status="refunded")

    deliver(refund_event(payment, 9999, "failed", id=back["data"]["object"]["id"]))

    payment.refresh_from_db()
    assert (payment.status, payment.flag_reason) == ("succeeded", "refund_failed, seat_lost")
    assert Refund.objects.count() == 1
    assert Enrollment.objects.get(payments=payment).status == "refunded"
    call_command("check_ledger")


def test_a_failed_automatic_refund_is_shown_to_staff_and_not_repeated(payment: Payment) -> None:
    lapse(payment, capacity=1)
    deliver(intent_event(payment))
    ours: Json = {"metadata": {"refund_id": str(Refund.objects.get().pk)}}
    back = refund_event(payment, 9999, **ours)
    deliver(back)

    deliver(refund_event(payment, 9999, "failed", **ours, id=back["data"]["object"]["id"]))

    payment.refresh_from_db()
    assert (payment.status, payment.flag_reason) == ("succeeded", "refund_failed")
    assert [refund.status for refund in Refund.objects.all()] == ["failed"]


def test_a_lost_seat_of_a_payment_that_a_bank_holds_is_shown_to_staff(payment: Payment) -> None:
    lapse(payment, capacity=1)
    deliver(dispute_event(payment, 9999))

    deliver(intent_event(payment))

    payment.refresh_from_db()
    assert (payment.status, payment.flag_reason) == ("disputed", "seat_lost")
    assert not Refund.objects.exists()


def erase_buyer(payment: Payment) -> None:
    User.objects.filter(pk=payment.user_id).update(email=erased_email(payment.user_id), is_active=False)


def test_money_that_comes_after_the_account_was_erased_goes_back(payment: Payment) -> None:
    erase_buyer(payment)

    deliver(intent_event(payment))

    refund = Refund.objects.get()
    assert state_of(payment) == ("succeeded", "pending", "", 1, 0)
    assert kinds_of(payment) == ["captured", "seat_lost"]
    assert (refund.amount, refund.reason) == (payment.amount, "The account was erased before the money came.")


def test_money_that_came_before_the_account_was_erased_stays(payment: Payment) -> None:
    deliver(intent_event(payment))
    erase_buyer(payment)

    deliver(refund_event(payment, 100))

    assert not Refund.objects.filter(requested_by=None, reason__contains="erased").exists()
    assert "seat_lost" not in kinds_of(payment)
    assert Enrollment.objects.get(payments=payment).status == "active"


def test_the_sweep_ends_what_an_erased_account_could_still_pay(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, student: User
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    payment = Payment.objects.get()
    sweep(by=SYSTEM)
    assert Payment.objects.get().status == "created"
    erase_buyer(payment)

    sweep(by=SYSTEM)

    payment.refresh_from_db()
    assert payment.status == "canceled"
    assert sandbox.intents.rows[payment.intent_id]["status"] == "canceled"
