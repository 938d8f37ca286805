"""Whoever tries stolen cards needs many declines; a buyer has few."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import LedgerEntry, Payment
from payments.personal_data import erase_payments
from payments.services.card_testing import DECLINES, network_digest, refuse_card_testing
from payments.services.catching_up import sweep
from tests.conftest import make_user
from tests.payments.conftest import CREATE, deliver, intent_event, make_payment
from users.models import User

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
SYSTEM = Actor.from_system("tests")
BODY = {"amount": "5"}
NETWORK = network_digest(Actor(ip_address="127.0.0.1"))


def decline(payment: Payment, times: int, *, ago: timedelta = timedelta(0)) -> None:
    """Have so many cards declined, the first so long ago and each a second later."""
    for number in range(times):
        at = timezone.now() - ago + timedelta(seconds=number)
        LedgerEntry.objects.create(payment=payment, kind="failed", reference=f"ch_{number}", recorded_at=at)


def test_ten_declines_of_a_person_within_an_hour_stop_their_payments(
    buyer: APIClient, student: User, sandbox: StripeSandbox
) -> None:
    decline(make_payment(student), DECLINES, ago=timedelta(minutes=50))

    answer = buyer.post(CREATE, BODY)

    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_declines")
    assert 595 <= int(answer.headers["Retry-After"]) <= 600
    assert sandbox.requests == []
    assert Payment.objects.count() == 1


@pytest.mark.parametrize(("times", "minutes"), [(DECLINES - 1, 0), (DECLINES, 61)])
def test_fewer_or_older_ones_do_not(
    buyer: APIClient, student: User, sandbox: StripeSandbox, times: int, minutes: int
) -> None:
    decline(make_payment(student), times, ago=timedelta(minutes=minutes))

    assert buyer.post(CREATE, BODY).status_code == 201


def test_ten_declines_from_a_network_stop_every_account_there(
    buyer: APIClient, other_student: User, sandbox: StripeSandbox
) -> None:
    decline(make_payment(other_student, network_digest=NETWORK), DECLINES)

    answers = [buyer.post(CREATE, BODY, REMOTE_ADDR=address).status_code for address in ("127.0.0.1", "198.51.100.7")]

    assert answers == [429, 201]


def test_a_network_of_ipv6_is_what_one_subscriber_holds() -> None:
    digests = {network_digest(Actor(ip_address=f"2001:db8::{number}")) for number in range(1, 9)}

    assert len(digests) == 1
    assert network_digest(Actor()) == ""


def test_it_is_remembered_from_which_network_but_not_which_it_was(buyer: APIClient, sandbox: StripeSandbox) -> None:
    buyer.post(CREATE, BODY)

    assert Payment.objects.get().network_digest == NETWORK
    assert "127.0.0.1" not in str(Payment.objects.values())


def test_a_refusal_is_audited(buyer: APIClient, student: User, sandbox: StripeSandbox) -> None:
    decline(make_payment(student), DECLINES)

    buyer.post(CREATE, BODY)

    log = AuditLog.objects.get(details__event="payments.declines.blocked")
    assert (log.user, log.outcome, log.ip_address) == (student, "failure", "127.0.0.1")


def test_real_declines_at_the_sandbox_are_counted(buyer: APIClient, sandbox: StripeSandbox) -> None:
    buyer.post(CREATE, BODY)
    intent_id = Payment.objects.get().intent_id
    for _ in range(DECLINES):
        sandbox.decline(intent_id)
    for told in sandbox.events:
        deliver(told)

    assert LedgerEntry.objects.filter(kind="failed").count() == DECLINES
    assert buyer.post(CREATE, BODY).status_code == 429


def test_one_decline_told_often_counts_once(student: User, webhook: None) -> None:
    payment = make_payment(student)
    error = {"charge": "ch_declined"}

    for _ in range(3):
        deliver(intent_event(payment, "payment_failed", last_payment_error=error))

    assert payment.ledger.get().reference == "ch_declined"


def test_the_sweep_cancels_what_ten_cards_were_tried_on_and_gives_the_seat_back(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    payment = Payment.objects.get()
    for _ in range(DECLINES):
        sandbox.decline(payment.intent_id)
        deliver(sandbox.events[-1])

    sweep(by=SYSTEM)

    payment.refresh_from_db()
    assert (payment.status, sandbox.payment_intents[0]["status"]) == ("canceled", "canceled")
    assert Enrollment.objects.get().seat_held_until is None
    reason = AuditLog.objects.get(details__event="payments.payment.canceled").details["reason"]
    assert reason == "declines"


def test_the_sweep_leaves_a_buyer_alone_whose_tenth_card_was_taken(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    payment = Payment.objects.get()
    for _ in range(DECLINES):
        sandbox.decline(payment.intent_id)
        deliver(sandbox.events[-1])
    sandbox.pay(payment.intent_id)  # and the event is not here yet

    sweep(by=SYSTEM)

    payment.refresh_from_db()
    assert (payment.status, Enrollment.objects.get().status) == ("succeeded", "active")


def test_a_person_who_is_erased_takes_their_network_along(student: User) -> None:
    make_payment(student, network_digest=NETWORK, attempt="0" * 64)

    erase_payments(student, by=SYSTEM)

    assert list(Payment.objects.values_list("network_digest", "attempt")) == [("", "")]


def test_the_check_costs_one_query(student: User, django_assert_num_queries: Callable[[int], Any]) -> None:
    decline(make_payment(make_user("many@example.com")), 30)

    with django_assert_num_queries(1):
        refuse_card_testing(student, by=Actor(ip_address="127.0.0.1"))
