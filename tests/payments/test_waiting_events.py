"""Events that come before we know whose they are wait for their payment."""

import pytest
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments import gateway
from payments.models import Payment, WebhookEvent
from payments.services import starting
from tests.payments.conftest import CREATE, deliver, dispute_event, intent_event, refund_event
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")


def test_what_was_told_of_an_intent_counts_once_the_payment_learns_that_it_is_its_own(payment: Payment) -> None:
    intent_id, paid = payment.intent_id, intent_event(payment)
    early = [refund_event(payment, 9999), dispute_event(payment, 9999, "won")]
    Payment.objects.update(intent_id="")
    for told in early:
        deliver(told)
    assert set(WebhookEvent.objects.values_list("outcome", "intent_id")) == {("waiting", intent_id)}

    deliver(paid)

    payment.refresh_from_db()
    assert (payment.status, payment.intent_id) == ("refunded", intent_id)
    assert set(WebhookEvent.objects.values_list("outcome", flat=True)) == {"applied"}
    assert Enrollment.objects.get().status == "refunded"


def test_they_count_with_the_answer_that_names_the_intent(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, student: User
) -> None:
    sandbox.faults.on_requests("cut", "/v1/payment_intents", times=2)
    assert buyer.post(CREATE, {"course": course.slug}).status_code == 503
    [intent] = sandbox.payment_intents
    sandbox.pay(intent["id"])
    sandbox.refund(intent["id"])
    for told in sandbox.events:
        if told["type"] == "refund.created":
            deliver(told)

    starting.start_payment(student, starting.Wish(course=course.slug), by=SYSTEM)

    assert WebhookEvent.objects.get().outcome == "applied"
    assert Payment.objects.get().refunds.get().amount_text == course.price


def test_a_waiting_event_that_does_not_fit_is_flagged_when_its_turn_comes(payment: Payment) -> None:
    paid, odd = intent_event(payment), refund_event(payment, 9999, currency="eur")
    Payment.objects.update(intent_id="")
    deliver(odd)

    deliver(paid)

    payment.refresh_from_db()
    assert (payment.status, payment.flag_reason) == ("succeeded", "currency")
    assert WebhookEvent.objects.get(pk=odd["id"]).outcome == "mismatch"


def test_our_own_refund_names_its_payment_even_without_its_intent(payment: Payment) -> None:
    intent_id = payment.intent_id
    told = refund_event(payment, 100, metadata={"payment_id": str(payment.pk)})
    Payment.objects.update(intent_id="")

    deliver(told)

    payment.refresh_from_db()
    assert (payment.intent_id, payment.refunds.count()) == (intent_id, 1)


def test_a_refund_that_names_our_payment_and_another_intent_is_flagged(payment: Payment) -> None:
    deliver(refund_event(payment, 100, payment_intent="pi_of_another", metadata={"payment_id": str(payment.pk)}))

    payment.refresh_from_db()
    assert (payment.flag_reason, payment.refunds.count()) == ("id", 0)


def test_a_second_delivery_of_a_waiting_event_waits_on(payment: Payment) -> None:
    told = refund_event(payment, 100)
    Payment.objects.update(intent_id="")

    for _ in range(2):
        assert deliver(told).status_code == 200

    assert WebhookEvent.objects.get().outcome == "waiting"


def test_the_gateway_is_not_asked_by_any_event(payment: Payment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway, "ask", None)

    answers = [deliver(told).status_code for told in (refund_event(payment, 100), intent_event(payment))]

    assert answers == [200, 200]
