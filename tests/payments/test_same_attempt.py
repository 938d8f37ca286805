"""A client names its attempt to pay, and repeats it as often as it likes: one intent, one payment, one answer."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments import gateway
from payments.models import Payment
from payments.services.catching_up import cancel_payment, sweep
from tests.conftest import RunTogether, client_of, make_user
from tests.payments.conftest import CREATE
from titanobova.models import IdempotencyKey
from users.models import User

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
BODY = {"amount": "5.00", "description": "A book"}


def pay(client: APIClient, body: dict[str, Any] | None = None, *, name: str = "try-1") -> Any:
    return client.post(CREATE, body or BODY, HTTP_IDEMPOTENCY_KEY=name)


def test_a_repeated_attempt_answers_the_same_and_makes_nothing(buyer: APIClient, sandbox: StripeSandbox) -> None:
    answers = [pay(buyer) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [201] * 3
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert (Payment.objects.count(), len(sandbox.payment_intents)) == (1, 1)


def test_a_repeated_attempt_tells_how_the_payment_stands_now(buyer: APIClient, sandbox: StripeSandbox) -> None:
    first = pay(buyer).json()
    Payment.objects.update(status="succeeded")

    second = pay(buyer).json()

    assert second == {**first, "status": "succeeded"}


def test_an_attempt_whose_payment_the_sweep_has_ended_starts_anew(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    first = pay(buyer, {"course": course.slug}).json()
    Enrollment.objects.update(seat_held_until=timezone.now() - timedelta(hours=2))
    sweep(by=Actor.from_system("tests"))

    second, third = (pay(buyer, {"course": course.slug}).json() for _ in range(2))

    assert [intent["status"] for intent in sandbox.payment_intents] == ["canceled", "requires_payment_method"]
    assert second["client_secret"] == sandbox.payment_intents[1]["client_secret"]
    assert second["payment_id"] != first["payment_id"]
    assert third == second


def test_an_attempt_for_an_amount_whose_payment_was_canceled_starts_anew(
    buyer: APIClient, sandbox: StripeSandbox
) -> None:
    pay(buyer)
    cancel_payment(Payment.objects.get(), reason="declines", by=Actor.from_system("tests"))

    assert pay(buyer).json()["status"] == "created"
    assert (Payment.objects.count(), len(sandbox.payment_intents)) == (2, 2)


def test_neither_the_name_nor_the_secret_is_kept(buyer: APIClient, sandbox: StripeSandbox) -> None:
    secret = pay(buyer, name="name-of-the-attempt").json()["client_secret"]

    kept = str([*IdempotencyKey.objects.values(), *Payment.objects.values()])
    assert "name-of-the-attempt" not in kept
    assert secret not in kept


def test_another_body_under_the_same_name_is_refused(buyer: APIClient, sandbox: StripeSandbox, course: Course) -> None:
    pay(buyer)

    answers = [pay(buyer, body) for body in ({**BODY, "amount": "6.00"}, {"course": course.slug})]

    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(422, "idempotency_key_reused")}
    assert Payment.objects.count() == 1


def test_the_same_name_of_another_person_is_another_attempt(
    buyer: APIClient, api: Login, other_student: User, sandbox: StripeSandbox
) -> None:
    answers = [pay(client) for client in (buyer, api(other_student))]

    assert [answer.status_code for answer in answers] == [201, 201]
    assert Payment.objects.count() == len(sandbox.payment_intents) == 2


def test_an_attempt_under_way_is_not_begun_again(buyer: APIClient, sandbox: StripeSandbox) -> None:
    pay(buyer)
    IdempotencyKey.objects.update(status=None, expires_at=timezone.now() + timedelta(seconds=30))

    answer = pay(buyer)

    assert (answer.status_code, answer.json()["code"]) == (409, "request_under_way")
    assert answer.headers["Retry-After"] == "2"


@pytest.mark.parametrize("name", ["", "with space", "x" * 256, "caf\u00e9"])
def test_an_odd_name_is_refused(buyer: APIClient, name: str) -> None:
    assert pay(buyer, name=name).json()["code"] == "bad_idempotency_key"


@pytest.mark.parametrize("how", ["silent", "cut", "429"])
def test_after_trouble_the_same_attempt_goes_on_with_the_same_payment(
    buyer: APIClient, sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch, how: Any
) -> None:
    monkeypatch.setattr(gateway, "READ_SECONDS", 0.5)
    monkeypatch.setattr(gateway, "RETRY_WITHIN", 0.2)
    sandbox.faults.on_requests(how, "/v1/payment_intents", times=2 if how == "cut" else 1)

    failed, retried = pay(buyer), pay(buyer)

    assert (failed.status_code, failed.headers["Retry-After"], retried.status_code) == (503, "5", 201)
    assert (Payment.objects.count(), len(sandbox.payment_intents)) == (1, 1)


def test_after_a_failure_that_stripe_would_repeat_the_same_attempt_makes_one_payable_intent(
    buyer: APIClient, sandbox: StripeSandbox
) -> None:
    sandbox.faults.on_requests("500", "/v1/payment_intents")

    failed, retried = pay(buyer), pay(buyer)

    assert (failed.status_code, retried.status_code) == (503, 201)
    assert len(sandbox.payment_intents) == 1


@pytest.mark.parametrize(
    ("body", "status"), [({"amount": "0"}, 400), ({"course": "there-is-none"}, 404), ({"amount": "0.10"}, 400)]
)
def test_a_refused_attempt_may_be_made_again_under_its_name(
    buyer: APIClient, sandbox: StripeSandbox, body: dict[str, str], status: int
) -> None:
    refused = pay(buyer, body)

    assert (refused.status_code, pay(buyer).status_code) == (status, 201)


def test_a_limit_takes_no_name_away(buyer: APIClient, sandbox: StripeSandbox, settings: Settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "payment": (1, 3600)}
    first, limited = pay(buyer), pay(buyer, name="try-2")
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "payment": (10, 3600)}

    assert (first.status_code, limited.status_code, pay(buyer, name="try-2").status_code) == (201, 429, 201)


def test_the_limit_counts_a_person_at_any_number_of_addresses(
    api: Login, student: User, sandbox: StripeSandbox, settings: Settings
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "payment": (3, 3600)}
    client = api(student)

    statuses = [client.post(CREATE, BODY, REMOTE_ADDR=f"198.51.100.{number}").status_code for number in range(5)]

    assert statuses == [201, 201, 201, 429, 429]


@pytest.mark.django_db(transaction=True)
def test_of_many_requests_with_one_name_at_once_one_makes_the_intent(
    run_together: RunTogether, sandbox: StripeSandbox
) -> None:
    hasty = make_user("hasty@example.com")
    clients = [client_of(hasty) for _ in range(16)]

    answers = run_together(16, lambda number: pay(clients[number]))

    made = [answer.json() for answer in answers if answer.status_code == 201]
    told_to_wait = [answer for answer in answers if answer.status_code == 409]
    assert len(made) + len(told_to_wait) == 16
    assert all(body == made[0] for body in made)
    assert (Payment.objects.count(), len(sandbox.payment_intents)) == (1, 1)
