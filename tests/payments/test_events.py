"""What Stripe's events do: once, in any order, and only where they fit what was agreed."""

from collections.abc import Iterator
from itertools import count, permutations

import pytest
from pytest_django.live_server_helper import LiveServer
from rest_framework.test import APIClient

from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment, WebhookEvent
from tests.conftest import make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import (
    CREATE,
    PAID,
    Json,
    deliver,
    intent_event,
    make_payment,
    payment_for_a_place,
    post_raw,
    state_of,
)
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = [pytest.mark.django_db]


def fresh_payments(course: Course) -> Iterator[Payment]:
    """Make payments of ever new people."""
    for number in count():
        yield payment_for_a_place(make_user(f"buyer-{number}@example.com"), course)


def test_a_payment_at_stripe_opens_the_course(buyer: APIClient, sandbox: StripeSandbox, course: Course) -> None:
    buyer.post(CREATE, {"course": course.slug})
    sandbox.confirm(Payment.objects.get().intent_id)

    answers = [
        post_raw(body, headers["Stripe-Signature"])
        for body, headers in (sandbox.signed(told) for told in sandbox.events)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert state_of(Payment.objects.get()) == PAID


@pytest.mark.django_db(transaction=True)
def test_stripe_itself_calls_and_the_course_is_open(
    live_server: LiveServer, buyer: APIClient, sandbox: StripeSandbox
) -> None:
    sandbox.set_webhook(f"{live_server.url}/api/v1/payments/webhook/")
    buyer.post(CREATE, {"course": make_course(price="99.99").slug})

    sandbox.confirm(Payment.objects.get().intent_id)

    assert sandbox.webhooks.wait_for_deliveries()
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [200, 200, 200]
    assert state_of(Payment.objects.get()) == PAID


def test_a_declined_card_can_be_tried_again(buyer: APIClient, sandbox: StripeSandbox, course: Course) -> None:
    first = buyer.post(CREATE, {"course": course.slug})
    sandbox.confirm(Payment.objects.get().intent_id, "pm_card_chargeDeclined")
    deliver(sandbox.events[-1])
    assert Payment.objects.get().status == Payment.Status.FAILED

    second = buyer.post(CREATE, {"course": course.slug})
    sandbox.confirm(Payment.objects.get().intent_id)
    deliver(sandbox.events[-1])

    assert second.json() == {**first.json(), "status": "failed"}
    assert state_of(Payment.objects.get()) == PAID


def test_repetitions_change_nothing(payment: Payment) -> None:
    told = intent_event(payment)
    again = {**told, "id": "evt_sent_again_by_hand"}

    answers = [deliver(one) for one in (told, told, again, told)]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert state_of(payment) == PAID
    assert sorted(WebhookEvent.objects.values_list("outcome", flat=True)) == ["applied", "unchanged"]


@pytest.mark.parametrize(
    ("kinds", "end"),
    [
        (["requires_action", "processing", "payment_failed", "succeeded"], PAID),
        (["payment_failed", "canceled", "succeeded"], PAID),
        (["requires_action", "processing", "payment_failed"], ("failed", "pending", "", 0, 0)),
        (["processing", "payment_failed", "canceled"], ("canceled", "pending", "", 0, 0)),
    ],
)
def test_every_order_of_events_ends_alike(
    course: Course, webhook: None, kinds: list[str], end: tuple[object, ...]
) -> None:
    for order, payment in zip(permutations(kinds), fresh_payments(course), strict=False):
        history = {kind: intent_event(payment, kind) for kind in kinds}
        for kind in (*order, *order[:2]):  # and the first two come once more
            assert deliver(history[kind]).status_code == 200
        assert state_of(payment) == end


def test_an_event_before_the_answer_that_names_the_intent_finds_its_payment(payment: Payment) -> None:
    told = intent_event(payment)
    Payment.objects.update(intent_id="")

    deliver(told)

    assert state_of(payment) == PAID
    assert Payment.objects.get().intent_id == told["data"]["object"]["id"]


MISMATCHES: dict[str, Json] = {
    "amount": {"amount": 50},
    "amount_received": {"amount_received": 9998},
    "amount_received as a text": {"amount_received": "9999"},
    "currency": {"currency": "eur"},
    "metadata": {"metadata": {}},
    "metadata as a list": {"metadata": []},
}


@pytest.mark.parametrize("changes", MISMATCHES.values(), ids=MISMATCHES)
def test_what_does_not_fit_is_flagged_and_opens_nothing(payment: Payment, changes: Json) -> None:
    answer = deliver(intent_event(payment, **changes))

    payment.refresh_from_db()
    assert answer.status_code == 200
    assert state_of(payment) == ("created", "pending", next(iter(changes)), 0, 0)
    assert payment.is_flagged
    log = AuditLog.objects.get(details__event="payments.payment.flagged")
    assert (log.outcome, log.resource_id, log.details["reasons"]) == ("failure", str(payment.pk), [payment.flag_reason])
    assert WebhookEvent.objects.get().outcome == "mismatch"


@pytest.mark.parametrize("name", ["payment_id", "enrollment_id", "user_id"])
def test_an_event_of_our_intent_that_names_another_owner_is_flagged(payment: Payment, name: str) -> None:
    deliver(intent_event(payment, metadata={**payment.metadata, name: "0190b5a0-0000-7000-8000-000000000000"}))

    assert state_of(payment) == ("created", "pending", "metadata", 0, 0)


def test_a_second_intent_for_one_payment_is_flagged(payment: Payment) -> None:
    deliver(intent_event(payment, id="pi_from_elsewhere"))

    assert state_of(payment) == ("created", "pending", "id", 0, 0)


def test_what_staff_add_to_the_metadata_at_stripe_is_no_mismatch(payment: Payment) -> None:
    deliver(intent_event(payment, metadata={**payment.metadata, "note": "called the buyer"}))

    assert state_of(payment) == PAID


def test_reasons_add_up_in_any_order_and_a_right_event_still_counts(course: Course, webhook: None) -> None:
    wrongs: list[Json] = [{"amount": 1}, {"currency": "eur"}, {}]

    for order, payment in zip(permutations(wrongs), fresh_payments(course), strict=False):
        for changes in order:
            deliver(intent_event(payment, **changes))
        assert state_of(payment) == ("succeeded", "active", "amount, currency", 2, 1)


def test_a_payment_without_a_course_opens_nothing(student: User, webhook: None) -> None:
    payment = make_payment(student)

    deliver(intent_event(payment))

    payment.refresh_from_db()
    assert (payment.status, payment.is_flagged) == ("succeeded", False)
    assert not Enrollment.objects.exists()
    assert "Your place" not in OutgoingMail.objects.get().text


def test_money_for_what_was_open_already_is_shown_to_staff(payment: Payment) -> None:
    Enrollment.objects.update(status="active", seat_held_until=None)

    deliver(intent_event(payment))

    assert state_of(payment) == ("succeeded", "active", "open_already", 2, 1)
