"""Who may tell us of mails: SendGrid, not long ago, and nobody else."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from django.conf import LazySettings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.mail.signing import ADDRESS, KEY, PUBLIC_KEY, STRANGER, event, post, post_raw, public, sign
from tests.shared.outbox import write_mail
from tests.shared.starting import refusal_of, settings_of
from titanobova.models import MailEvent

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook")]

NOW = str(int(time.time()))
BODY = b"[]"
GOOD = sign(BODY, NOW)

FORGED = {
    "nothing": ("", NOW),
    "no time": (GOOD, ""),
    "another key": (sign(BODY, NOW, STRANGER), NOW),
    "another body": (sign(b"[ ]", NOW), NOW),
    "another time": (GOOD, str(int(NOW) + 1)),
    "a time with a sign": (sign(BODY, f"+{NOW}"), f"+{NOW}"),
    "a time with a space": (sign(BODY, f" {NOW}"), f" {NOW}"),
    "a time that is no number": (sign(BODY, "now"), "now"),
    "a time in full-width digits": (GOOD, "\uff11"),
    "an endless time": (sign(BODY, "9" * 500), "9" * 500),
    "a fraction": (sign(BODY, f"{NOW}.0"), f"{NOW}.0"),
    "no base64": ("!!", NOW),
    "letters beyond ASCII": ("é" * 96, NOW),
    "a shortened signature": (GOOD[:-8], NOW),
    "a longer signature": (base64.b64encode(base64.b64decode(GOOD) + b"0").decode(), NOW),
    "a huge signature": ("A" * 100_000, NOW),
    "zeros for numbers": (base64.b64encode(bytes.fromhex("3006020100020100")).decode(), NOW),
}


@pytest.fixture(autouse=True)
def _it_is_then() -> Iterator[None]:
    """Let it be the time of the signatures, however long the tests before took: an old one is refused for its age."""
    with time_machine.travel(float(NOW)):
        yield


@pytest.mark.parametrize(("signature", "timestamp"), FORGED.values(), ids=FORGED)
def test_a_forged_signature_is_refused(signature: str, timestamp: str) -> None:
    answer = post_raw(BODY, signature, timestamp)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_signature")


def test_the_signature_of_sendgrid_is_accepted() -> None:
    answer = post_raw(BODY, GOOD, NOW)

    assert (answer.status_code, answer.json()) == (200, {"new": 0})


def test_a_forged_event_changes_nothing_and_is_a_security_event(security_log: Callable[[], list[Any]]) -> None:
    mail = write_mail()

    post(json.dumps([event(mail, "bounce")]).encode(), key=STRANGER)

    mail.refresh_from_db()
    row = AuditLog.objects.get(details__event="mail.webhook.bad_signature")
    assert (mail.status, mail.delivery, MailEvent.objects.count()) == ("waiting", "", 0)
    assert (row.outcome, row.ip_address) == ("failure", "127.0.0.1")
    assert [line["event"] for line in security_log()] == ["mail.webhook.bad_signature"]


@pytest.mark.parametrize(
    ("seconds", "status"), [(-26 * 3600, 400), (-24 * 3600, 200), (-3600, 200), (290, 200), (310, 400), (86_400, 400)]
)
def test_a_signature_counts_for_a_day_and_is_not_made_ahead(seconds: int, status: int) -> None:
    assert post(BODY, at=int(time.time()) + seconds).status_code == status


def test_two_keys_count_while_one_is_rotated(settings: LazySettings) -> None:
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = [public(STRANGER), PUBLIC_KEY]

    assert [post(BODY, key=key).status_code for key in (KEY, STRANGER)] == [200, 200]
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = [public(STRANGER)]
    assert [post(BODY, key=key).status_code for key in (KEY, STRANGER)] == [400, 200]


def test_without_a_key_the_answer_names_the_variable(settings: LazySettings) -> None:
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = []

    answer = post(BODY)

    assert (answer.status_code, answer.json()["code"]) == (503, "webhook_not_configured")
    assert "SENDGRID_WEBHOOK_PUBLIC_KEY" in answer.json()["detail"]


@pytest.mark.parametrize("key", [PUBLIC_KEY[:-4], public(generate_private_key(65537, 2048))])
def test_a_mistyped_key_stops_the_start_with_its_name(tmp_path: Path, key: str) -> None:
    assert "SENDGRID_WEBHOOK_PUBLIC_KEY: a key is copied as SendGrid shows it" in refusal_of(
        tmp_path, SENDGRID_WEBHOOK_PUBLIC_KEY=key
    )


def test_the_setting_takes_several_keys(tmp_path: Path) -> None:
    both = f"{PUBLIC_KEY}, {public(STRANGER)}"

    assert settings_of(tmp_path, "SENDGRID_WEBHOOK_PUBLIC_KEYS", SENDGRID_WEBHOOK_PUBLIC_KEY=both) == {
        "SENDGRID_WEBHOOK_PUBLIC_KEYS": both.split(", ")
    }


def test_events_are_not_limited_and_need_no_login(settings: LazySettings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (1, 3600)}
    sendgrid = APIClient()
    sendgrid.credentials(HTTP_AUTHORIZATION="Bearer null")
    headers: dict[str, Any] = {
        "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_SIGNATURE": GOOD,
        "HTTP_X_TWILIO_EMAIL_EVENT_WEBHOOK_TIMESTAMP": NOW,
    }

    answers = [sendgrid.post(ADDRESS, BODY, content_type="application/json", **headers) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit-Limit" not in answers[0].headers


def test_the_second_version_answers_alike() -> None:
    assert APIClient().post(ADDRESS.replace("v1", "v2"), BODY, content_type="application/json").status_code == 400
    assert APIClient().get(ADDRESS).status_code == 405
