"""Stripe hangs, dies, answers late or fails: never two intents that could be paid, and an answer within 12 seconds."""

import threading
import time
from decimal import Decimal

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course
from examples.stripe_sandbox import StripeSandbox
from payments import gateway
from payments.models import Payment
from payments.services import starting
from payments.services.starting import StartedPayment, Wish, start_payment
from tests.conftest import RunTogether, make_user, together
from tests.courses.conftest import make_course
from tests.payments.conftest import CREATE, make_payment
from users.models import User

INTENTS = "/v1/payment_intents"
NOBODY = Actor(ip_address="192.0.2.1")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Stripe half a second instead of eight, and take a fifth of one for "at once"."""
    monkeypatch.setattr(gateway, "READ_SECONDS", 0.5)
    monkeypatch.setattr(gateway, "RETRY_WITHIN", 0.2)


def test_the_longest_call_takes_twelve_seconds() -> None:
    assert gateway.RETRY_WITHIN + gateway.CONNECT_SECONDS + gateway.READ_SECONDS <= 12


@pytest.mark.django_db
def test_a_silent_stripe_is_a_503_and_a_retry_makes_the_one_intent(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, impatient: None
) -> None:
    sandbox.fail_next("POST", INTENTS, "silent")
    started = time.monotonic()

    hung = buyer.post(CREATE, {"course": course.slug})

    assert time.monotonic() - started < 3
    assert (hung.status_code, hung.json()["code"]) == (503, "payment_service_unavailable")
    assert hung.headers["Retry-After"] == "5"
    assert (Payment.objects.get().status, Payment.objects.get().intent_id) == ("created", "")

    retried = buyer.post(CREATE, {"course": course.slug})

    assert (retried.status_code, retried.json()["payment_id"]) == (201, str(Payment.objects.get().pk))
    assert {request.idempotency_key for request in sandbox.requests} == {str(Payment.objects.get().pk)}
    assert len(sandbox.payment_intents) == 1


@pytest.mark.django_db
def test_a_connection_cut_after_the_fact_is_tried_again_at_once(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.fail_next("POST", INTENTS, "cut")

    answer = buyer.post(CREATE, {"course": course.slug})

    [intent] = sandbox.payment_intents
    assert (answer.status_code, answer.json()["client_secret"]) == (201, intent["client_secret"])


@pytest.mark.django_db
def test_two_cuts_are_a_503_and_a_retry_finds_the_one_intent(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.fail_next("POST", INTENTS, "cut", times=2)

    cut, retried = (buyer.post(CREATE, {"course": course.slug}) for _ in range(2))

    assert (cut.status_code, retried.status_code) == (503, 201)
    [intent] = sandbox.payment_intents
    assert retried.json()["client_secret"] == intent["client_secret"]


@pytest.mark.django_db
def test_a_late_stripe_is_a_503_and_a_retry_finds_the_one_intent(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, impatient: None
) -> None:
    sandbox.fail_next("POST", INTENTS, "delay", seconds=1)

    late = buyer.post(CREATE, {"course": course.slug})
    meanwhile = buyer.post(CREATE, {"course": course.slug})
    time.sleep(1)
    retried = buyer.post(CREATE, {"course": course.slug})

    assert [answer.status_code for answer in (late, meanwhile, retried)] == [503, 503, 201]
    assert len(sandbox.payment_intents) == 1


@pytest.mark.django_db
def test_too_many_requests_at_stripe_are_a_503_and_the_same_payment_later(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.fail_next("POST", INTENTS, "429")

    limited, retried = (buyer.post(CREATE, {"course": course.slug}) for _ in range(2))

    assert (limited.status_code, retried.status_code) == (503, 201)
    assert (Payment.objects.count(), len(sandbox.payment_intents)) == (1, 1)


@pytest.mark.django_db
def test_a_failure_that_stripe_would_repeat_gives_way_to_a_new_payment(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.fail_next("POST", INTENTS, "500")

    failed, retried = (buyer.post(CREATE, {"course": course.slug}) for _ in range(2))

    assert (failed.status_code, retried.status_code) == (503, 201)
    assert failed.headers["Retry-After"] == "5"
    assert list(Payment.objects.order_by("id").values_list("status", flat=True)) == ["canceled", "created"]
    assert len(sandbox.payment_intents) == 1


@pytest.mark.django_db
def test_a_key_that_stripe_does_not_take_is_a_503_without_the_key(
    buyer: APIClient, sandbox: StripeSandbox, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY = "sk_test_of_somebody_else"

    answer = buyer.post(CREATE, {"amount": "5"})

    assert (answer.status_code, answer.json()["code"]) == (503, "payment_service_unavailable")
    assert "somebody_else" not in answer.content.decode()


@pytest.mark.django_db
def test_nobody_listens_where_stripe_should_be(buyer: APIClient, settings: Settings) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    assert buyer.post(CREATE, {"amount": "5"}).status_code == 503


@pytest.mark.django_db(transaction=True)
def test_while_stripe_thinks_the_row_stands_and_nobody_waits_for_it(sandbox: StripeSandbox) -> None:
    buyer = make_user("patient@example.com")
    sandbox.fail_next("POST", INTENTS, "delay", seconds=2)
    asking = threading.Thread(
        target=together, args=(1, lambda _: start_payment(buyer, Wish(amount=Decimal(5)), by=NOBODY))
    )
    asking.start()
    while not sandbox.requests:
        time.sleep(0.01)

    changed = Payment.objects.filter(status="created", intent_id="").update(description="written meanwhile")

    assert (changed, asking.is_alive()) == (1, True)
    asking.join(timeout=10)
    assert (Payment.objects.get().description, len(sandbox.payment_intents)) == ("written meanwhile", 1)


@pytest.mark.django_db(transaction=True)
def test_one_buyer_who_clicks_many_times_at_once_gets_one_intent(
    run_together: RunTogether, sandbox: StripeSandbox
) -> None:
    buyer, course = make_user("hasty@example.com"), make_course(slug="wanted", price="10")

    outcomes = run_together(16, lambda _: start_payment(buyer, Wish(course=course.slug), by=NOBODY))

    started = [outcome for outcome in outcomes if isinstance(outcome, StartedPayment)]
    told_to_retry = [outcome for outcome in outcomes if isinstance(outcome, gateway.GatewayUnavailable)]
    assert len(started) + len(told_to_retry) == 16
    assert {outcome.payment.pk for outcome in started} == {Payment.objects.get().pk}
    assert len(sandbox.payment_intents) == 1


# --- Two requests of one buyer, of which the other was faster -------------------------------------------------------
def test_a_failure_does_not_close_a_payment_whose_secret_is_out(
    student: User, sandbox: StripeSandbox, actor: Actor
) -> None:
    seen_before = make_payment(student, intent_id="")
    Payment.objects.update(intent_id="pi_shown_to_the_buyer")
    sandbox.fail_next("POST", INTENTS, "500")

    with pytest.raises(gateway.GatewayFailed):
        starting._make_intent(seen_before, by=actor)

    assert Payment.objects.get().status == Payment.Status.CREATED


@pytest.mark.parametrize(
    ("status", "refusal"), [("canceled", gateway.GatewayUnavailable), ("succeeded", starting.PaymentUnderway)]
)
def test_the_secret_of_a_payment_that_ended_meanwhile_is_kept(
    student: User, sandbox: StripeSandbox, actor: Actor, status: str, refusal: type[Exception]
) -> None:
    seen_before = make_payment(student, intent_id="")
    Payment.objects.update(status=status)

    with pytest.raises(refusal):
        starting._make_intent(seen_before, by=actor)
