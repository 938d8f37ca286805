"""After a session full of secrets neither log file nor the audit log holds one; security.log has one line an event."""

import json
import re
from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD
from tests.shared.conftest import Lines
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.shared.failing_urls")]

LOGIN, REFRESH = "/api/v1/auth/token/", "/api/v1/auth/token/refresh/"
HOSTILE = '\r\n{"forged": true}\u2028\x1b[31m%0a'


def log_in(client: APIClient, email: str, password: str) -> dict[str, Any]:
    """Return the answer to a login."""
    answer: dict[str, Any] = client.post(LOGIN, {"email": email, "password": password}).json()
    return answer


def enable_second_factor(client: APIClient) -> tuple[dict[str, Any], str]:
    """Turn the second factor on; return what was shown and the code that confirmed it."""
    shown: dict[str, Any] = client.post("/api/v1/users/enable_2fa/").json()
    code = pyotp.TOTP(shown["secret"]).now()
    client.post("/api/v1/users/confirm_2fa/", {"token": code})
    return shown, code


def session_full_of_secrets(student: User) -> list[str]:
    """Do everything that carries a secret, put secrets where none belong too, and return them all."""
    client = APIClient(HTTP_USER_AGENT="curl password=agent-secret", HTTP_COOKIE="sessionid=cookie-secret")
    tokens = log_in(client, student.email, PASSWORD)
    log_in(client, student.email, "wrong-secret-1")
    fresh = client.post(REFRESH, {"refresh": tokens["refresh"]}).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {fresh['access']}")
    shown, code = enable_second_factor(client)
    pending = log_in(APIClient(), student.email, PASSWORD)
    second = APIClient(HTTP_AUTHORIZATION=f"Bearer {pending['access']}")
    second.post("/api/v1/users/verify_2fa/", {"token": "wrong-secret-2"})
    second.post("/api/v1/users/verify_2fa/", {"token": shown["backup_codes"][0]})
    client.post("/api/v1/users/register/", {"email": "new@example.com", "password": "registered-secret"})
    client.post(f"{REFRESH}?token=query-secret", b'{"refresh": "body-secret', content_type="application/json")
    client.get("/api/v1/nowhere/path-secret/?password=query-secret")
    Client(raise_request_exception=False).get("/api/v1/failing/defect/?access=defect-secret&code=defect-secret")
    placed = ["agent", "cookie", "wrong", "registered", "query", "body", "path", "defect"]
    codes = [shown["secret"], code, *shown["backup_codes"], *(c.replace("-", "") for c in shown["backup_codes"])]
    given = [tokens["access"], tokens["refresh"], fresh["access"], fresh["refresh"], pending["access"]]
    return [PASSWORD, *codes, *given, *(f"{where}-secret" for where in placed)]


def test_no_secret_reaches_a_log(student: User, everything_log: Lines, security_log: Lines) -> None:
    secrets = session_full_of_secrets(student)

    files = json.dumps([everything_log(), security_log()])
    rows = json.dumps(list(AuditLog.objects.values_list("details", "resource_id", "request_id")))
    assert len(everything_log()) > 15
    assert len(security_log()) >= 3
    for secret in secrets:
        assert not re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", files), secret
        assert not re.search(rf"(?<!\w){re.escape(secret)}(?!\w)", rows), secret


def test_security_log_has_exactly_one_line_for_each_event(
    api: Callable[[User], APIClient], anonymous: APIClient, student: User, settings: LazySettings, security_log: Lines
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "register": (1, 60)}
    client = api(student)
    enable_second_factor(client)
    pending = log_in(anonymous, student.email, PASSWORD)
    second = APIClient(HTTP_AUTHORIZATION=f"Bearer {pending['access']}")
    second.post("/api/v1/users/verify_2fa/", {"token": "000-000-000"})
    client.get("/api/v1/audit/logs/")
    for _ in range(6):
        log_in(anonymous, student.email, "wrong-password")
    for _ in range(3):
        anonymous.post("/api/v1/users/register/", {})

    assert [line["event"] for line in security_log()] == [
        "auth.2fa.enabled",
        "auth.2fa.failed",
        "access.denied",
        *["auth.login.failed"] * 5,
        "auth.account.locked",
        "auth.login.failed",
        "rate_limit.exceeded",
    ]


def test_two_hundred_hostile_logins_leave_two_hundred_lines(
    everything_log: Lines, security_log: Lines, settings: LazySettings
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (1000, 60), "anon": (1000, 60)}
    body = {"email": f"a{HOSTILE}@example.com", "password": ""}
    headers = {"User-Agent": HOSTILE, "X-Forwarded-For": HOSTILE, "X-Request-ID": HOSTILE}

    for number in range(200):
        APIClient().post(LOGIN, body | {"password": "x"} if number < 3 else body, headers=headers)

    assert len([line for line in everything_log() if line["logger"] == "titanobova.requests"]) == 200
    assert [line["event"] for line in security_log()] == ["auth.login.failed"] * 3
    assert not any("forged" in line for line in everything_log())
