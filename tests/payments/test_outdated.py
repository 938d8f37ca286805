"""An intent can be paid for ever, so the sweep ends those that nobody is to pay any more."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Enrollment
from courses.services.ending import cancel_enrollment
from courses.services.grants import grant_access
from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment
from payments.services.catching_up import close_outdated, outdated, sweep
from tests.payments.conftest import CREATE, deliver, make_payment
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")
LONG_AGO = timedelta(hours=1, minutes=1)


@pytest.fixture
def started(buyer: APIClient, course: Course) -> Payment:
    """A payment whose buyer holds a seat and looks at Stripe's form."""
    assert buyer.post(CREATE, {"course": course.slug}).status_code == 201
    return Payment.objects.get()


def lapse(ago: timedelta) -> None:
    Enrollment.objects.update(seat_held_until=timezone.now() - ago)


def ends(sandbox: StripeSandbox) -> tuple[str, str]:
    """Let the sweep run, and return how the payment and its intent stand."""
    sweep(by=SYSTEM)
    [intent] = sandbox.payment_intents
    return Payment.objects.get().status, intent["status"]


def test_an_old_price_cannot_be_paid_months_later_nor_a_course_that_was_withdrawn(
    started: Payment, sandbox: StripeSandbox
) -> None:
    lapse(timedelta(days=200))
    Course.objects.update(price=500, is_published=False)

    assert ends(sandbox) == ("canceled", "canceled")


def test_a_payment_ends_an_hour_after_its_seat_was_given_free(started: Payment, sandbox: StripeSandbox) -> None:
    lapse(timedelta(minutes=59))
    assert ends(sandbox) == ("created", "requires_payment_method")

    lapse(LONG_AGO)
    assert ends(sandbox) == ("canceled", "canceled")


def test_a_payment_whose_place_never_had_a_hold_ends_an_hour_after_it_was_started(
    started: Payment, sandbox: StripeSandbox
) -> None:
    Enrollment.objects.update(seat_held_until=None)
    assert ends(sandbox) == ("created", "requires_payment_method")

    Payment.objects.update(created_at=timezone.now() - LONG_AGO)
    assert ends(sandbox) == ("canceled", "canceled")


@pytest.mark.parametrize("change", [{"price": 120}, {"price": 0}, {"currency": "eur"}, {"is_published": False}])
def test_what_is_not_on_offer_any_more_ends_at_once_and_the_buyer_keeps_the_seat(
    started: Payment, sandbox: StripeSandbox, change: dict[str, object]
) -> None:
    Course.objects.update(**change)

    assert ends(sandbox) == ("canceled", "canceled")
    assert Enrollment.objects.get().holds_a_seat


def test_a_place_that_was_given_up_can_no_longer_be_paid_for(started: Payment, sandbox: StripeSandbox) -> None:
    cancel_enrollment(Enrollment.objects.get(), by=SYSTEM)

    assert ends(sandbox) == ("canceled", "canceled")


def test_a_place_that_staff_have_given_meanwhile_is_not_paid_for_too(started: Payment, sandbox: StripeSandbox) -> None:
    grant_access(Enrollment.objects.get(), kind="manual", by=SYSTEM)

    assert ends(sandbox) == ("canceled", "canceled")
    assert Enrollment.objects.get().status == "active"


def test_who_was_sent_to_their_bank_may_finish_at_the_price_that_they_saw(
    started: Payment, sandbox: StripeSandbox
) -> None:
    sandbox.pay(started.intent_id, "pm_card_authenticationRequired")
    for told in sandbox.events:
        deliver(told)
    Course.objects.update(price=120)
    assert ends(sandbox) == ("requires_action", "requires_action")

    lapse(timedelta(seconds=1))
    assert ends(sandbox) == ("canceled", "canceled")


def test_money_that_is_on_its_way_is_never_stopped(started: Payment, sandbox: StripeSandbox) -> None:
    sandbox.process(started.intent_id)
    for told in sandbox.events:
        deliver(told)
    lapse(timedelta(days=5))
    Course.objects.update(price=120, is_published=False)

    assert ends(sandbox) == ("processing", "processing")


def decline_a_card(payment: Payment, sandbox: StripeSandbox) -> None:
    """Let a first card be declined, after which our status tells nothing of a second one."""
    sandbox.decline(payment.intent_id)
    for told in sandbox.events:
        deliver(told)


def test_who_was_sent_to_their_bank_with_a_second_card_may_finish_too(started: Payment, sandbox: StripeSandbox) -> None:
    decline_a_card(started, sandbox)
    sandbox.pay(started.intent_id, "pm_card_authenticationRequired")
    Course.objects.update(price=120)
    assert ends(sandbox) == ("failed", "requires_action")

    lapse(timedelta(seconds=1))
    assert ends(sandbox) == ("canceled", "canceled")


@pytest.mark.parametrize("end", [cancel_enrollment, partial(grant_access, kind="manual")])
def test_who_is_at_their_bank_for_a_place_that_waits_for_no_payment_cannot_finish(
    started: Payment, sandbox: StripeSandbox, end: Callable[..., object]
) -> None:
    decline_a_card(started, sandbox)
    sandbox.pay(started.intent_id, "pm_card_authenticationRequired")
    end(Enrollment.objects.get(), by=SYSTEM)

    assert ends(sandbox) == ("canceled", "canceled")


def test_money_of_a_second_card_that_is_on_its_way_is_never_stopped(started: Payment, sandbox: StripeSandbox) -> None:
    decline_a_card(started, sandbox)
    sandbox.process(started.intent_id)
    lapse(timedelta(days=5))
    Course.objects.update(price=120, is_published=False)

    assert ends(sandbox) == ("failed", "processing")
    assert not [request for request in sandbox.requests if request.path.endswith("/cancel")]  # in rare cases it may


def test_a_payment_that_was_paid_meanwhile_is_recorded(started: Payment, sandbox: StripeSandbox) -> None:
    sandbox.pay(started.intent_id)
    lapse(LONG_AGO)

    assert ends(sandbox) == ("succeeded", "succeeded")
    assert Enrollment.objects.get().status == "active"


def test_an_amount_without_a_course_and_one_of_today_are_left_alone(
    started: Payment, sandbox: StripeSandbox, student: User
) -> None:
    make_payment(student, created_at=timezone.now() - timedelta(days=90))

    sweep(by=SYSTEM)

    assert {payment.status for payment in Payment.objects.all()} == {"created"}


def test_who_comes_back_while_the_sweep_is_at_work_keeps_the_payment(
    started: Payment, buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    lapse(LONG_AGO)
    [found] = outdated()
    assert buyer.post(CREATE, {"course": course.slug}).status_code == 201

    close_outdated(found, by=SYSTEM)

    assert Payment.objects.get().status == "created"
    assert sandbox.payment_intents[0]["status"] == "requires_payment_method"
