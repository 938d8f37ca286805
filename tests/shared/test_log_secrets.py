"""After a day full of secrets no log, no audit row and no report to Sentry holds one; a security fact is one line."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from django.conf import LazySettings, settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD
from tests.shared.conftest import Lines
from tests.shared.starting import PRODUCTION, start
from users.models import LoginAttempt, User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.shared.failing_urls")]

LOGIN, REFRESH = "/api/v1/auth/token/", "/api/v1/auth/token/refresh/"
HOSTILE = '\r\n{"forged": true}\u2028\x1b[31m%0a'


def log_in(client: APIClient, email: str, password: str) -> dict[str, Any]:
    """Return the answer to a login."""
    answer: dict[str, Any] = client.post(LOGIN, {"email": email, "password": password}).json()
    return answer


def enable_second_factor(client: APIClient) -> dict[str, Any]:
    """Turn the second factor on; return what was shown."""
    shown: dict[str, Any] = client.post("/api/v1/users/enable_2fa/").json()
    client.post("/api/v1/users/confirm_2fa/", {"token": pyotp.TOTP(shown["secret"]).now()})
    return shown


LIVE = "import django; django.setup(); from tests.shared.secrets_everywhere import live; live()"


def environment_on_this_database(sentry_dsn: str, student: User) -> dict[str, str]:
    """Return the environment of a production process on the test's own database and Redis."""
    database = connection.settings_dict
    on = {name: str(database[of]) for name, of in DATABASE.items()} if connection.vendor == "postgresql" else {}
    redis = {name: str(getattr(settings, name)) for name in ("REDIS_HOST", "REDIS_PORT", "REDIS_DB")}
    return {
        **PRODUCTION,
        **{f"RATE_LIMIT_{scope.upper()}": "1000000/hour" for scope in settings.RATE_LIMITS},
        **on,
        **(redis if settings.REDIS_HOST else {}),
        "DB_NAME": str(database["NAME"]),
        "ALLOWED_HOSTS": "testserver",
        "HTTPS_ONLY": "False",
        "LOG_LEVEL": "DEBUG",
        "LOGIN_REFUSAL_SECONDS": "0",
        "SENTRY_DSN": sentry_dsn,
        "EMAIL": student.email,
    }


DATABASE = {"DB_HOST": "HOST", "DB_PORT": "PORT", "DB_USER": "USER", "DB_PASSWORD": "PASSWORD"}


@pytest.mark.django_db(transaction=True)
def test_no_secret_reaches_a_log_the_audit_or_sentry(
    student: User, tmp_path: Path, sentry: tuple[str, list[str]]
) -> None:
    dsn, reported = sentry
    done = start(tmp_path, "-c", LIVE, environment=environment_on_this_database(dsn, student), seconds=110)
    assert done.returncode == 0, done.stderr[-3000:]
    console, _, secrets = done.stdout.rpartition("\nSECRETS ")

    places = {
        "the console": console + done.stderr,
        "titanobova.log": (tmp_path / "logs" / "titanobova.log").read_text(),
        "security.log": (tmp_path / "logs" / "security.log").read_text(),
        "the audit log": json.dumps(list(AuditLog.objects.values()), default=str),
        "Sentry": "".join(reported),
    }
    assert places["titanobova.log"].count("\n") > 300
    assert places["security.log"].count("\n") > 10
    assert AuditLog.objects.count() > 15
    assert places["Sentry"].count("RuntimeError") >= 3
    found = [(secret, place) for secret in json.loads(secrets) for place, text in places.items() if holds(text, secret)]
    assert len(json.loads(secrets)) > 50
    assert found == []


def holds(text: str, secret: str) -> bool:
    """Whether `secret` stands in `text` as a word of its own: six digits are part of many a number."""
    return re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", text) is not None


def wrong_password(visitor: APIClient, member: APIClient, student: User) -> None:
    log_in(visitor, student.email, "wrong-password")


def unknown_address(visitor: APIClient, member: APIClient, student: User) -> None:
    log_in(visitor, "nobody@example.com", "wrong-password")


def fifth_wrong_password(visitor: APIClient, member: APIClient, student: User) -> None:
    for _ in range(5):
        log_in(visitor, student.email, "wrong-password")


def login_while_locked(visitor: APIClient, member: APIClient, student: User) -> None:
    User.objects.update(account_locked_until=timezone.now() + timedelta(hours=1))
    log_in(visitor, student.email, PASSWORD)


def login_to_the_admin(visitor: APIClient, member: APIClient, student: User) -> None:
    Client().post("/admin/login/", {"username": student.email, "password": "wrong-password"})


def second_factor_on(visitor: APIClient, member: APIClient, student: User) -> None:
    enable_second_factor(member)


def backup_codes_replaced(visitor: APIClient, member: APIClient, student: User) -> None:
    codes = enable_second_factor(member)["backup_codes"]
    member.post("/api/v1/users/regenerate_backup_codes/", {"password": PASSWORD, "token": codes[0]})


def second_factor_off(visitor: APIClient, member: APIClient, student: User) -> None:
    codes = enable_second_factor(member)["backup_codes"]
    member.post("/api/v1/users/disable_2fa/", {"password": PASSWORD, "token": codes[0]})


def wrong_code(visitor: APIClient, member: APIClient, student: User) -> None:
    enable_second_factor(member)
    pending = log_in(visitor, student.email, PASSWORD)["access"]
    visitor.post("/api/v1/users/verify_2fa/", {"token": "000000"}, HTTP_AUTHORIZATION=f"Bearer {pending}")


def old_refresh_token(visitor: APIClient, member: APIClient, student: User) -> None:
    first = log_in(visitor, student.email, PASSWORD)["refresh"]
    second = visitor.post(REFRESH, {"refresh": first}).json()["refresh"]
    visitor.post(REFRESH, {"refresh": second})
    visitor.post(REFRESH, {"refresh": first})


def page_of_staff(visitor: APIClient, member: APIClient, student: User) -> None:
    member.get("/api/v1/audit/logs/")


def page_of_the_admin(visitor: APIClient, member: APIClient, student: User) -> None:
    visitor.get("/api/v1/failing/denied/")


def too_many_requests(visitor: APIClient, member: APIClient, student: User) -> None:
    for _ in range(4):
        visitor.post("/api/v1/users/register/", {})


def forged_webhook(visitor: APIClient, member: APIClient, student: User) -> None:
    visitor.post("/api/v1/payments/webhook/", {}, HTTP_STRIPE_SIGNATURE="t=1,v1=0")


def successes(visitor: APIClient, member: APIClient, student: User) -> None:
    log_in(visitor, student.email, PASSWORD)
    member.get("/api/v1/users/profile/")
    visitor.get("/api/v1/nowhere/")
    visitor.get("/api/v1/users/profile/")


ON = "auth.2fa.enabled"
FACTS: list[tuple[Callable[[APIClient, APIClient, User], None], list[str]]] = [
    (wrong_password, ["auth.login.failed"]),
    (unknown_address, ["auth.login.failed"]),
    (fifth_wrong_password, [*["auth.login.failed"] * 5, "auth.account.locked"]),
    (login_while_locked, ["auth.login.failed"]),
    (login_to_the_admin, ["auth.login.failed"]),
    (second_factor_on, [ON]),
    (backup_codes_replaced, [ON, "auth.2fa.codes_replaced"]),
    (second_factor_off, [ON, "auth.2fa.disabled"]),
    (wrong_code, [ON, "auth.2fa.failed"]),
    (old_refresh_token, ["auth.session.reused"]),
    (page_of_staff, ["access.denied"]),
    (page_of_the_admin, ["access.denied"]),
    (too_many_requests, ["rate_limit.exceeded"]),
    (forged_webhook, ["payments.webhook.bad_signature"]),
    (successes, []),
]


@pytest.fixture
def people(
    api: Callable[[User], APIClient], anonymous: APIClient, student: User, settings: LazySettings
) -> tuple[APIClient, APIClient, User]:
    """A visitor, the student's client and the student, at a site with one registration a minute."""
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "register": (1, 60)}
    settings.STRIPE_WEBHOOK_SECRETS = ["whsec_of_the_tests"]
    return anonymous, api(student), student


@pytest.mark.parametrize(("act", "events"), FACTS, ids=[act.__name__ for act, _ in FACTS])
def test_security_log_has_exactly_one_line_for_each_fact(
    act: Callable[[APIClient, APIClient, User], None],
    events: list[str],
    people: tuple[APIClient, APIClient, User],
    security_log: Lines,
    everything_log: Lines,
) -> None:
    act(*people)

    assert [line["event"] for line in security_log()] == events
    assert all(line["request_id"] and line["ip_address"] for line in security_log())
    assert [line["event"] for line in everything_log() if "event" in line] == events


def test_two_hundred_hostile_logins_leave_two_hundred_records_of_one_line(
    log_folder: Path, everything_log: Lines, security_log: Lines, settings: LazySettings
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (1000, 60), "anon": (1000, 60)}
    settings.TRUSTED_PROXY_COUNT = 1
    hostile = {"User-Agent": HOSTILE, "X-Forwarded-For": HOSTILE, "X-Request-ID": HOSTILE}

    for _ in range(200):
        APIClient().post(LOGIN, {"email": f"a{HOSTILE}@example.com", "password": "x"}, headers=hostile)

    raw = b"".join((log_folder / name).read_bytes() for name in ("titanobova.log", "security.log"))
    assert len([line for line in everything_log() if line["logger"] == "titanobova.requests"]) == 200
    assert [line["event"] for line in security_log()].count("auth.login.failed") == 200
    assert len(security_log()) == 201  # and the lock that the fifth completed
    assert all(32 <= byte < 127 or byte == 10 for byte in raw)
    assert not any("forged" in line for line in everything_log() + security_log())
    rows = AuditLog.objects.filter(details__event="auth.login.failed")
    assert rows.count() == 200
    assert all(text.isprintable() for row in rows for text in (str(row.user_agent), row.request_id, str(row.details)))
    assert all((text or "").isprintable() for text in LoginAttempt.objects.values_list("user_agent", flat=True))
