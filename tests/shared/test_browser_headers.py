"""What browsers are told: who may call from where, and what a page may run."""

import re
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from tests.shared.starting import PRODUCTION, settings_of
from users.models import User

pytestmark = pytest.mark.django_db

OURS, FOREIGN = "http://localhost:5173", "https://evil.example"
PROFILE, LOGIN = "/api/v1/users/profile/", "/api/v1/auth/token/"
ELSEWHERE = re.compile(r'<(?:script|link|img|iframe|form)\b[^>]*?\s(?:src|href|action)="(?!/|data:|#|\?|")[^"]+')
INLINE = re.compile(r'<script(?![^>]*\bsrc=)(?![^>]*application/json)|\son\w+="')


def preflight(origin: str) -> dict[str, str]:
    """Return the headers of what a browser sends before a login."""
    return {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }


@pytest.mark.parametrize("origin", [OURS, "http://localhost:3000", "http://127.0.0.1:3000"])
def test_a_known_page_may_call(anonymous: APIClient, origin: str) -> None:
    answer = anonymous.options(LOGIN, headers=preflight(origin))

    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].split(", ")
    assert {"authorization", "content-type", "idempotency-key"} <= set(allowed)
    assert not answer.has_header("Access-Control-Allow-Credentials")


@pytest.mark.parametrize("origin", [FOREIGN, "null", "http://localhost:5173.evil.example", "https://localhost:5173"])
def test_any_other_page_may_not(anonymous: APIClient, origin: str) -> None:
    before = anonymous.options(LOGIN, headers=preflight(origin))
    after = anonymous.post(LOGIN, {}, headers={"Origin": origin})

    assert not before.has_header("Access-Control-Allow-Origin")
    assert not after.has_header("Access-Control-Allow-Origin")


def test_a_refusal_can_be_read_by_a_known_page(anonymous: APIClient, settings: LazySettings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (1, 60)}

    answers = [anonymous.get(path, headers={"Origin": OURS}) for path in (PROFILE, PROFILE, "/api/v1/nothing/")]

    assert [answer.status_code for answer in answers] == [401, 429, 404]
    assert {answer.headers.get("Access-Control-Allow-Origin") for answer in answers} == {OURS}


def test_pages_may_call_the_api_alone(anonymous: APIClient) -> None:
    answer = anonymous.get("/health/live", headers={"Origin": OURS})

    assert not answer.has_header("Access-Control-Allow-Origin")


def test_production_knows_the_pages_that_it_was_told_of(tmp_path: Path) -> None:
    told = {"CORS_ALLOWED_ORIGINS": "https://www.example.com, https://app.example.com"}

    found = settings_of(tmp_path, "CORS_ALLOWED_ORIGINS", **PRODUCTION, **told)

    assert found["CORS_ALLOWED_ORIGINS"] == ["https://www.example.com", "https://app.example.com"]


@pytest.mark.parametrize(
    "path", [PROFILE, "/api/v1/", "/api/v1/schema/", "/api/nothing", "/admin/login/", "/health/live"]
)
def test_every_answer_carries_the_headers_of_a_careful_server(anonymous: APIClient, path: str) -> None:
    answer = anonymous.get(path)

    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    policy = dict(rule.split(" ", 1) for rule in answer.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == ("'self' 'unsafe-eval'" if path.startswith("/admin/") else "'self'")
    assert policy["object-src"] == policy["frame-ancestors"] == "'none'"


@pytest.mark.parametrize("path", [PROFILE, "/api/v1/audit/logs/", "/api/v1/nothing/"])
def test_no_cache_keeps_an_answer_of_the_api(anonymous: APIClient, path: str) -> None:
    assert anonymous.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["", "users/user/", "users/user/{id}/change/", "audit/auditlog/"])
def test_the_admin_needs_nothing_that_its_policy_forbids(staff: User, path: str) -> None:
    client = Client()
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    page = client.get(f"/admin/{path.format(id=staff.pk)}").content.decode()

    assert "<script" in page
    assert '<link rel="icon"' in page  # else browsers ask for one that is not there
    assert ELSEWHERE.findall(page) == []
    assert INLINE.findall(page) == []


def test_with_https_only_everything_but_health_moves_there(settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client = Client()

    moved, health, safe = client.get(PROFILE), client.get("/health/live"), client.get(PROFILE, secure=True)

    assert (moved.status_code, moved.headers["Location"]) == (301, f"https://testserver{PROFILE}")
    assert health.status_code == 200
    assert (safe.status_code, safe.headers["Strict-Transport-Security"]) == (401, "max-age=31536000")
