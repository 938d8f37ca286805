"""What nobody heard of again is ended: at Stripe, here, and the seat is free."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments import gateway, jobs, waking
from payments.models import LedgerEntry, Payment
from payments.services import catching_up
from payments.services.catching_up import abandoned, close_abandoned, sweep
from payments.services.refunding import KEY_LIVES
from tests.conftest import client_of
from tests.payments.conftest import CREATE, deliver, make_payment
from users.erased import erased_email
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")
INTENTS = "/v1/payment_intents"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Stripe half a second instead of eight, and take a fifth of one for "at once"."""
    monkeypatch.setattr(gateway, "READ_SECONDS", 0.5)
    monkeypatch.setattr(gateway, "RETRY_WITHIN", 0.2)


def let_pass(time: timedelta) -> None:
    """Let so much time pass for all payments and holds of seats."""
    Payment.objects.update(created_at=timezone.now() - time)
    Enrollment.objects.update(seat_held_until=timezone.now() + timedelta(minutes=15) - time)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("how", "times"), [("silent", 1), ("cut", 2), ("429", 1)])
def test_a_payment_that_stripe_never_answered_is_ended_at_both_ends(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, how: Any, times: int
) -> None:
    sandbox.faults.on_requests(how, INTENTS, times=times)
    buyer.post(CREATE, {"course": course.slug})
    let_pass(timedelta(minutes=16))

    sweep(by=SYSTEM)

    payment = Payment.objects.get()
    [intent] = sandbox.payment_intents
    assert (payment.status, payment.intent_id, intent["status"]) == ("canceled", intent["id"], "canceled")
    assert not Enrollment.objects.get().holds_a_seat
    assert list(payment.ledger.values_list("kind", flat=True)) == ["created", "canceled"]


@pytest.mark.parametrize("minutes", [1, 14])
def test_a_payment_that_may_still_be_under_way_is_left_alone(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, minutes: int
) -> None:
    sandbox.faults.on_requests("429", INTENTS)
    buyer.post(CREATE, {"course": course.slug})
    let_pass(timedelta(minutes=minutes))

    sweep(by=SYSTEM)

    assert Payment.objects.get().status == "created"


def test_a_payment_whose_buyer_came_back_and_holds_the_seat_is_left_alone(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.faults.on_requests("429", INTENTS)
    buyer.post(CREATE, {"course": course.slug})
    let_pass(timedelta(minutes=20))
    Enrollment.objects.update(seat_held_until=timezone.now() + timedelta(minutes=5))

    sweep(by=SYSTEM)

    assert Payment.objects.get().status == "created"


def test_a_payment_that_waits_for_its_buyer_is_left_alone(buyer: APIClient, sandbox: StripeSandbox) -> None:
    buyer.post(CREATE, {"amount": "5"})
    let_pass(timedelta(days=1))

    sweep(by=SYSTEM)

    assert Payment.objects.get().status == "created"
    assert sandbox.payment_intents[0]["status"] == "requires_payment_method"


def test_after_a_day_stripe_is_not_asked_with_a_key_that_it_may_have_forgotten(
    buyer: APIClient, sandbox: StripeSandbox
) -> None:
    sandbox.faults.on_requests("cut", INTENTS, times=2)
    buyer.post(CREATE, {"amount": "5"})
    let_pass(KEY_LIVES)
    asked = len(sandbox.requests)

    sweep(by=SYSTEM)

    assert Payment.objects.get().status == "canceled"
    assert len(sandbox.requests) == asked


def test_a_failure_that_stripe_repeats_ends_the_payment_here(buyer: APIClient, sandbox: StripeSandbox) -> None:
    sandbox.faults.on_requests("429", INTENTS)
    buyer.post(CREATE, {"amount": "5"})
    let_pass(timedelta(minutes=16))
    sandbox.faults.on_requests("500", INTENTS)

    sweep(by=SYSTEM)

    assert Payment.objects.get().status == "canceled"


def test_a_payment_that_cannot_be_worked_on_keeps_none_of_the_others_waiting(
    student: User, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    odd, good = (make_payment(student, intent_id="", amount=amount) for amount in ("5.00", "6.00"))
    let_pass(timedelta(minutes=16))
    close = catching_up.close_abandoned

    def stumble(payment: Payment, *, by: Actor) -> None:
        if payment.pk == odd.pk:
            raise ValueError("odd")
        close(payment, by=by)

    monkeypatch.setattr(catching_up, "close_abandoned", stumble)
    sweep(by=SYSTEM)

    statuses = dict(Payment.objects.values_list("pk", "status"))
    assert (statuses[odd.pk], statuses[good.pk]) == ("created", "canceled")
    assert str(odd.pk) in caplog.text


def test_the_job_does_the_same_and_bears_a_stripe_that_is_down(
    buyer: APIClient, sandbox: StripeSandbox, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox.faults.on_requests("429", INTENTS)
    buyer.post(CREATE, {"amount": "5"})
    let_pass(timedelta(minutes=16))
    base, settings.STRIPE_API_BASE = settings.STRIPE_API_BASE, "http://127.0.0.1:9"

    jobs.sweep()
    assert "Stripe could not be asked" in caplog.text
    assert Payment.objects.get().status == "created"
    settings.STRIPE_API_BASE = base
    jobs.sweep()

    assert Payment.objects.get().status == "canceled"


def test_without_a_key_the_jobs_do_nothing(student: User, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""
    make_payment(student, intent_id="")
    let_pass(timedelta(hours=1))

    for job in (jobs.catch_up, jobs.sweep, jobs.reconcile):
        job()

    assert Payment.objects.get().status == "created"


def test_a_payment_that_was_asked_about_is_asked_about_once(
    buyer: APIClient, sandbox: StripeSandbox, settings: Settings
) -> None:
    buyer.post(CREATE, {"amount": "5"})
    sandbox.pay(Payment.objects.get().intent_id)
    Payment.objects.update(sync_wanted_at=timezone.now())

    jobs.catch_up()
    asked = len(sandbox.requests)
    jobs.catch_up()

    assert (Payment.objects.get().status, len(sandbox.requests)) == ("succeeded", asked)
    for told in sandbox.events:
        deliver(told)
    assert LedgerEntry.objects.filter(kind="captured").count() == 1


def test_an_intent_that_stripe_lost_is_asked_about_once(student: User, sandbox: StripeSandbox) -> None:
    make_payment(student, sync_wanted_at=timezone.now())

    jobs.catch_up()

    assert Payment.objects.get().sync_wanted_at is None


@pytest.mark.django_db(transaction=True)
def test_the_commit_that_needs_stripe_wakes_the_job(
    buyer: APIClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[None] = []
    monkeypatch.setattr(waking, "_wake", lambda: woken.append(None))
    buyer.post(CREATE, {"amount": "5"})
    sandbox.pay(Payment.objects.get().intent_id)
    sandbox.refund(Payment.objects.get().intent_id, 100)
    told = {one["type"]: one for one in sandbox.events}

    deliver(told["payment_intent.succeeded"])
    assert woken == []
    deliver(told["charge.refunded"])

    assert woken == [None]


def give_up(payment: Payment) -> None:
    """Let its buyer be erased, so that the sweep ends the payment."""
    User.objects.filter(pk=payment.user_id).update(email=erased_email(payment.user_id))


@pytest.mark.parametrize("how", ["500", "429"])
def test_a_cancel_that_failed_once_is_tried_anew_and_keeps_no_other_waiting(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, other_student: User, how: Any
) -> None:
    """Stripe repeats its first answer to an idempotency key for a day."""
    buyer.post(CREATE, {"course": course.slug})
    first = Payment.objects.get()
    client_of(other_student).post(CREATE, {"course": course.slug})
    second = Payment.objects.exclude(pk=first.pk).get()
    give_up(first)
    give_up(second)
    sandbox.faults.on_requests(how, f"{INTENTS}/{first.intent_id}/cancel", times=1)

    with suppress(gateway.GatewayUnavailable):  # a 429 says that Stripe is busy: the run ends and another follows
        sweep(by=SYSTEM)
    if how == "500":
        assert Payment.objects.get(pk=second.pk).status == "canceled"
    sweep(by=SYSTEM)

    assert {one.status for one in Payment.objects.all()} == {"canceled"}
    assert {one["status"] for one in sandbox.payment_intents} == {"canceled"}


def test_what_stripe_does_not_know_any_more_is_ended_here(student: User, sandbox: StripeSandbox) -> None:
    payment = make_payment(student, intent_id="pi_lost")
    give_up(payment)

    sweep(by=SYSTEM)

    assert Payment.objects.get(pk=payment.pk).status == "canceled"


def test_a_buyer_who_comes_back_while_the_sweep_is_at_work_keeps_the_payment(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.faults.on_requests("429", INTENTS, times=1)
    buyer.post(CREATE, {"course": course.slug})
    let_pass(timedelta(minutes=16))
    [found] = abandoned()
    assert buyer.post(CREATE, {"course": course.slug}).status_code == 201

    close_abandoned(found, by=SYSTEM)

    assert Payment.objects.latest("created_at").status == "created"
    assert Enrollment.objects.get().holds_a_seat
