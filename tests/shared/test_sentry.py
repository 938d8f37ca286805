"""Reports of defects: what arrives at Sentry, and what does not."""

import json
import os
import subprocess
import sys

PROGRAM = """
import django
django.setup()
from django.test import Client, override_settings
from django.urls import path

def fail(request):
    password = "local-variable-secret"
    raise RuntimeError(
        "sk_test_abcdefgh12345678 ada@example.com 198.51.100.78 2001:db8::9 pi_1_secret_abcdefgh12345678 "
        "postgresql://me:dsn-secret@db/x https://x.example/reset-password?token=reset-secret" + password[:0]
    )

def refuse(request, name):
    from django.db import IntegrityError
    raise IntegrityError('duplicate key value\\nDETAIL:  Key (email)=(quoted-personal) already exists.')

def log(request):
    import logging
    logging.getLogger("x").error("could not mail %s", "eve@example.com", extra={"password": "extra-secret"})
    raise RuntimeError("last")

urlpatterns = [path("fail", fail), path("person/<str:name>/", refuse), path("log", log)]
with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"]):
    Client(raise_request_exception=False).post(
        "/fail?token=query-secret", {"password": "body-secret"},
        HTTP_AUTHORIZATION="Bearer header-secret", HTTP_X_REQUEST_ID="request-0001", REMOTE_ADDR="198.51.100.77",
        HTTP_COOKIE="sessionid=cookie-secret", HTTP_USER_AGENT="agent-of-a-person",
    )
    Client(raise_request_exception=False).get("/person/typed-personal/")
    Client(raise_request_exception=False).get("/log")
import sys
if "sentry_sdk" in sys.modules:
    sys.modules["sentry_sdk"].flush()
print("sentry_sdk" in sys.modules)
"""


def run_with(dsn: str) -> str:
    """Run PROGRAM, which fails inside a request, and return what it printed."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "titanobova.settings", "SENTRY_DSN": dsn, "DB_HOST": ""}
    environment["SENTRY_ENVIRONMENT"] = "staging"
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def test_a_defect_is_reported_with_release_and_request_id(sentry: tuple[str, list[str]]) -> None:
    dsn, arrived = sentry

    run_with(dsn)

    event = next(json.loads(line) for body in arrived for line in body.splitlines() if '"request-0001"' in line)
    assert event["release"].startswith("titanobova@")
    assert event["environment"] == "staging"
    assert event["transaction"] == "/fail"
    assert event["tags"]["request_id"] == "request-0001"
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"


def test_a_report_holds_nothing_of_the_person_and_no_secret(sentry: tuple[str, list[str]]) -> None:
    dsn, arrived = sentry

    run_with(dsn)

    everything = "".join(arrived)
    for fact in ("RuntimeError", "IntegrityError", "could not mail", "/person/<name>/"):
        assert fact in everything.replace("{name}", "<name>").replace("<str:name>", "<name>"), fact
    for secret in SECRETS:
        assert secret not in everything, secret


SECRETS = [
    *(f"{where}-secret" for where in ("query", "body", "header", "local-variable", "dsn", "reset", "cookie", "extra")),
    "sk_test_abcdefgh",
    "pi_1_secret",
    "198.51.100.7",
    "2001:db8",
    "@example.com",
    "quoted-personal",
    "typed-personal",
    "agent-of-a-person",
]


def test_without_a_dsn_sentry_is_not_even_loaded() -> None:
    assert run_with("") == "False"
