"""Tokens that are not ours, however they are dressed (hardening U11; RFC 8725)."""

import base64
import json
import time
from typing import Any

import jwt
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from tests.conftest import client_of
from users.models import Session, User

KEY = str(settings.SIMPLE_JWT["SIGNING_KEY"])
FOREIGN_KEY = "another-key-of-at-least-thirty-two-bytes-for-sure"


@pytest.fixture
def claims(student: User) -> dict[str, Any]:
    """The claims of a token that would be good."""
    client_of(student)
    session = Session.objects.get()
    now = int(time.time())
    return {
        "token_type": "access",
        "sid": str(session.pk),
        "iss": "titanobova",
        "iat": now,
        "exp": now + 600,
        "jti": "1",
    }


def status_of(token: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return int(client.get("/api/v1/users/profile/").status_code)


def unsigned(claims: dict[str, Any], algorithm: str) -> str:
    def part(content: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}."


def test_the_claims_alone_would_be_good(claims: dict[str, Any]) -> None:
    assert status_of(jwt.encode(claims, KEY, "HS256")) == 200


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "RS256"])
def test_a_token_without_a_signature_is_refused(claims: dict[str, Any], algorithm: str) -> None:
    assert status_of(unsigned(claims, algorithm)) == 401


@pytest.mark.parametrize(
    "signed",
    [
        {"algorithm": "HS384", "key": KEY},
        {"algorithm": "HS512", "key": KEY},
        {"algorithm": "HS256", "key": FOREIGN_KEY},
        {"algorithm": "HS256", "key": settings.SECRET_KEY},
        {"algorithm": "HS256", "key": FOREIGN_KEY, "headers": {"kid": "../../../../dev/null"}},
        {"algorithm": "HS256", "key": FOREIGN_KEY, "headers": {"jwk": {"kty": "oct", "k": "YW5vdGhlci1rZXk"}}},
        {"algorithm": "HS256", "key": FOREIGN_KEY, "headers": {"jku": "http://127.0.0.1/keys"}},
    ],
)
def test_a_token_signed_otherwise_is_refused(claims: dict[str, Any], signed: dict[str, Any]) -> None:
    assert status_of(jwt.encode(claims, **signed)) == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"token_type": "refresh"},
        {"token_type": "pending_login"},
        {"token_type": None},
        {"iss": "somebody else"},
        {"exp": 1},
        {"sid": "1 OR 1=1"},
        {"sid": None},
        {"sid": 5},
        {"sid": ["x"]},
    ],
)
def test_a_token_with_other_claims_is_refused(claims: dict[str, Any], changed: dict[str, Any]) -> None:
    assert status_of(jwt.encode({**claims, **changed}, KEY, "HS256")) == 401


def test_a_token_that_needs_an_extension_we_do_not_know_is_refused(claims: dict[str, Any]) -> None:
    token = jwt.encode(claims, KEY, "HS256", headers={"crit": ["x-must-understand"], "x-must-understand": True})

    assert status_of(token) == 401


def test_the_signing_key_is_not_the_secret_key() -> None:
    assert KEY not in {settings.SECRET_KEY, settings.SECRET_KEY.encode().hex()}
    assert len(KEY) >= 32
