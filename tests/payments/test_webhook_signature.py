"""Who may tell us of payments: Stripe, just now, and nobody else."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import time_machine
from django.conf import settings as django_settings
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from examples.stripe_sandbox import sign
from payments.models import Payment, WebhookEvent
from tests.payments.conftest import SECRET, WEBHOOK, deliver, event, intent_event, make_payment, post_raw
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook")]

NOW = int(time.time())
BODY = json.dumps(event("customer.created", {"id": "cus_1"})).encode()
GOOD = sign(BODY, SECRET, NOW).partition("v1=")[2]

FORGED = {
    "nothing": "",
    "no time": f"v1={GOOD}",
    "no signature": f"t={NOW}",
    "empty parts": "t=,v1=",
    "another secret": sign(BODY, "whsec_guessed", NOW),
    "the empty secret": sign(BODY, "", NOW),
    "another body": sign(BODY + b" ", SECRET, NOW),
    "another time": f"t={NOW + 1},v1={GOOD}",
    "a shortened signature": f"t={NOW},v1={GOOD[:-1]}",
    "a longer signature": f"t={NOW},v1={GOOD}0",
    "the old scheme": f"t={NOW},v0={GOOD}",
    "capital letters": f"t={NOW},v1={GOOD.upper()}",
    "letters beyond ASCII": f"t={NOW},v1={'é' * 64}",
    "two times": f"t={NOW},t={NOW + 1},v1={GOOD}",
    "a time that is no number": f"t=now,v1={GOOD}",
    "a time with a sign": f"t=+{NOW},v1={GOOD}",
    "a time in full-width digits": f"t=\uff11,v1={GOOD}",
    "an endless time": f"t={'9' * 5000},v1={GOOD}",
    "a wrong separator": f"t={NOW};v1={GOOD}",
    "no structure": "A" * 5000,
}


@pytest.fixture(autouse=True)
def _it_is_then() -> Iterator[None]:
    """Let it be the time of the signatures, however long the tests before took: an old one is refused for its age."""
    with time_machine.travel(float(NOW)):
        yield


@pytest.mark.parametrize("header", FORGED.values(), ids=FORGED)
def test_a_forged_signature_is_refused_and_changes_nothing(header: str) -> None:
    answer = post_raw(BODY, header)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")
    assert not WebhookEvent.objects.exists()


def test_the_signature_of_stripe_is_accepted() -> None:
    answer = post_raw(BODY, sign(BODY, SECRET, int(time.time())))

    assert (answer.status_code, answer.json()) == (200, {"received": True})
    assert WebhookEvent.objects.count() == 1


def test_one_good_signature_among_others_is_enough() -> None:
    now = int(time.time())

    assert (
        post_raw(BODY, f"{sign(BODY, 'whsec_old', now)},v0=abc,{sign(BODY, SECRET, now).partition(',')[2]}").status_code
        == 200
    )


@pytest.mark.parametrize(
    ("seconds", "status"), [(-3600, 400), (-305, 400), (-290, 200), (290, 200), (305, 400), (864_000, 400)]
)
def test_a_signature_counts_five_minutes_before_and_after_its_time(seconds: int, status: int) -> None:
    assert deliver(event("customer.created", {}), at=int(time.time()) + seconds).status_code == status


def test_two_secrets_count_while_one_is_rotated(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_new", SECRET]

    statuses = [
        deliver(event("customer.created", {}), secret=key).status_code for key in ("whsec_new", SECRET, "whsec_other")
    ]

    assert statuses == [200, 200, 400]


def test_without_a_secret_the_answer_names_the_variable(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS = []

    answer = deliver(event("customer.created", {}))

    assert (answer.status_code, answer.json()["code"]) == (503, "webhook_not_configured")
    assert "STRIPE_WEBHOOK_SECRET" in answer.json()["detail"]


def test_a_forged_success_opens_nothing_and_is_a_security_event(student: User) -> None:
    payment = make_payment(student)
    log_file = Path(django_settings.LOG_DIR) / "security.log"
    before = len(log_file.read_text().splitlines()) if log_file.exists() else 0

    deliver(intent_event(payment), secret="whsec_guessed")

    payment.refresh_from_db()
    log = AuditLog.objects.get(details__event="payments.webhook.bad_signature")
    assert (payment.status, log.outcome, log.ip_address) == (Payment.Status.CREATED, "failure", "127.0.0.1")
    lines = log_file.read_text().splitlines()[before:]
    assert [json.loads(line)["event"] for line in lines] == ["payments.webhook.bad_signature"]


whole = event("customer.created", {"id": "cus_1"})
ODD = {
    "nothing": b"",
    "a list": b"[]",
    "a word": b"hello",
    "a text": b'"hello"',
    "a number": b"5",
    "null": b"null",
    "no UTF-8": b"\xff\xfe",
    "an empty object": b"{}",
    "half an object": b'{"id": "evt_1"',
    "a NUL": json.dumps({**whole, "type": "a\x00b"}).encode(),
    "half a surrogate pair": b'{"id": "evt_\\ud800"}',
    "a member named twice": b'{"id": "evt_1", "id": "evt_2"}',
    "a deep nest": b"[" * 50_000,
    "an unpayable number": json.dumps({**whole, "created": 10**30}).encode(),
    "no data": json.dumps({name: value for name, value in whole.items() if name != "data"}).encode(),
    "no mode": json.dumps({name: value for name, value in whole.items() if name != "livemode"}).encode(),
    **{
        f"{name} is {value!r}": json.dumps({**whole, name: value}).encode()
        for name, value in [
            ("id", 5), ("id", ""), ("id", "evt 1"), ("id", "e" * 300), ("type", None), ("type", "x" * 200),
            ("livemode", "false"), ("data", []), ("data", {"object": []}), ("data", {"object": None}),
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("body", ODD.values(), ids=ODD)
def test_a_signed_body_that_is_no_event_is_a_400(body: bytes) -> None:
    answer = post_raw(body, sign(body, SECRET, int(time.time())))

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_event")
    assert not WebhookEvent.objects.exists()


@pytest.mark.parametrize(("size", "status"), [(200_000, 200), (300_000, 413), (1_000_000, 413)])
def test_a_body_has_at_most_256_kilobytes(size: int, status: int) -> None:
    assert deliver(event("customer.created", {"text": "x" * size})).status_code == status


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_an_event_is_json(content_type: str) -> None:
    assert post_raw(BODY, sign(BODY, SECRET, int(time.time())), content_type).status_code == 415


def test_events_are_not_limited_and_need_no_login(settings: Settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (1, 3600), "payment": (1, 3600)}
    stripe = APIClient()
    stripe.credentials(HTTP_AUTHORIZATION="Bearer null")

    answers = [
        stripe.post(WEBHOOK, BODY, content_type="application/json", HTTP_STRIPE_SIGNATURE=sign(BODY, SECRET, NOW))
        for _ in range(5)
    ]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit-Limit" not in answers[0].headers


def test_the_address_is_for_posting_alone(anonymous: APIClient) -> None:
    assert anonymous.get(WEBHOOK).status_code == 405
